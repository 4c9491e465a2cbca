use std::path::Path;

use postseal_message::mime::{Attachment, ContentType};
use postseal_session::Runtime;

use super::whole;
use crate::Error;

/// The longest file that [`attach_file`] takes: 32 MiB. Sealed, it is in base64 twice, and as long as the
/// [longest message](crate::MAX_MESSAGE) that is fetched.
pub const MAX_ATTACHMENT: usize = 32 * 1024 * 1024;

/// Reads the file at `path` as an attachment: it is named like the file, and its media type is
/// [guessed](ContentType::of_file_name) from the name.
///
/// # Errors
///
/// [`Error::File`] and [`Error::NotAFile`] when it can't be read, [`Error::FileTooLong`] past [`MAX_ATTACHMENT`], [`Error::Field`] when
/// its name can't stand in a message.
///
/// # Cancel safety
///
/// When the wait is dropped, the file is read to its end for nothing.
pub async fn attach_file(runtime: &Runtime, path: &Path) -> Result<Attachment, Error> {
    let path = path.to_owned();
    runtime.run_blocking(move || read(&path)).await?
}

fn read(path: &Path) -> Result<Attachment, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let data = whole::read(path, MAX_ATTACHMENT)?;
    Ok(Attachment::named(&name, ContentType::of_file_name(&name), data)?)
}
