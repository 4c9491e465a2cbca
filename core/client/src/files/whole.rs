use std::io::{Read as _, Write as _};
use std::path::Path;

use postseal_session::Runtime;

use super::cancel::Stop;
use super::source;
use super::target::Target;
use crate::{CancelToken, Error};

/// How much is written between two looks at whether the file is still wanted.
const PIECE: usize = 1024 * 1024;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
///
/// [`Error::File`] and [`Error::NotAFile`] when it can't be read; [`Error::FileTooLong`].
///
/// # Cancel safety
///
/// When the wait is dropped, the file is read to its end for nothing.
pub async fn read_file(runtime: &Runtime, path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let path = path.to_owned();
    runtime.run_blocking(move || read(&path, limit)).await?
}

pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let (file, length) = source::open(path)?;
    let too_long = || Error::FileTooLong { path: path.to_owned(), limit };
    let length = usize::try_from(length).ok().filter(|&length| length <= limit).ok_or_else(too_long)?;
    // One octet more than there should be: the file may grow while it is read.
    let mut data = Vec::with_capacity(length + 1);
    let read = file.take((limit as u64).saturating_add(1)).read_to_end(&mut data);
    read.map_err(|error| Error::file("reading", path, &error))?;
    if data.len() > limit { Err(too_long()) } else { Ok(data) }
}

/// Writes `data` into a file, which is there whole or not at all, and which nobody but its owner can read.
///
/// # Errors
///
/// [`Error::File`] and [`Error::NotAFile`] when it can't be written; where it is there already, and `overwrite` is false.
///
/// # Cancel safety
///
/// Dropping the wait ends the work at the next piece of the file, and leaves nothing of it.
pub async fn write_file(
    runtime: &Runtime,
    path: &Path,
    data: impl AsRef<[u8]> + Send + 'static,
    overwrite: bool,
) -> Result<(), Error> {
    let path = path.to_owned();
    let stop = Stop::new(&CancelToken::new());
    let _waiting = stop.when_dropped();
    let write = move || {
        let mut target = Target::create(&path, overwrite, stop.clone())?;
        for piece in data.as_ref().chunks(PIECE) {
            stop.check()?;
            target.write_all(piece).map_err(|error| Error::file("writing", &path, &error))?;
        }
        stop.check()?;
        target.keep()
    };
    runtime.run_blocking(write).await?
}
