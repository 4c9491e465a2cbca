use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use postseal_types::{Listener, Meter};

use super::cancel::Stop;
use crate::Error;

/// A file that is read, tells how far that has come, and ends in an error where it is no longer wanted.
pub(super) struct Source {
    file: File,
    meter: Meter,
    stop: Stop,
}

impl Source {
    pub(super) fn open(path: &Path, progress: Option<Listener>, stop: Stop) -> Result<Self, Error> {
        let (file, length) = open(path)?;
        Ok(Self { file, meter: Meter::new(progress, Some(length)), stop })
    }

    /// Tells that all is done.
    pub(super) fn finish(mut self) {
        self.meter.finish();
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.check_io()?;
        let length = self.file.read(buffer)?;
        self.meter.advance(length);
        Ok(length)
    }
}

/// Opens a file; tells its length. Anything else is refused, since to open a pipe is to wait for whoever writes into it.
pub(super) fn open(path: &Path) -> Result<(File, u64), Error> {
    let reading = |error| Error::file("reading", path, &error);
    let metadata = fs::metadata(path).map_err(reading)?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    Ok((File::open(path).map_err(reading)?, metadata.len()))
}
