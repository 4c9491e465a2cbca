//! Samples of the grammar, each marked by others: read, refused, or not yet whole. `tests/vectors/grammar.json` has what we do otherwise,
//! and why.
//!
//! A folder may hold any number of files, of two kinds: traces (`name`, `lines`), in which everything that the server says has to be
//! read; and rules (`rule`, `input`, `terminator`, `verdict`), pieces of the grammar that are put where they stand in a response.

mod rules;
mod samples;

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::corpora::{corpus, files, notice, table};

const FOLDER: &str = "imap-grammar-vectors";
const TABLE: &str = "tests/vectors/grammar.json";

/// What a sample is marked as, and what we make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is read.
    Ok,
    /// It is refused, or told as unreadable.
    Fail,
    /// The rest of it is waited for.
    Incomplete,
}

impl Verdict {
    fn of(word: &str) -> Option<Self> {
        match word {
            "ok" => Some(Self::Ok),
            "fail" => Some(Self::Fail),
            "incomplete" => Some(Self::Incomplete),
            _ => None,
        }
    }
}

/// A sample of one rule.
#[derive(Debug)]
struct Sample {
    rule: String,
    input: String,
    terminator: String,
    verdict: Verdict,
}

impl Sample {
    /// `None` where a field is missing, or is not of the three verdicts.
    fn read(entry: &Value) -> Option<Self> {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        Some(Self {
            rule: text("rule")?,
            input: text("input")?,
            terminator: text("terminator").unwrap_or_default(),
            verdict: Verdict::of(entry["verdict"].as_str()?)?,
        })
    }

    /// What goes over the wire: its beginning where the rest is still to come, else the whole response.
    fn wire(&self, place: rules::Place) -> Vec<u8> {
        match self.verdict {
            Verdict::Incomplete => place.beginning(&self.input),
            Verdict::Ok | Verdict::Fail => place.whole(&self.input, &self.terminator),
        }
    }

    /// What the guard and the parser make of it. What is passed over is as good as read and as good as refused.
    async fn ours(&self, place: rules::Place, chunks: Chunks) -> Verdict {
        let end = if self.verdict == Verdict::Incomplete { &b""[..] } else { END };
        let bytes = [self.wire(place).as_slice(), end].concat();
        let (responses, end) = responses(&bytes, chunks).await;
        match responses.as_slice() {
            [] if is_hang_up(&end) => Verdict::Incomplete,
            [response, end] if end == END => match read(response) {
                Reading::Read => Verdict::Ok,
                Reading::PassedOver => self.verdict,
                Reading::Unread(_) => Verdict::Fail,
            },
            _ => Verdict::Fail,
        }
    }
}

/// Every entry of the folder that has this key, however the files group them.
fn entries(test: &str, key: &str) -> Option<Vec<Value>> {
    let folder = corpus(test, FOLDER)?;
    let mut found = Vec::new();
    for path in files(&folder, ".json") {
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        collect(file, key, &mut found);
    }
    Some(found)
}

fn collect(value: Value, key: &str, into: &mut Vec<Value>) {
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, key, into)),
        Value::Object(fields) if fields.contains_key(key) => into.push(Value::Object(fields)),
        Value::Object(fields) => fields.into_iter().for_each(|(_, value)| collect(value, key, into)),
        _ => {}
    }
}

#[tokio::test]
async fn what_a_server_says_in_a_trace_is_read() {
    let Some(traces) = entries("what_a_server_says_in_a_trace_is_read", "lines") else { return };
    assert!(traces.len() >= 32, "{}", traces.len());
    let mut wrong = Vec::new();
    for trace in &traces {
        let name = &trace["name"];
        let lines = trace["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let said: String =
            lines.filter_map(|line| line.strip_prefix("S: ")).map(|line| format!("{line}\r\n")).collect();
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let (responses, end) = responses(&[said.as_bytes(), END].concat(), chunks).await;
            if !is_hang_up(&end) || responses.concat() != [said.as_bytes(), END].concat() {
                wrong.push(format!("{name}: {end} behind {}", responses.concat().escape_ascii()));
            }
            for response in &responses {
                if let Reading::Unread(what) = read(response) {
                    wrong.push(format!("{name}: {what}"));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn a_rule_is_read_refused_or_waited_for_as_marked() {
    let test = "a_rule_is_read_refused_or_waited_for_as_marked";
    let Some(entries) = entries(test, "rule") else { return };
    let table: Value = table("grammar.json");
    let exceptions = exceptions(&table);
    let unread = rules_without_a_reader(&table);
    let count = match entries.len() {
        0 => "no sample of a rule: nothing is tested but the samples of our own".to_owned(),
        count => format!("{count} samples of rules"),
    };
    notice(&format!("{test}: {count}"));
    let mut differing = Vec::new();
    for entry in &entries {
        let Some(sample) = Sample::read(entry) else {
            notice(&format!("no sample of a rule, and passed over: {entry}"));
            continue;
        };
        let known = rules::place(&sample.rule);
        if known.is_none() && !unread.contains(&sample.rule) {
            notice(&format!("no row in {TABLE}: {}", sample.rule));
        }
        let exception = exceptions.iter().find(|exception| exception.is_about(&sample));
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            // What we have no reader for is still not to hang or to end us, wherever it stands.
            let ours = sample.ours(known.unwrap_or(rules::ANYWHERE), chunks).await;
            let expected = exception.map_or(sample.verdict, |exception| exception.ours);
            if known.is_some() && ours != expected {
                let wire = known.map(|place| sample.wire(place).escape_ascii().to_string());
                differing.push(format!("{sample:?}: {ours:?} of {} ({chunks:?})", wire.unwrap_or_default()));
            }
        }
    }
    assert_eq!(differing, [""; 0]);
}

/// Samples of our own, of each verdict: each is told from the other two.
#[tokio::test]
async fn a_sample_is_read_refused_or_waited_for() {
    let samples = [
        ("envelope", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", Verdict::Ok),
        ("envelope", "()", Verdict::Fail),
        ("envelope", "(NIL {5}\r\nab", Verdict::Incomplete),
        ("responseTextCode", "COPYUID 1 2:3 4:5", Verdict::Ok),
        ("responseTextCode", "COPYUID 1 2:3", Verdict::Fail),
        ("continuationRequest", "+ go on\r\n", Verdict::Ok),
        ("taggedResponse", "A1 YES done\r\n", Verdict::Fail),
        ("mailboxData", "LIST () \"/\" {3}\r\n", Verdict::Incomplete),
        ("internalDate", "\"25-Jun-1994 01:02:03 +12\"", Verdict::Fail),
    ];
    for (rule, input, verdict) in samples {
        let sample =
            Sample { rule: rule.to_owned(), input: input.to_owned(), terminator: String::new(), verdict };
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            assert_eq!(sample.ours(rules::place(rule).unwrap(), chunks).await, verdict, "{sample:?}");
        }
    }
}

/// A sample that we take otherwise than it is marked.
#[derive(Debug)]
struct Exception {
    rule: String,
    input: String,
    ours: Verdict,
}

impl Exception {
    fn is_about(&self, sample: &Sample) -> bool {
        self.rule == sample.rule && self.input == sample.input && self.ours != sample.verdict
    }
}

fn exceptions(table: &Value) -> Vec<Exception> {
    let text =
        |row: &Value, key: &str| row[key].as_str().unwrap_or_else(|| panic!("no {key}: {row}")).to_owned();
    let rows = table["exceptions"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            assert!(!text(row, "reason").is_empty());
            Exception {
                rule: text(row, "rule"),
                input: text(row, "input"),
                ours: Verdict::of(&text(row, "ours")).unwrap(),
            }
        })
        .collect()
}

fn rules_without_a_reader(table: &Value) -> BTreeSet<String> {
    let groups = table["without_a_reader"].as_array().unwrap();
    groups
        .iter()
        .flat_map(|group| {
            assert!(group["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
            group["rules"].as_array().unwrap()
        })
        .map(|rule| rule.as_str().unwrap().to_owned())
        .collect()
}
