//! The one list of error codes, and the page that explains them.

use super::Violations;

/// docs/errors.md has one row for each code, and for nothing else.
pub(super) fn documented(source: &str, page: &str) -> Violations {
    let (codes, rows) = (codes(source), rows(page));
    if codes.is_empty() {
        return vec!["no codes found in core/types/src/code.rs".to_owned()];
    }
    let mut violations = Vec::new();
    for code in &codes {
        match rows.iter().filter(|row| *row == code).count() {
            1 => {}
            0 => violations.push(format!("{code} has no row")),
            several => violations.push(format!("{code} has {several} rows")),
        }
    }
    violations.extend(rows.iter().filter(|row| !codes.contains(row)).map(|row| format!("{row} is no code")));
    violations
}

/// The texts in `Self::LoginRefused => "login-refused",`.
fn codes(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \"")?.1.strip_suffix("\","))
        .collect()
}

/// The code in the first column of each table row: "| `login-refused` | …".
fn rows(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
        match self {
            Self::Tls => "tls",
            Self::LoginRefused => "login-refused",
        }
    "#;

    #[test]
    fn a_row_for_each_code_holds() {
        assert_eq!(documented(SOURCE, "| `tls` | a |\n| `login-refused` | b |\n"), Vec::<String>::new());
    }

    #[test]
    fn missing_double_and_unknown_rows_are_named() {
        assert_eq!(
            documented(SOURCE, "| `tls` | a |\n| `tls` | b |\n| `gone` | c |\n"),
            ["tls has 2 rows", "login-refused has no row", "gone is no code"]
        );
    }

    #[test]
    fn a_list_that_can_no_longer_be_read_is_a_violation() {
        assert_eq!(documented("", ""), ["no codes found in core/types/src/code.rs"]);
    }
}
