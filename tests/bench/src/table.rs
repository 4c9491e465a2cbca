//! The outcome for people (Markdown that is also readable as it is) and for programs (JSON).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::job::Aim;
use crate::rounds::{Judged, Outcome, Row};

const MEGABYTE: f64 = 1_000_000.0;

const HEAD: [&str; 6] = ["job", "contestant", "time", "ratio", "processor", "memory"];

/// One table for all jobs; below it the aims, one a line.
pub(crate) fn markdown(outcomes: &[Outcome]) -> String {
    let lines: Vec<[String; 6]> = outcomes.iter().flat_map(lines).collect();
    let mut text = grid(&lines);
    text.push_str("\nTimes are medians; `*` marks those by the contestant's own clock, which leaves out the start of its process, as its own count of processor time does.\n\n");
    for outcome in outcomes {
        _ = writeln!(text, "- **{}**: {}{}.", outcome.job, outcome.about, facts(outcome));
        outcome.aims.iter().for_each(|aim| _ = writeln!(text, "  - {}", sentence(aim)));
        outcome.missing.iter().for_each(|what| _ = writeln!(text, "  - skipped: {what}"));
    }
    text
}

/// The same for programs.
pub(crate) fn json(outcomes: &[Outcome]) -> Value {
    outcomes.iter().map(outcome_json).collect()
}

fn lines(outcome: &Outcome) -> Vec<[String; 6]> {
    let line = |(at, row): (usize, &Row)| {
        [
            if at == 0 { outcome.job.to_owned() } else { String::new() },
            row.name.to_owned(),
            format!("{}{}", time(row.seconds), if row.by_own_clock { " *" } else { "" }),
            row.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            format!("{}{}", time(row.processor), if row.by_own_count { " *" } else { "" }),
            format!("{:.1} MB", row.memory as f64 / MEGABYTE),
        ]
    };
    outcome.rows.iter().enumerate().map(line).collect()
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.3} s") }
}

/// Columns as wide as what stands in them.
fn grid(lines: &[[String; 6]]) -> String {
    let head = HEAD.map(str::to_owned);
    let width = |column: usize| lines.iter().chain([&head]).map(|line| line[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let rule = widths.map(|width| "-".repeat(width));
    let mut text = String::new();
    for line in [&head, &rule].into_iter().chain(lines) {
        for (cell, width) in line.iter().zip(widths) {
            _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
    }
    text
}

fn facts(outcome: &Outcome) -> String {
    outcome.facts.iter().map(|(name, number)| format!(", {name} {number}")).collect()
}

fn sentence(judged: &Judged) -> String {
    let verdict = match judged.is_met() {
        Some(true) => "met",
        Some(false) => "**not met**",
        None => "not measured",
    };
    let (aim, found) = match judged.aim {
        Aim::Within { factor, of } => {
            (format!("at most {factor} × {of}"), judged.found.map(|found| format!("{found:.2} ×")))
        }
        Aim::Processor { factor, of } => (
            format!("at most {factor} × the processor time of {of}"),
            judged.found.map(|found| format!("{found:.2} ×")),
        ),
        Aim::Memory(bytes) => (
            format!("at most {:.1} MB", bytes as f64 / MEGABYTE),
            judged.found.map(|found| format!("{:.1} MB", found / MEGABYTE)),
        ),
    };
    format!("{aim}: {verdict}{}", found.map_or_else(String::new, |found| format!(" ({found})")))
}

fn outcome_json(outcome: &Outcome) -> Value {
    let rows: Vec<Value> = outcome.rows.iter().map(row_json).collect();
    let aims: Vec<Value> = outcome
        .aims
        .iter()
        .map(|judged| json!({ "aim": sentence(judged), "found": judged.found, "met": judged.is_met() }))
        .collect();
    json!({
        "job": outcome.job,
        "about": outcome.about,
        "facts": outcome.facts,
        "contestants": rows,
        "aims": aims,
        "missing": outcome.missing,
    })
}

fn row_json(row: &Row) -> Value {
    json!({
        "name": row.name,
        "seconds": row.seconds,
        "by_own_clock": row.by_own_clock,
        "ratio": row.ratio,
        "processor_seconds": row.processor,
        "memory_bytes": row.memory,
    })
}
