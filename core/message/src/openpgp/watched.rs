use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::StreamError;

/// Remembers why reading or writing failed first. The library may pass that on as something else, or take it for an end.
pub(super) struct Watched<T> {
    pub(super) inner: T,
    passed: Arc<AtomicU64>,
    failure: Option<io::Error>,
}

impl<T> Watched<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, passed: Arc::default(), failure: None }
    }

    /// How many octets went through, at any time.
    pub(super) fn passed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.passed)
    }

    /// Fails where reading or writing has failed.
    pub(super) fn check(&mut self, kind: impl FnOnce(io::Error) -> StreamError) -> Result<(), StreamError> {
        self.failure.take().map_or(Ok(()), |error| Err(kind(error)))
    }

    /// Tries until nothing interrupts.
    fn pass(&mut self, mut step: impl FnMut(&mut T) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match step(&mut self.inner) {
                Ok(length) => {
                    self.passed.fetch_add(length as u64, Ordering::Relaxed);
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let passed_on = error.kind().into();
                    self.failure.get_or_insert(error);
                    return Err(passed_on);
                }
            }
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pass(|inner| inner.read(buffer))
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.pass(|inner| match inner.write(octets) {
            // What takes nothing more would only be told by whoever calls this.
            Ok(0) if !octets.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            outcome => outcome,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass(|inner| inner.flush().map(|()| 0)).map(|_| ())
    }
}
