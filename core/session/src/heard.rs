//! What a test's listener has heard.

use std::sync::{Arc, Mutex};

use postseal_types::Listener;

/// How much was done, and of how much.
type Call = (u64, Option<u64>);

/// The calls of a [`Listener`], in their order.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Call>>>);

impl Heard {
    pub(crate) fn listener(&self) -> Listener {
        let calls = Arc::clone(&self.0);
        Listener::new(move |done, total| calls.lock().unwrap().push((done, total)))
    }

    /// All calls since the last time.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Whether the work was told to have begun, and not to have ended: it came to nothing at the end of `total`.
    pub(crate) fn assert_unfinished(&self, total: u64) {
        let calls = self.take();
        assert!(
            !calls.is_empty() && calls.iter().all(|&(done, of)| done < total && of == Some(total)),
            "{calls:?}"
        );
    }

    /// Whether the work was told from its beginning to its end: in steps that only grow, and are not too many; to `total`.
    pub(crate) fn assert_whole(&self, total: u64) {
        let calls = self.take();
        assert_eq!(calls.last(), Some(&(total, Some(total))), "{calls:?}");
        assert!(calls.is_sorted_by(|one, next| one.0 <= next.0), "{calls:?}");
        assert!(calls.len() as u64 <= total / postseal_types::Meter::STEP + 1, "{calls:?}");
    }
}
