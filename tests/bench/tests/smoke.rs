//! The benchmark itself, in tiny sizes: every contestant does its work, and all of a job do the same.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::process::Command;

use postseal_live::skip;
use serde_json::Value;

#[test]
fn every_contestant_does_its_work() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_postseal-bench")).args(["--smoke", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcomes: Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcomes = outcomes.as_array().unwrap();
    assert!(!outcomes.is_empty());
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md")).unwrap();
    for outcome in outcomes {
        let job = outcome["job"].as_str().unwrap();
        let has_row = page
            .lines()
            .any(|line| line.strip_prefix("| ").is_some_and(|row| row.split(' ').next() == Some(job)));
        assert!(has_row, "docs/performance.md has no row for {job}: cargo xtask bench --write");
        let missing = outcome["missing"].as_array().unwrap();
        for what in missing {
            skip("every_contestant_does_its_work", &format!("{}: {what}", outcome["job"]));
        }
        let contestants = outcome["contestants"].as_array().unwrap();
        assert!(contestants.len() > 1 || !missing.is_empty(), "{outcome:#}");
        for contestant in contestants {
            assert!(contestant["seconds"].as_f64().unwrap() > 0.0, "{outcome:#}");
            assert!(contestant["memory_bytes"].as_u64().unwrap() > 1_000_000, "{outcome:#}");
        }
    }
}
