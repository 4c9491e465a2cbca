//! What a lenient server has ready to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Replies that wait for the command that they are for.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk(Arc<Mutex<VecDeque<Waiting>>>);

/// A kind of command, and the reply to it.
type Waiting = (String, Vec<u8>);

impl Desk {
    /// Lays out the reply to the next command of this kind.
    pub(super) fn lay_out(&self, kind: &str, reply: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().push_back((kind.to_owned(), reply.into()));
    }

    /// The reply to a command of this kind, where one was laid out.
    pub(super) fn take(&self, kind: &str) -> Option<Vec<u8>> {
        let mut replies = self.0.lock().unwrap();
        let at = replies.iter().position(|(of, _)| of == kind)?;
        replies.remove(at).map(|(_, reply)| reply)
    }

    /// Forgets what nobody asked for.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}
