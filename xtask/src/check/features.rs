//! Features: cargo builds a package once for each set of them.

use std::collections::BTreeSet;

use super::Violations;

/// How `cargo tree` shall write a package.
pub(super) const FORMAT: &str = "{p} with {f}";

/// Packages that the quickstart needs with other features than the tests, both as `cargo tree` lists them.
pub(super) fn built_twice(tests: &str, quickstart: &str) -> Violations {
    let tests = packages(tests);
    packages(quickstart)
        .difference(&tests)
        .map(|package| format!("only the quickstart has {package}"))
        .collect()
}

fn packages(tree: &str) -> BTreeSet<&str> {
    // The mark of what was listed before.
    tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_other_features_is_named() {
        let tests = "quickstart v0.1.0 with \ntokio v1.0.0 with net,test-util\nserde v1.0.0 with std\n";
        assert_eq!(built_twice(tests, "serde v1.0.0 with std (*)\n"), Vec::<String>::new());
        assert_eq!(
            built_twice(tests, "tokio v1.0.0 with net\nserde v1.0.0 with std\n"),
            ["only the quickstart has tokio v1.0.0 with net"]
        );
    }
}
