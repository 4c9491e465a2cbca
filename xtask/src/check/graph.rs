//! The dependency graph, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// All packages that can be in a build of the workspace, on any platform.
#[derive(Debug, Default)]
pub(super) struct Graph {
    packages: BTreeMap<String, Package>,
}

/// One package, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    /// Where it came from; none for a member of the workspace.
    pub(super) source: Option<String>,
    /// Its folder within the workspace; none for a package from elsewhere.
    pub(super) folder: Option<String>,
    pub(super) edges: Vec<Edge>,
}

/// One package needs another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    to: String,
    /// Whether it is needed by more than tests.
    pub(super) ships: bool,
    /// Whether it is needed by the code itself, rather than by tests or a build script.
    pub(super) normal: bool,
}

impl Graph {
    pub(super) fn parse(metadata: &[u8]) -> Result<Self, String> {
        let metadata: Value = serde_json::from_slice(metadata).map_err(|error| error.to_string())?;
        let root = text(&metadata, "workspace_root").ok_or("no workspace_root")?;
        let nodes: BTreeMap<_, _> = list(metadata.pointer("/resolve/nodes"))
            .filter_map(|node| Some((text(node, "id")?, node)))
            .collect();
        let packages = list(metadata.get("packages"))
            .map(|package| {
                let id = text(package, "id").ok_or("a package without an id")?;
                let node = nodes.get(&id).copied().unwrap_or(&Value::Null);
                Ok((id, Package::parse(package, node, &root).ok_or("a package without a name")?))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { packages }.reachable())
    }

    /// Every package.
    pub(super) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// The packages of the workspace itself.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages().filter(|package| package.folder.is_some())
    }

    /// What `package` needs directly.
    pub(super) fn needs<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = (&'a Edge, &'a Package)> {
        package.edges.iter().filter_map(|edge| Some((edge, self.packages.get(&edge.to)?)))
    }

    /// Who needs a package called `name` directly.
    pub(super) fn users<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Package> {
        self.packages().filter(move |user| self.needs(user).any(|(_, needed)| needed.name == name))
    }

    /// Everything that `package` needs to run, directly and indirectly; neither tests nor build scripts count.
    pub(super) fn normal_closure(&self, package: &Package) -> Vec<&Package> {
        let start = package.edges.iter().filter(|edge| edge.normal).map(|edge| edge.to.clone()).collect();
        let ids = self.closure(start, |edge| edge.normal);
        ids.iter().filter_map(|id| self.packages.get(id)).collect()
    }

    /// Without the packages that only switched-off optional dependencies lead to.
    fn reachable(self) -> Self {
        let members = self.packages.iter().filter(|(_, package)| package.folder.is_some());
        let ids = self.closure(members.map(|(id, _)| id.clone()).collect(), |_| true);
        Self { packages: self.packages.into_iter().filter(|(id, _)| ids.contains(id)).collect() }
    }

    fn closure(&self, mut open: Vec<String>, follow: impl Fn(&Edge) -> bool) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let edges = self.packages.get(&id).map(|package| package.edges.as_slice()).unwrap_or_default();
            if seen.insert(id) {
                open.extend(edges.iter().filter(|edge| follow(edge)).map(|edge| edge.to.clone()));
            }
        }
        seen
    }
}

impl Package {
    fn parse(package: &Value, node: &Value, root: &str) -> Option<Self> {
        let source = text(package, "source");
        let manifest = text(package, "manifest_path")?;
        let folder = manifest.strip_prefix(root).and_then(|rest| rest.strip_suffix("Cargo.toml"));
        Some(Self {
            name: text(package, "name")?,
            version: text(package, "version")?,
            license: text(package, "license"),
            folder: folder.filter(|_| source.is_none()).map(|folder| folder.trim_matches('/').to_owned()),
            source,
            edges: list(node.get("deps"))
                .filter(|dependency| is_on(package, node, dependency))
                .filter_map(Edge::parse)
                .collect(),
        })
    }
}

impl Edge {
    fn parse(dependency: &Value) -> Option<Self> {
        let kinds: Vec<_> = list(dependency.get("dep_kinds")).map(|kind| text(kind, "kind")).collect();
        Some(Self {
            to: text(dependency, "pkg")?,
            ships: kinds.iter().any(|kind| kind.as_deref() != Some("dev")),
            normal: kinds.iter().any(Option::is_none),
        })
    }
}

/// Whether some feature that is on asks for this dependency. `cargo metadata` also lists optional dependencies that are named only
/// weakly (`ring?/std`), which no build then contains.
fn is_on(package: &Value, node: &Value, dependency: &Value) -> bool {
    let Some(crate_name) = text(dependency, "name") else { return false };
    let declared: Vec<_> = list(package.get("dependencies"))
        .filter(|declared| {
            let name = text(declared, "rename").or_else(|| text(declared, "name")).unwrap_or_default();
            name.replace('-', "_") == crate_name
        })
        .collect();
    if declared.iter().any(|declared| declared.get("optional") != Some(&Value::Bool(true)))
        || declared.is_empty()
    {
        return true;
    }
    let names =
        || declared.iter().filter_map(|declared| text(declared, "rename").or_else(|| text(declared, "name")));
    list(node.get("features")).filter_map(Value::as_str).any(|feature| {
        let items = list(package.get("features").and_then(|features| features.get(feature)));
        names().any(|name| name == feature)
            || items.filter_map(Value::as_str).any(|item| {
                names().any(|name| {
                    item == name
                        || item.strip_prefix("dep:") == Some(&name)
                        || item.starts_with(&format!("{name}/"))
                })
            })
    })
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]
pub(super) mod made_up {
    use super::*;
    use serde_json::json;

    pub(crate) const REGISTRY: &str = "registry+https://packages.example/index";

    /// What a package needs, and as what: `None` is a normal dependency.
    type Needs<'a> = &'a [(&'a str, Option<&'a str>)];

    /// A graph from `folder or crate name -> what it needs`; a name with a slash is a member of the workspace.
    pub(crate) fn graph(edges: &[(&str, Needs<'_>)]) -> Graph {
        let mut names: BTreeSet<&str> = edges.iter().map(|(from, _)| *from).collect();
        names.extend(edges.iter().flat_map(|(_, needs)| needs.iter().map(|(to, _)| *to)));
        let packages: Vec<_> = names.iter().map(|name| package(name, "MIT")).collect();
        let nodes: Vec<_> = edges
            .iter()
            .map(|(from, needs)| {
                let deps: Vec<_> = needs
                    .iter()
                    .map(|(to, kind)| json!({"name": to, "pkg": to, "dep_kinds": [{"kind": kind}]}))
                    .collect();
                json!({"id": from, "deps": deps, "features": []})
            })
            .collect();
        parse(packages, nodes)
    }

    /// A graph of one member that needs each of `packages`.
    pub(crate) fn needing(packages: Vec<Value>) -> Graph {
        let deps: Vec<_> = packages
            .iter()
            .map(|package| json!({"name": package["name"], "pkg": package["id"], "dep_kinds": [{"kind": null}]}))
            .collect();
        let node = json!({"id": "core/client", "deps": deps, "features": []});
        parse([vec![package("core/client", "MIT OR Apache-2.0")], packages].concat(), vec![node])
    }

    pub(crate) fn package(name: &str, license: &str) -> Value {
        let member = name.contains('/');
        json!({
            "id": name, "name": name, "version": "1.0.0", "license": license,
            "source": if member { Value::Null } else { json!(REGISTRY) },
            "manifest_path": if member { format!("/w/{name}/Cargo.toml") } else { format!("/registry/{name}/Cargo.toml") },
            "dependencies": [], "features": {},
        })
    }

    fn parse(packages: Vec<Value>, nodes: Vec<Value>) -> Graph {
        let metadata = json!({"workspace_root": "/w", "packages": packages, "resolve": {"nodes": nodes}});
        Graph::parse(&serde_json::to_vec(&metadata).unwrap()).unwrap()
    }

    #[test]
    fn an_optional_dependency_counts_only_where_a_feature_asks_for_it() {
        for (features, asked) in [
            (json!({"weak": ["ring?/std"]}), false),
            (json!({"weak": ["dep:ring"]}), true),
            (json!({"weak": ["ring/std"]}), true),
            (json!({"other": ["dep:ring"]}), false),
        ] {
            let mut user = package("webpki", "ISC");
            user["features"] = features.clone();
            user["dependencies"] = json!([{"name": "ring", "optional": true}]);
            let graph = parse(
                vec![package("core/session", "MIT"), user, package("ring", "ISC")],
                vec![
                    json!({"id": "core/session", "deps": [{"name": "webpki", "pkg": "webpki", "dep_kinds": [{"kind": null}]}]}),
                    json!({"id": "webpki", "features": ["weak"], "deps": [{"name": "ring", "pkg": "ring", "dep_kinds": [{"kind": null}]}]}),
                ],
            );
            assert_eq!(graph.packages().any(|package| package.name == "ring"), asked, "{features}");
        }
    }
}
