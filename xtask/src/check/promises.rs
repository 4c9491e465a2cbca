//! What SECURITY.md promises, and the tests that it names for it.

use super::Violations;

/// Every file that the page names as a witness (in a table, or behind "Shown by") is there, and every test that it names is in the file
/// named before it.
pub(super) fn kept(page: &str, files: &[(String, String)]) -> Violations {
    let mut violations = Vec::new();
    let mut named = 0;
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let paragraphs = page.split("\n\n").filter(|paragraph| paragraph.starts_with("Shown by "));
    for row in rows.chain(paragraphs) {
        let mut file: Option<&(String, String)> = None;
        // Every second piece between backticks is code.
        for word in row.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                file = files.iter().find(|(name, _)| name == word);
                named += 1;
                if file.is_none() {
                    violations.push(format!("there is no {word}"));
                }
            } else if let Some((name, text)) = file
                && !text.contains(&format!("fn {word}()"))
            {
                violations.push(format!("{name} has no test {word}"));
            }
        }
    }
    if named == 0 {
        violations.push("no tests found in SECURITY.md".to_owned());
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(String, String)> {
        vec![("core/a.rs".to_owned(), "#[test]\nfn it_holds() {}\n".to_owned())]
    }

    #[test]
    fn tests_that_are_there_hold() {
        let page =
            "`other` text\n| no `secret` in it | `core/a.rs`: `it_holds` |\n| all of it | `core/a.rs` |\n";
        assert_eq!(kept(page, &files()), Vec::<String>::new());
    }

    #[test]
    fn missing_tests_and_files_are_named() {
        let page = "| a | `core/a.rs`: `it_holds`, `it_is_gone` |\n\nShown by\n\nShown by the\n`core/b.rs`: `whatever`\n";
        assert_eq!(kept(page, &files()), ["core/a.rs has no test it_is_gone", "there is no core/b.rs"]);
    }

    #[test]
    fn a_page_that_can_no_longer_be_read_is_a_violation() {
        assert_eq!(kept("", &files()), ["no tests found in SECURITY.md"]);
    }
}
