use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::cancel::Stop;
use crate::Error;

/// A file that is written under another name, goes away unless it is [kept](Target::keep), and takes nothing more where it is no longer
/// wanted: a small source may be unpacked for long.
///
/// It is made in the folder of its later place, since only there it can be renamed in one step, and nobody but its owner can read it.
pub(super) struct Target {
    file: NamedTempFile,
    path: PathBuf,
    overwrite: bool,
    stop: Stop,
}

impl Target {
    /// Refuses at once what would be refused in the end.
    pub(super) fn create(path: &Path, overwrite: bool, stop: Stop) -> Result<Self, Error> {
        let writing = |error| Error::file("writing", path, &error);
        let folder = folder(path).ok_or_else(|| Error::NotAFile { path: path.to_owned() })?;
        match path.symlink_metadata() {
            Ok(_) if !overwrite => return Err(writing(io::ErrorKind::AlreadyExists.into())),
            Ok(there) if there.is_dir() => return Err(writing(io::ErrorKind::IsADirectory.into())),
            _ => {}
        }
        let file = Builder::new().prefix(".postseal-").tempfile_in(folder).map_err(writing)?;
        Ok(Self { file, path: path.to_owned(), overwrite, stop })
    }

    /// Puts the file in its place, once it is on the disk.
    pub(super) fn keep(self) -> Result<(), Error> {
        let Self { file, path, overwrite, .. } = self;
        let writing = |error| Error::file("writing", &path, &error);
        file.as_file().sync_all().map_err(writing)?;
        let kept = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
        // Where that fails, the error holds the file, which goes with it.
        kept.map_err(|failed| writing(failed.error))?;
        sync_folder(&path);
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stop.check_io()?;
        self.file.as_file().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has the new name written to the disk, too. The file is in its place already, so that a system that can't do this is no failure.
fn sync_folder(path: &Path) {
    if let Some(folder) = folder(path) {
        _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// The folder in which a path names something; `None` where it ends in none or in `..`.
fn folder(path: &Path) -> Option<&Path> {
    path.file_name()?;
    path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::CancelToken;

    #[test]
    fn what_is_not_kept_goes_after_a_panic_too() {
        let folder = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let path = folder.path().join("new");
        let panicked = std::panic::catch_unwind(|| {
            let mut target = Target::create(&path, false, Stop::new(&CancelToken::new())).unwrap();
            target.write_all(b"a secret").unwrap();
            assert_eq!(names(), 1);
            panic!("on purpose");
        });
        assert!(panicked.is_err());
        assert_eq!(names(), 0);

        let mut target = Target::create(&path, false, Stop::new(&CancelToken::new())).unwrap();
        target.write_all(b"content").unwrap();
        target.keep().unwrap();
        assert_eq!((names(), std::fs::read(&path).unwrap()), (1, b"content".to_vec()));
    }
}
