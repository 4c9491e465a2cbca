//! What came of a session's operations, and what holds for all of them.

use postseal_session::{Credentials, Denied, Error};
use postseal_types::ErrorCode;

/// The password that every session logs in with.
const PASSWORD: &str = "wonderland";
/// The token for a second try.
const TOKEN: &str = "looking-glass";
/// What a server that echoes the login by password may send back: none of it may show in its error.
const SECRETS: [&str; 3] = [PASSWORD, "AGFsaWNlAHdvbmRlcmxhbmQ=", "d29uZGVybGFuZA=="];

/// For the first login.
pub(crate) fn password() -> Credentials {
    Credentials::password("alice", PASSWORD).unwrap()
}

/// For the second login, where the first was refused.
pub(crate) fn token() -> Credentials {
    Credentials::token("alice", TOKEN).unwrap()
}

/// How a login is called.
const LOGIN: &str = "log in";

/// The operations of a session in their order, each with the code of its error where it failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    outcomes: Vec<(&'static str, Option<ErrorCode>)>,
    is_over: bool,
}

impl Log {
    /// The outcomes in their order.
    #[must_use]
    pub fn outcomes(&self) -> &[(&'static str, Option<ErrorCode>)] {
        &self.outcomes
    }

    /// Notes what came of `operation`.
    ///
    /// # Panics
    ///
    /// For what must not be: a defect, a text that isn't fit to be shown, a success after the end of the session.
    pub(crate) fn note<T>(&mut self, operation: &'static str, outcome: Result<T, Error>) -> Option<T> {
        match outcome {
            Ok(value) => {
                assert!(!self.is_over, "{operation} succeeded on a session that had ended");
                self.outcomes.push((operation, None));
                Some(value)
            }
            Err(error) => {
                check(operation, &error);
                // One message that is too large is passed over, and the session goes on.
                self.is_over |= !error.keeps_session() && error.code() != ErrorCode::LimitExceeded;
                self.outcomes.push((operation, Some(error.code())));
                None
            }
        }
    }

    /// Notes what came of a login; the connection for another try where the server still listens.
    pub(crate) fn note_login<S, C>(&mut self, outcome: Result<S, Denied<C>>) -> Result<S, Option<C>> {
        let denied = match outcome {
            Ok(session) => return Ok(self.note(LOGIN, Ok(session)).unwrap()),
            Err(denied) => denied,
        };
        let shown = format!("{0} {0:?}", denied.error);
        // A second login knows nothing of the secret of the first.
        let is_first = self.outcomes.iter().all(|(operation, _)| *operation != LOGIN);
        let secrets = if is_first { &SECRETS[..] } else { &[TOKEN] };
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "a secret shows: {shown}");
        assert!(denied.connection.is_none() || denied.error.keeps_session(), "handed back after {shown}");
        self.note::<S>(LOGIN, Err(denied.error));
        Err(denied.connection)
    }
}

/// What holds for every error.
pub(crate) fn check(operation: &str, error: &Error) {
    assert_ne!(error.code(), ErrorCode::Internal, "{operation}: {error}");
    check_text(&error.to_string());
    assert!(!matches!(error, Error::Timeout { .. }), "{operation} waits for a server that is gone: {error}");
}

/// What holds for every text that may be shown to people.
pub(crate) fn check_text(text: &str) {
    assert!(!text.contains(char::is_control), "not fit to be shown: {text:?}");
}

#[cfg(test)]
mod tests {
    use postseal_session::PeerFault;

    use super::*;

    fn goodbye(text: &str) -> Error {
        PeerFault::Goodbye { text: text.to_owned() }.into()
    }

    #[test]
    #[should_panic(expected = "NOOP succeeded on a session that had ended")]
    fn a_success_after_the_end_is_noticed() {
        let mut log = Log::default();
        log.note::<()>("STAT", Err(goodbye("bye")));
        log.note("NOOP", Ok(()));
    }

    #[test]
    #[should_panic(expected = "a secret shows")]
    fn a_secret_that_shows_is_noticed() {
        let denied = Denied::<()> { error: goodbye("bye wonderland"), connection: None };
        _ = Log::default().note_login::<(), ()>(Err(denied));
    }

    #[test]
    #[should_panic(expected = "not fit to be shown")]
    fn a_text_that_is_not_fit_to_be_shown_is_noticed() {
        Log::default().note::<()>("STAT", Err(goodbye("bye\x1b[31m")));
    }
}
