//! Files that are read and written whole.

use std::os::unix::fs::PermissionsExt as _;

use postseal::{read_file, write_file};

use super::*;

#[tokio::test]
async fn what_is_written_is_read_again_and_belongs_to_its_owner() {
    let desk = Desk::new(KeyProfile::Modern, b"");
    let content: Vec<u8> = (0..=255).cycle().take(3 * 1024 * 1024 + 7).collect();
    let path = desk.path("new");
    write_file(&desk.runtime, &path, content.clone(), false).await.unwrap();
    assert!(read_file(&desk.runtime, &path, content.len()).await.unwrap() == content);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let too_long = read_file(&desk.runtime, &path, content.len() - 1).await;
    assert_eq!(too_long, Err(Error::FileTooLong { path: path.clone(), limit: content.len() - 1 }));

    let again = write_file(&desk.runtime, &path, b"other", false).await;
    assert_eq!(again.unwrap_err().code(), ErrorCode::AlreadyExists);
    write_file(&desk.runtime, &path, b"other", true).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"other");
}

#[tokio::test]
async fn what_can_not_be_read_or_written_is_told() {
    let desk = Desk::new(KeyProfile::Modern, b"");
    let missing = read_file(&desk.runtime, &desk.path("missing"), 1).await;
    assert_eq!(missing.unwrap_err().code(), ErrorCode::NotFound);
    let folder = read_file(&desk.runtime, desk.folder.path(), 1).await;
    assert_eq!(folder, Err(Error::NotAFile { path: desk.folder.path().to_owned() }));
    let nowhere = write_file(&desk.runtime, &desk.path("no/folder"), b"x", false).await;
    assert_eq!(nowhere.unwrap_err().code(), ErrorCode::NotFound);
}
