//! The interoperability samples, each with a JSON file that names its keys and its content.

use std::collections::BTreeMap;

use postseal_message::openpgp::PgpError;
use postseal_types::Secret;
use serde::Deserialize;

use crate::corpus::folder;
use crate::data::{Row, describe, read};
use crate::{names, ring, table};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    folder: String,
    now: u64,
    rows: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    decrypt_key: Option<String>,
    verify_key: Option<String>,
    #[serde(default)]
    passphrase: String,
    textcontent: Option<String>,
}

/// Decrypted to the content that the JSON file names, or refused by name.
#[test]
fn interop_samples_decrypt_or_are_refused_by_name() {
    let Table { folder: name, now, mut rows } = table::read("pgp-interop.json");
    let Some(root) = folder("interop_samples_decrypt_or_are_refused_by_name", &name) else { return };
    let mut differences = Vec::new();
    for file in names(&root).iter().filter(|file| file.ends_with(".json")) {
        let sample: Sample = serde_json::from_slice(&std::fs::read(root.join(file)).unwrap()).unwrap();
        let (Some(key), Some(text)) = (&sample.decrypt_key, &sample.textcontent) else { continue };
        let name = file.trim_end_matches(".json");
        let message = std::fs::read(root.join(format!("{name}.asc"))).unwrap();
        let keys = [Some(key), sample.verify_key.as_ref()];
        let passphrase = [Secret::from(sample.passphrase.as_str())];
        let ring = ring::load(&root, keys.into_iter().flatten(), &passphrase);
        let outcome = read(&message, b"", &ring, &[], now);
        let is_named = match &outcome {
            Ok((_, content)) => String::from_utf8_lossy(content) == *text,
            Err(error) => matches!(error, PgpError::PolicyRefused { .. } | PgpError::Unsupported { .. }),
        };
        let row = rows.remove(name);
        let is_expected = row.as_ref().map_or(is_named, |row| row.outcome == describe(&outcome));
        // A row that is an exception to the rule says why.
        if !is_expected || !(is_named || row.is_some_and(|row| row.why.is_some())) {
            differences.push(format!("{name}: {:?}", describe(&outcome)));
        }
    }
    differences.extend(rows.keys().map(|name| format!("{name}: no such sample")));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
