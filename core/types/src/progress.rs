use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Is told how far a long piece of work has come: a message on its way, data that is encrypted.
///
/// Any closure of two arguments is one:
///
/// ```
/// use postseal_types::Listener;
///
/// let listener = Listener::new(|done: u64, total: Option<u64>| {
///     println!("{done} of {total:?} bytes");
/// });
/// # drop(listener);
/// ```
pub trait Progress: Send + Sync {
    /// `done` bytes of `total` are through; `total` is `None` while nobody knows it.
    ///
    /// `done` never falls. It comes at most once for every 16 KB, and the last call of work that ended well says that `done` is
    /// `total`. Work that failed or was given up has no such call.
    ///
    /// It is called by whoever does the work, who waits meanwhile: it must return soon, and not call back into the work. Where it panics it
    /// is not called again, and the work goes on.
    fn progress(&self, done: u64, total: Option<u64>);
}

impl<F: Fn(u64, Option<u64>) + Send + Sync> Progress for F {
    fn progress(&self, done: u64, total: Option<u64>) {
        self(done, total);
    }
}

/// A [`Progress`] as it is passed around: clones share it, and two are equal where they are the same one.
#[derive(Clone)]
pub struct Listener(Arc<Shared>);

struct Shared {
    progress: Box<dyn Progress>,
    has_panicked: AtomicBool,
}

impl Listener {
    /// Holds `progress`.
    pub fn new(progress: impl Progress + 'static) -> Self {
        Self(Arc::new(Shared { progress: Box::new(progress), has_panicked: AtomicBool::new(false) }))
    }

    /// Calls it, unless it has panicked before; a panic ends here.
    pub fn tell(&self, done: u64, total: Option<u64>) {
        let Shared { progress, has_panicked } = &*self.0;
        if has_panicked.load(Ordering::Relaxed) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| progress.progress(done, total))).is_err() {
            has_panicked.store(true, Ordering::Relaxed);
        }
    }
}

impl PartialEq for Listener {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Listener {}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener(…)")
    }
}

/// Counts one piece of work for its listener, if there is one. Without one it costs an addition.
#[derive(Debug)]
pub struct Meter {
    listener: Option<Listener>,
    done: u64,
    total: Option<u64>,
    /// What was told last.
    told: Option<(u64, Option<u64>)>,
}

impl Meter {
    /// How many bytes there are between two calls, at least.
    pub const STEP: u64 = 16 * 1024;

    /// Begins at nothing; `total` is an estimate, which the work may go beyond.
    #[must_use]
    pub const fn new(listener: Option<Listener>, total: Option<u64>) -> Self {
        Self { listener, done: 0, total, told: None }
    }

    /// So many more bytes are through.
    pub fn advance(&mut self, bytes: usize) {
        self.done = self.done.saturating_add(bytes as u64);
        let told = self.told.map_or(0, |(done, _)| done);
        // That all is done is for `finish` to tell: the work may still fail.
        let is_all = self.total == Some(self.done);
        if self.listener.is_some() && !is_all && self.done.saturating_sub(told) >= Self::STEP {
            self.tell();
        }
    }

    /// Now it is known, or better known, how many are still to come.
    pub fn expect_left(&mut self, left: Option<u64>) {
        self.total = left.map(|left| self.done.saturating_add(left));
    }

    /// Whether somebody listens.
    #[must_use]
    pub const fn is_heard(&self) -> bool {
        self.listener.is_some()
    }

    /// All is through. What was expected and did not come is counted as done.
    pub fn finish(&mut self) {
        self.done = self.done.max(self.total.unwrap_or_default());
        self.total = Some(self.done);
        self.tell();
    }

    fn tell(&mut self) {
        // An estimate that turned out too small says nothing any more.
        let news = (self.done, self.total.filter(|&total| self.done <= total));
        if let Some(listener) = &self.listener
            && self.told != Some(news)
        {
            self.told = Some(news);
            listener.tell(news.0, news.1);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Calls = Arc<Mutex<Vec<(u64, Option<u64>)>>>;

    fn recorder() -> (Listener, Calls) {
        let calls = Calls::default();
        let noted = Arc::clone(&calls);
        (Listener::new(move |done, total| noted.lock().unwrap().push((done, total))), calls)
    }

    #[test]
    fn it_tells_once_a_step_and_at_the_end() {
        let (listener, calls) = recorder();
        let step = Meter::STEP;
        let mut meter = Meter::new(Some(listener), Some(3 * step));
        for _ in 0..2 * step {
            meter.advance(1);
        }
        meter.advance(usize::try_from(step).unwrap());
        meter.finish();
        let all = Some(3 * step);
        assert_eq!(*calls.lock().unwrap(), [(step, all), (2 * step, all), (3 * step, all)]);
    }

    #[test]
    fn work_that_fails_at_its_end_is_not_told_to_have_ended() {
        let (listener, calls) = recorder();
        let step = Meter::STEP;
        let mut meter = Meter::new(Some(listener), Some(2 * step));
        for _ in 0..2 {
            meter.advance(usize::try_from(step).unwrap());
        }
        drop(meter);
        assert_eq!(*calls.lock().unwrap(), [(step, Some(2 * step))]);
    }

    #[test]
    fn the_end_is_told_of_short_and_of_empty_work_too() {
        for length in [0, 1] {
            let (listener, calls) = recorder();
            let mut meter = Meter::new(Some(listener), None);
            meter.advance(length);
            meter.finish();
            assert_eq!(*calls.lock().unwrap(), [(length as u64, Some(length as u64))]);
        }
    }

    #[test]
    fn an_estimate_may_be_wrong_either_way() {
        let (listener, calls) = recorder();
        let step = Meter::STEP;
        let mut meter = Meter::new(Some(listener), Some(1));
        meter.advance(usize::try_from(step).unwrap());
        meter.expect_left(Some(4 * step));
        meter.advance(usize::try_from(step).unwrap());
        meter.finish();
        let all = Some(5 * step);
        assert_eq!(*calls.lock().unwrap(), [(step, None), (2 * step, all), (5 * step, all)]);
    }

    #[test]
    fn a_listener_that_panics_is_not_called_again_and_harms_nothing() {
        let calls = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&calls);
        let listener = Listener::new(move |_, _| {
            *counted.lock().unwrap() += 1;
            panic!("on purpose");
        });
        for _ in 0..2 {
            let mut meter = Meter::new(Some(listener.clone()), None);
            meter.advance(1 << 20);
            meter.finish();
        }
        assert_eq!(*calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner), 1);
    }

    #[test]
    fn listeners_are_equal_where_they_are_the_same() {
        let (one, _) = recorder();
        let (other, _) = recorder();
        assert_eq!(one, one.clone());
        assert_ne!(one, other);
        assert_eq!(format!("{one:?}"), "Listener(…)");
    }
}
