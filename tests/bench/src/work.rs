//! What a contestant did, in its own words.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::Result;

/// The word before the time that a contestant took by its own clock.
const SECONDS: &str = "seconds";
/// The word before the processor time that it needed by its own count.
const PROCESSOR: &str = "processor";

/// What a contestant did: facts that have to be the same for all contestants of a job.
///
/// Printed, it is one `name: number` a line; a line `seconds: 1.25` stands for the time that the work took by the contestant's own
/// clock, for where the start of the process would count too much; `processor: 0.5` in the same way for the processor time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) facts: BTreeMap<String, u64>,
    pub(crate) took: Option<Duration>,
    pub(crate) processor: Option<Duration>,
}

impl Work {
    /// Adds a fact.
    pub(crate) fn with(mut self, name: &str, number: u64) -> Self {
        self.facts.insert(name.to_owned(), number);
        self
    }

    /// Says how long it took.
    pub(crate) const fn in_time(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// Reads what a contestant printed.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut work = Self::default();
        for line in text.lines() {
            let (name, number) = line.split_once(": ").ok_or_else(|| format!("no fact: {line}"))?;
            match name {
                SECONDS => work.took = Some(Duration::try_from_secs_f64(number.parse()?)?),
                PROCESSOR => work.processor = Some(Duration::try_from_secs_f64(number.parse()?)?),
                _ => _ = work.facts.insert(name.to_owned(), number.parse()?),
            }
        }
        if work.facts.is_empty() {
            return Err("it does not say what it did".into());
        }
        Ok(work)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.iter().try_for_each(|(name, number)| writeln!(f, "{name}: {number}"))?;
        [(PROCESSOR, self.processor), (SECONDS, self.took)]
            .into_iter()
            .filter_map(|(name, time)| Some((name, time?)))
            .try_for_each(|(name, time)| writeln!(f, "{name}: {:.6}", time.as_secs_f64()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let work = Work::default().with("messages", 3).with("bytes", 1000);
        assert_eq!(Work::parse(&work.to_string()).unwrap(), work);
        let timed = work.in_time(Duration::from_micros(1_500_000));
        assert_eq!(timed.to_string(), "bytes: 1000\nmessages: 3\nseconds: 1.500000\n");
        assert_eq!(Work::parse(&timed.to_string()).unwrap(), timed);
        let counted = Work { processor: Some(Duration::from_micros(250_000)), ..timed };
        assert_eq!(counted.to_string(), "bytes: 1000\nmessages: 3\nprocessor: 0.250000\nseconds: 1.500000\n");
        assert_eq!(Work::parse(&counted.to_string()).unwrap(), counted);
    }

    #[test]
    fn who_says_nothing_did_nothing() {
        for text in ["", "seconds: 1\n", "messages: many\n", "hello\n", "messages: 1\nseconds: -1\n"] {
            assert!(Work::parse(text).is_err(), "{text:?}");
        }
    }
}
