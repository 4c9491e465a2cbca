//! Licence expressions (SPDX) against the list in deny.toml.

use std::collections::BTreeSet;

use super::Violations;
use super::deny::Deny;
use super::graph::Graph;

/// Every package has a licence that may be there, and every licence listed is in use.
pub(super) fn licences(graph: &Graph, deny: &Deny) -> Violations {
    let mut violations = Vec::new();
    let mut used = BTreeSet::new();
    for package in graph.packages() {
        let excepted = deny.licence_exceptions.iter().find(|(name, _)| *name == package.name);
        let extra = excepted.map(|(_, licences)| licences.as_slice()).unwrap_or_default();
        let mut allowed = |licence: &str| {
            let known = deny.allowed_licences.iter().chain(extra).find(|known| *known == licence);
            known.inspect(|known| _ = used.insert((*known).clone())).is_some()
        };
        let text = package.license.as_deref().unwrap_or("no licence");
        if !satisfied(text, &mut allowed).unwrap_or(false) {
            violations.push(format!("{} {} has {text}", package.name, package.version));
        }
    }
    let unused = deny.allowed_licences.iter().filter(|licence| !used.contains(*licence));
    violations.extend(unused.map(|licence| format!("no package has {licence}, which deny.toml allows")));
    violations
}

/// Whether licences that are `allowed` satisfy `expression`; none where it is not well formed. Every alternative is looked at,
/// since each that could be chosen counts as used.
fn satisfied(expression: &str, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    // A slash is how "OR" was written before SPDX expressions.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().collect::<Vec<_>>().into_iter().peekable();
    let held = alternatives(&mut words, allowed)?;
    words.next().is_none().then_some(held)
}

type Words<'a> = std::iter::Peekable<std::vec::IntoIter<&'a str>>;

fn alternatives(words: &mut Words<'_>, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    let mut held = conjunction(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        held |= conjunction(words, allowed)?;
    }
    Some(held)
}

fn conjunction(words: &mut Words<'_>, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    let mut held = single(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        held &= single(words, allowed)?;
    }
    Some(held)
}

fn single(words: &mut Words<'_>, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    match words.next()? {
        "(" => {
            let held = alternatives(words, allowed)?;
            words.next_if_eq(&")").map(|_| held)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        licence if words.next_if_eq(&"WITH").is_some() => {
            Some(allowed(&format!("{licence} WITH {}", words.next()?)))
        }
        licence => Some(allowed(licence)),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests may panic")]
mod tests {
    use super::super::graph::made_up::{needing, package};
    use super::*;

    fn deny(allowed: &[&str]) -> Deny {
        Deny {
            allowed_licences: allowed.iter().map(ToString::to_string).collect(),
            licence_exceptions: vec![("sequoia-openpgp".to_owned(), vec!["LGPL-2.0-or-later".to_owned()])],
            ..Deny::default()
        }
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        for (expression, expected) in [
            ("MIT", Some(true)),
            ("GPL-2.0-only", Some(false)),
            ("MIT OR GPL-2.0-only", Some(true)),
            ("GPL-2.0-only/MIT", Some(true)),
            ("MIT AND GPL-2.0-only", Some(false)),
            ("GPL-2.0-only OR MIT AND ISC", Some(true)),
            ("(GPL-2.0-only OR MIT) AND ISC", Some(true)),
            ("(MIT OR ISC) AND GPL-2.0-only", Some(false)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("Apache-2.0", Some(false)),
            ("(MIT", None),
            ("MIT ISC", None),
            ("MIT OR", None),
            ("", None),
        ] {
            let mut allowed =
                |licence: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
            assert_eq!(satisfied(expression, &mut allowed), expected, "{expression}");
        }
    }

    #[test]
    fn lgpl_is_for_the_packages_named_and_for_no_other() {
        let graph = needing(vec![
            package("sequoia-openpgp", "LGPL-2.0-or-later"),
            package("other", "LGPL-2.0-or-later"),
            package("free", "MIT OR Apache-2.0"),
        ]);
        assert_eq!(licences(&graph, &deny(&["MIT"])), ["other 1.0.0 has LGPL-2.0-or-later"]);
    }

    #[test]
    fn a_package_without_a_licence_and_a_licence_without_a_package_are_named() {
        let mut bare = package("bare", "MIT");
        bare["license"] = serde_json::Value::Null;
        assert_eq!(
            licences(&needing(vec![bare]), &deny(&["MIT", "Zlib"])),
            ["bare 1.0.0 has no licence", "no package has Zlib, which deny.toml allows"]
        );
    }
}
