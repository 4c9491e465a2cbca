use crate::Error;

/// A login that failed, with the connection handed back for another try where it is still usable.
///
/// For a caller that does not try again, `?` turns it into the [`Error`].
#[derive(Debug)]
pub struct Denied<C> {
    /// Why the login failed.
    pub error: Error,
    /// The connection, where the server still listens.
    pub connection: Option<C>,
}

impl<C> From<Denied<C>> for Error {
    fn from(denied: Denied<C>) -> Self {
        denied.error
    }
}

impl<C> From<Error> for Denied<C> {
    fn from(error: Error) -> Self {
        Self { error, connection: None }
    }
}
