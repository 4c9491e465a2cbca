//! Runs the contestants of a job in turn, and compares them.

use std::collections::BTreeMap;

use crate::Result;
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::measure::{Measured, measured};

/// What came out of a job.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) job: &'static str,
    pub(crate) about: &'static str,
    /// What each contestant did.
    pub(crate) facts: BTreeMap<String, u64>,
    /// Ours is the first.
    pub(crate) rows: Vec<Row>,
    pub(crate) aims: Vec<Judged>,
    pub(crate) missing: Vec<String>,
}

/// The medians of a contestant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) seconds: f64,
    /// Whether the time is that of the contestant's own clock.
    pub(crate) by_own_clock: bool,
    /// How many times the baseline's time that is; nothing where the baseline is missing.
    pub(crate) ratio: Option<f64>,
    /// Seconds of processor time.
    pub(crate) processor: f64,
    /// Whether that is the contestant's own count.
    pub(crate) by_own_count: bool,
    /// Peak memory in bytes.
    pub(crate) memory: u64,
}

/// An aim, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) aim: Aim,
    /// A factor, or bytes; nothing where whom it is about is missing.
    pub(crate) found: Option<f64>,
}

impl Judged {
    /// Whether the aim is met, where that can be told.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.found.map(|found| match self.aim {
            Aim::Within { factor, .. } | Aim::Processor { factor, .. } => found <= factor,
            Aim::Memory(bytes) => found <= bytes as f64,
        })
    }
}

/// Prepares and runs a job: one round for warming up, then `rounds` that count.
pub(crate) fn run(job: &Job, scale: Scale, rounds: u32) -> Result<Outcome> {
    let named = |error| format!("{}: {error}", job.name);
    let prepared = (job.prepare)(scale).map_err(named)?;
    let mut measured: Vec<Vec<Measured>> = prepared.contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        eprintln!("{}: round {round} of {rounds}", job.name);
        let one = one_round(&prepared.contestants).map_err(named)?;
        if round > 0 {
            measured.iter_mut().zip(one).for_each(|(all, one)| all.push(one));
        }
    }
    let outcome = compare(job, &prepared, &measured);
    // Until here the servers had to run.
    drop(prepared.lasting);
    Ok(outcome)
}

/// Each contestant once; all have to do the same.
fn one_round(contestants: &[Contestant]) -> Result<Vec<Measured>> {
    let mut round: Vec<Measured> = Vec::new();
    for contestant in contestants {
        let one = measured(&contestant.command)?;
        match round.first() {
            Some(first) if first.work.facts != one.work.facts => {
                let (ours, theirs) = (&first.work.facts, &one.work.facts);
                return Err(format!("{} did {theirs:?}, and not {ours:?}", contestant.name).into());
            }
            _ => round.push(one),
        }
    }
    Ok(round)
}

fn compare(job: &Job, prepared: &Prepared, measured: &[Vec<Measured>]) -> Outcome {
    let mut rows: Vec<Row> =
        prepared.contestants.iter().zip(measured).map(|(who, all)| medians(who.name, all)).collect();
    let baseline = seconds_of(&rows, prepared.baseline);
    rows.iter_mut().for_each(|row| row.ratio = baseline.map(|baseline| row.seconds / baseline));
    let facts = measured.first().and_then(|all| all.first()).map(|one| one.work.facts.clone());
    let aims = prepared.aims.iter().map(|&aim| Judged { aim, found: found(aim, &rows) }).collect();
    Outcome {
        job: job.name,
        about: job.about,
        facts: facts.unwrap_or_default(),
        rows,
        aims,
        missing: prepared.missing.clone(),
    }
}

fn medians(name: &'static str, all: &[Measured]) -> Row {
    let own = |one: &Measured| one.work.took.unwrap_or(one.elapsed).as_secs_f64();
    let processor = |one: &Measured| one.work.processor.unwrap_or(one.processor).as_secs_f64();
    Row {
        name,
        seconds: median(all.iter().map(own)),
        by_own_clock: all.iter().all(|one| one.work.took.is_some()),
        ratio: None,
        processor: median(all.iter().map(processor)),
        by_own_count: all.iter().all(|one| one.work.processor.is_some()),
        memory: median(all.iter().map(|one| one.memory as f64)) as u64,
    }
}

fn seconds_of(rows: &[Row], name: &str) -> Option<f64> {
    rows.iter().find(|row| row.name == name).map(|row| row.seconds)
}

/// What ours has of what is aimed at.
fn found(aim: Aim, rows: &[Row]) -> Option<f64> {
    let ours = rows.first()?;
    match aim {
        Aim::Within { of, .. } => seconds_of(rows, of).map(|theirs| ours.seconds / theirs),
        Aim::Processor { of, .. } => {
            rows.iter().find(|row| row.name == of).map(|theirs| ours.processor / theirs.processor)
        }
        Aim::Memory(_) => Some(ours.memory as f64),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or_default();
    if values.len() % 2 == 1 {
        return upper;
    }
    values
        .len()
        .checked_div(2)
        .and_then(|half| values.get(half.checked_sub(1)?))
        .map_or(upper, |lower| (lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_what_stands_in_the_middle() {
        for (values, expected) in [(&[3.0, 1.0, 2.0][..], 2.0), (&[4.0, 1.0], 2.5), (&[7.0], 7.0), (&[], 0.0)]
        {
            assert_eq!(median(values.iter().copied()).to_bits(), f64::to_bits(expected), "{values:?}");
        }
    }

    fn row(name: &'static str, seconds: f64, memory: u64) -> Row {
        Row {
            name,
            seconds,
            by_own_clock: false,
            ratio: None,
            processor: seconds * 2.0,
            by_own_count: false,
            memory,
        }
    }

    #[test]
    fn an_aim_is_about_ours_and_the_contestant_that_it_names() {
        let rows = [row("ours", 3.0, 1000), row("raw", 2.0, 10), row("slow", 30.0, 10)];
        let is_met = |aim| Judged { aim, found: found(aim, &rows) }.is_met();
        assert_eq!(is_met(Aim::Within { factor: 1.5, of: "raw" }), Some(true));
        assert_eq!(is_met(Aim::Within { factor: 1.4, of: "raw" }), Some(false));
        assert_eq!(is_met(Aim::Within { factor: 1.0, of: "missing" }), None);
        assert_eq!(is_met(Aim::Processor { factor: 1.5, of: "raw" }), Some(true));
        assert_eq!(is_met(Aim::Processor { factor: 1.4, of: "raw" }), Some(false));
        assert_eq!(is_met(Aim::Memory(1000)), Some(true));
        assert_eq!(is_met(Aim::Memory(999)), Some(false));
    }
}
