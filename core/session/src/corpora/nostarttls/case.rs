//! A hostile server as it is written down, and its variants.

use std::path::Path;

use super::ron::{self, Value};
use crate::corpora::notice;
use crate::corpora::visit::Protocol;

/// What a server says and does. A field that a protocol's servers don't know is passed over.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The path below the folder of all cases, without extension; a variant has `#2`, `#3`, … behind it.
    pub(super) name: String,
    pub(super) protocol: Protocol,
    config: Value,
}

impl Case {
    /// The cases in a file, where it is one of a protocol: itself, and a variant for each further step that stands in a comment, with all steps up to that.
    pub(super) fn read(folder: &Path, path: &Path) -> Vec<Self> {
        let name = path.strip_prefix(folder).unwrap().with_extension("");
        let name = name.to_str().unwrap();
        let name = name.strip_prefix("testcases/").unwrap_or(name);
        let Some(protocol) = Protocol::of(name) else { return Vec::new() };
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let first = match ron::parse(&text) {
            Ok(first) => first,
            // Where it has a row in the table, that is missed there.
            Err(error) => {
                notice(&format!("not read: {name}: {error:?}"));
                return Vec::new();
            }
        };
        let mut cases = vec![Self { name: name.to_owned(), protocol, config: first }];
        for config in steps(&text) {
            cases.push(Self { name: format!("{name}#{}", cases.len() + 1), protocol, config });
        }
        cases
    }

    pub(super) fn has_implicit_tls(&self) -> bool {
        self.flag("implicit_tls", false)
    }

    pub(super) fn part(&self, field: &str) -> Option<&Value> {
        self.config.part(field)
    }

    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.part(field)?.text()
    }

    pub(super) fn flag(&self, field: &str, otherwise: bool) -> bool {
        if let Some(Value::Flag(flag)) = self.part(field) { *flag } else { otherwise }
    }

    pub(super) fn items(&self, field: &str) -> &[Value] {
        self.part(field).map_or(&[], Value::items)
    }

    pub(super) fn texts(&self, field: &str) -> impl Iterator<Item = &str> {
        self.items(field).iter().filter_map(Value::text)
    }

    /// Whether `command` is in the list `field`, in any case.
    pub(super) fn lists(&self, field: &str, command: &str) -> bool {
        self.texts(field).any(|listed| listed.eq_ignore_ascii_case(command))
    }

    /// What is said instead of the answer to `command`.
    pub(super) fn overrides(&self, command: &str) -> Option<&str> {
        let Some(Value::Map(overrides)) = self.part("override_response") else { return None };
        overrides.iter().find(|(key, _)| key.eq_ignore_ascii_case(command)).and_then(|(_, said)| said.text())
    }
}

/// The text with one more field taken out of its comment at each step, for as long as it can be read so.
fn steps(text: &str) -> Vec<Value> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut found = Vec::new();
    for at in 0..lines.len() {
        let comment = lines[at].trim().strip_prefix("//").map(str::to_owned);
        let Some((name, comment)) = comment.and_then(|comment| Some((field(&comment)?, comment))) else {
            continue;
        };
        let mut changed = lines.clone();
        // It stands in for the field that was there.
        changed.iter_mut().filter(|line| field(line).as_ref() == Some(&name)).for_each(String::clear);
        changed[at] = comment;
        if let Ok(config) = ron::parse(&changed.join("\n")) {
            found.push(config);
            lines = changed;
        }
    }
    found
}

/// The name of the field that a line holds, where it is a whole field.
fn field(line: &str) -> Option<String> {
    match ron::parse(&format!("({line}\n)")) {
        Ok(Value::Node { parts, .. }) if parts.len() == 1 && !parts[0].0.is_empty() => {
            Some(parts[0].0.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_in_a_comment_is_a_further_step() {
        let text = "(\n\
            \t// Not this: it is a sentence.\n\
            \tgreeting: (\n\
            \t\t// kind: No,\n\
            \t\tkind: Ok,\n\
            \t),\n\
            \t//hide: [\"a\"],\n\
            \tsaid: \"b\", // hide: []\n\
            )";
        let found = steps(text);
        let kinds: Vec<_> =
            found.iter().map(|step| step.part("greeting").unwrap().part("kind").unwrap().name()).collect();
        assert_eq!(kinds, ["No", "No"]);
        let hidden: Vec<_> = found.iter().map(|step| step.part("hide").and_then(Value::text)).collect();
        assert_eq!(hidden, [None, Some("a")]);
    }
}
