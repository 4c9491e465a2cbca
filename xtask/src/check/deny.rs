//! deny.toml, the one list of what may be in the graph: its bans and sources, checked here; its licences in `licence`.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::Violations;
use super::graph::Graph;

/// What deny.toml says, as far as it is checked here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Deny {
    /// Licences that any package may have.
    pub(super) allowed_licences: Vec<String>,
    /// Licences that only the package named may have.
    pub(super) licence_exceptions: Vec<(String, Vec<String>)>,
    pub(super) bans: Vec<Ban>,
}

/// A package that may not be there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ban {
    package: String,
    /// Only a second version of it is banned.
    only_duplicates: bool,
    /// Packages that may use it all the same.
    wrappers: Vec<String>,
}

impl Deny {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("deny.toml: {error}"))?;
        let list = |section: &str, key: &str| {
            let list = table.get(section).and_then(|section| section.get(key)).and_then(Value::as_array);
            list.ok_or_else(|| format!("deny.toml: no list {key} in [{section}]"))
        };
        Ok(Self {
            allowed_licences: strings(Some(list("licenses", "allow")?)),
            licence_exceptions: list("licenses", "exceptions")?
                .iter()
                .map(|entry| Ok((crate_name(entry)?, strings(entry.get("allow").and_then(Value::as_array)))))
                .collect::<Result<_, String>>()?,
            bans: list("bans", "deny")?.iter().map(Ban::parse).collect::<Result<_, String>>()?,
        })
    }
}

impl Ban {
    fn parse(entry: &Value) -> Result<Self, String> {
        Ok(Self {
            package: crate_name(entry)?,
            only_duplicates: entry.get("deny-multiple-versions").and_then(Value::as_bool).unwrap_or(false),
            wrappers: strings(entry.get("wrappers").and_then(Value::as_array)),
        })
    }

    fn violations(&self, graph: &Graph) -> Violations {
        let versions: BTreeSet<_> = graph
            .packages()
            .filter(|package| package.name == self.package)
            .map(|package| package.version.as_str())
            .collect();
        if self.only_duplicates {
            let all = versions.iter().copied().collect::<Vec<_>>().join(" and ");
            return if versions.len() > 1 {
                vec![format!("{} is there as {all}", self.package)]
            } else {
                Vec::new()
            };
        }
        let users = graph.users(&self.package).filter(|user| !self.wrappers.contains(&user.name));
        users.map(|user| format!("{} is used by {}", self.package, user.name)).collect()
    }
}

/// Nothing banned is in the graph, and what must be there once is there once.
pub(super) fn bans(graph: &Graph, deny: &Deny) -> Violations {
    deny.bans.iter().flat_map(|ban| ban.violations(graph)).collect()
}

/// Every package comes from the workspace, or from the one registry that all others come from; the lock file names it.
pub(super) fn sources(graph: &Graph) -> Violations {
    let registry = most_used_registry(graph);
    graph
        .packages()
        .filter(|package| match &package.source {
            Some(source) => Some(source.as_str()) != registry,
            None => package.folder.is_none(),
        })
        .map(|package| {
            format!("{} comes from {}", package.name, package.source.as_deref().unwrap_or("a path outside"))
        })
        .collect()
}

fn most_used_registry(graph: &Graph) -> Option<&str> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for source in graph.packages().filter_map(|package| package.source.as_deref()) {
        if source.starts_with("registry+") {
            *uses.entry(source).or_default() += 1;
        }
    }
    uses.into_iter().max_by_key(|(_, count)| *count).map(|(source, _)| source)
}

fn crate_name(entry: &Value) -> Result<String, String> {
    let name = entry.get("crate").and_then(Value::as_str);
    name.map(str::to_owned).ok_or_else(|| format!("deny.toml: an entry without a crate: {entry}"))
}

fn strings(list: Option<&Vec<Value>>) -> Vec<String> {
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]
mod tests {
    use super::super::graph::made_up::{graph, needing, package};
    use super::*;
    use serde_json::json;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "sequoia-openpgp", allow = ["LGPL-2.0-or-later"] }]
        [bans]
        deny = [
            { crate = "ring", reason = "one provider" },
            { crate = "rustls", deny-multiple-versions = true },
            { crate = "anyhow", wrappers = ["sequoia-openpgp"] },
        ]
    "#;

    #[test]
    fn a_banned_package_is_named_with_who_uses_it() {
        let graph = graph(&[
            ("core/session", &[("rustls", None), ("anyhow", None)]),
            ("rustls", &[("ring", None)]),
            ("core/message", &[("sequoia-openpgp", None)]),
            ("sequoia-openpgp", &[("anyhow", None)]),
        ]);
        assert_eq!(
            bans(&graph, &Deny::parse(DENY).unwrap()),
            ["ring is used by rustls", "anyhow is used by core/session"]
        );
    }

    #[test]
    fn a_second_version_is_found_where_only_one_may_be() {
        let (one, mut two) = (package("rustls", "MIT"), package("rustls", "MIT"));
        two["id"] = json!("rustls 2");
        two["version"] = json!("2.0.0");
        let graph = needing(vec![one, two]);
        assert_eq!(bans(&graph, &Deny::parse(DENY).unwrap()), ["rustls is there as 1.0.0 and 2.0.0"]);
    }

    #[test]
    fn git_other_registries_and_outside_paths_are_no_sources() {
        let from = |name: &str, source: serde_json::Value| {
            let mut package = package(name, "MIT");
            package["source"] = source;
            package
        };
        let graph = needing(vec![
            package("fine", "MIT"),
            package("fine too", "MIT"),
            from("forked", json!("git+https://git.example/forked#0123")),
            from("mirrored", json!("registry+https://registry.example/index")),
            from("outside", json!(null)),
        ]);
        assert_eq!(
            sources(&graph),
            [
                "forked comes from git+https://git.example/forked#0123",
                "mirrored comes from registry+https://registry.example/index",
                "outside comes from a path outside",
            ]
        );
    }

    #[test]
    fn a_list_that_is_missing_is_an_error_rather_than_a_check_of_nothing() {
        let text = DENY.replace("exceptions", "exemptions");
        assert_eq!(Deny::parse(&text), Err("deny.toml: no list exceptions in [licenses]".to_owned()));
    }
}
