//! Checks over the text of the Rust files.

use super::Violations;

/// The longest file that is still one room with one purpose.
const MAX_LINES: usize = 800;

/// How unfinished code looks; in pieces here, so that this file holds none of it.
const UNFINISHED: [&str; 2] = [concat!("to", "do!("), concat!("unimple", "mented!(")];

/// Nothing committed is a promise.
pub(super) fn unfinished(files: &[(String, String)]) -> Violations {
    let lines = files.iter().flat_map(|(name, text)| text.lines().zip(1..).map(move |line| (name, line)));
    lines
        .filter(|(_, (line, _))| UNFINISHED.iter().any(|mark| line.contains(mark)))
        .map(|(name, (line, number))| format!("{name}:{number}: {}", line.trim()))
        .collect()
}

/// Nothing has outgrown its file.
pub(super) fn too_long(files: &[(String, String)]) -> Violations {
    let lengths = files.iter().map(|(name, text)| (name, text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(name, lines)| format!("{name} has {lines} lines"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_found_with_its_line() {
        let text = format!("fn a() {{}}\nfn b() {{ {}) }}\n", UNFINISHED[0]);
        let files = [("a.rs".to_owned(), text), ("b.rs".to_owned(), "fn c() {}\n".to_owned())];
        assert_eq!(unfinished(&files), [format!("a.rs:2: fn b() {{ {}) }}", UNFINISHED[0])]);
    }

    #[test]
    fn a_file_may_have_800_lines_and_not_one_more() {
        let file = |lines| ("a.rs".to_owned(), "\n".repeat(lines));
        assert_eq!(too_long(&[file(MAX_LINES)]), Vec::<String>::new());
        assert_eq!(too_long(&[file(MAX_LINES + 1)]), ["a.rs has 801 lines"]);
    }
}
