//! Which crate may know which: arrows point down.

use super::Violations;
use super::graph::{Graph, Package};

/// Each folder of the workspace, and the folders that its crate may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("core/types", &[]),
    ("core/message", &["core/types"]),
    ("core/session", &["core/types"]),
    ("core/client", &["core/message", "core/session", "core/types"]),
    ("bindings/ffi", &["core/client"]),
    ("bindings/bindgen", &[]),
    ("wasm", &["core/message", "core/types"]),
    ("examples/quickstart", &["core/client", "tests/server"]),
    (
        "tests/bench",
        &["core/message", "core/session", "core/types", "tests/interop", "tests/live", "tests/server"],
    ),
    ("tests/server", &[]),
    ("tests/live", &["core/message", "core/session", "core/types", "tests/server"]),
    ("tests/interop", &["core/message", "core/types"]),
    ("tests/fuzz", &["core/message", "core/session", "core/types", "tests/server"]),
    ("xtask", &[]),
];

/// What tests may use besides: never code that ships.
const FOR_TESTS: [&str; 2] = ["tests/live", "tests/server"];

/// Crates that do input and output, or that need a runtime which does.
const INPUT_AND_OUTPUT: &[&str] =
    &["async-io", "async-std", "hyper", "mio", "native-tls", "reqwest", "rustls", "smol", "socket2", "tokio"];

/// Crates through which a library writes a log. What is not below us can't write down a password.
const LOGGING: &[&str] = &["defmt", "log", "slog", "tracing", "tracing-core"];

/// Crates that know a host language (the binding mirrors the core's types, the core knows none of it).
const HOST_LANGUAGES: &[&str] =
    &["jni", "js-sys", "napi", "neon", "pyo3", "uniffi", "wasm-bindgen", "web-sys"];

/// Every dependency between crates of the workspace is in the table.
pub(super) fn workspace_edges(graph: &Graph) -> Violations {
    let mut violations = Vec::new();
    for member in graph.members() {
        let from = folder(member);
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == from) else {
            violations.push(format!("{from} is not in the table of arrows"));
            continue;
        };
        for (edge, needed) in graph.needs(member).filter(|(_, needed)| needed.folder.is_some()) {
            let to = folder(needed);
            let test_only = !edge.ships && FOR_TESTS.contains(&to);
            if !allowed.contains(&to) && !test_only {
                violations.push(format!("{from} must not depend on {to}"));
            }
        }
    }
    violations
}

/// core/message is bytes in, bytes out, and builds where there is no network.
pub(super) fn message_does_no_io(graph: &Graph) -> Violations {
    needs_none_of(graph, "core/message", INPUT_AND_OUTPUT)
}

/// Nothing that sees a password or a token writes a log. (Of what core/message needs, one crate does, on Android: it looks for the time
/// zone.)
pub(super) fn nothing_that_sees_credentials_logs(graph: &Graph) -> Violations {
    needs_none_of(graph, "core/session", LOGGING)
}

fn needs_none_of(graph: &Graph, of: &str, banned: &[&str]) -> Violations {
    let Some(member) = graph.members().find(|member| folder(member) == of) else {
        return vec![format!("there is no {of}")];
    };
    let closure = graph.normal_closure(member);
    let found = closure.iter().filter(|needed| banned.contains(&needed.name.as_str()));
    found.map(|needed| format!("{of} needs {}", needed.name)).collect()
}

/// No crate under core/ names a host language.
pub(super) fn no_host_language(graph: &Graph) -> Violations {
    let core = graph.members().filter(|member| folder(member).starts_with("core/"));
    core.flat_map(|member| {
        let found = graph.needs(member).filter(|(_, needed)| HOST_LANGUAGES.contains(&needed.name.as_str()));
        found.map(move |(_, needed)| format!("{} depends on {}", folder(member), needed.name))
    })
    .collect()
}

fn folder(package: &Package) -> &str {
    package.folder.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::graph::made_up::graph;
    use super::*;

    #[test]
    fn arrows_that_point_down_hold() {
        let graph = graph(&[
            ("core/client", &[("core/message", None), ("core/session", None), ("tests/server", Some("dev"))]),
            ("core/message", &[("core/types", None), ("sequoia-openpgp", None)]),
        ]);
        assert_eq!(workspace_edges(&graph), Vec::<String>::new());
    }

    #[test]
    fn arrows_that_point_up_or_sideways_are_named() {
        let graph = graph(&[
            ("core/message", &[("core/session", None)]),
            ("core/session", &[("core/client", Some("dev")), ("tests/server", Some("build"))]),
            ("core/extra", &[("core/types", None)]),
        ]);
        assert_eq!(
            workspace_edges(&graph),
            [
                "core/extra is not in the table of arrows",
                "core/message must not depend on core/session",
                "core/session must not depend on core/client",
                "core/session must not depend on tests/server",
            ]
        );
    }

    #[test]
    fn a_runtime_far_below_core_message_is_found_and_one_of_its_tests_is_not() {
        let direct = graph(&[
            ("core/message", &[("parser", None)]),
            ("parser", &[("tokio", None)]),
            ("core/session", &[("mio", None)]),
        ]);
        assert_eq!(message_does_no_io(&direct), ["core/message needs tokio"]);
        let tests = graph(&[("core/message", &[("tokio", Some("dev")), ("mio", Some("build"))])]);
        assert_eq!(message_does_no_io(&tests), Vec::<String>::new());
    }

    #[test]
    fn a_log_far_below_core_session_is_found() {
        let graph = graph(&[
            ("core/session", &[("rustls", None), ("async-imap", Some("dev"))]),
            ("rustls", &[("log", None)]),
            ("async-imap", &[("tracing", None)]),
        ]);
        assert_eq!(nothing_that_sees_credentials_logs(&graph), ["core/session needs log"]);
    }

    #[test]
    fn a_host_language_under_core_is_named() {
        let graph = graph(&[
            ("core/client", &[("uniffi", None), ("core/types", None)]),
            ("core/types", &[("chrono", None)]),
            ("chrono", &[("wasm-bindgen", None)]),
            ("bindings/ffi", &[("uniffi", None)]),
        ]);
        assert_eq!(no_host_language(&graph), ["core/client depends on uniffi"]);
    }
}
