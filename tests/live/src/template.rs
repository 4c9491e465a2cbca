use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Fills `{{name}}` in `template` for each name given, and writes the outcome to `path`.
///
/// # Errors
///
/// A name in the template that has no value, or a file that can't be written.
pub(crate) fn write(path: &Path, template: &str, values: &[(&str, &dyn Display)]) -> io::Result<()> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), &value.to_string());
    }
    // "{{…}}" itself stands in the first comment of the templates.
    match text.replace("{{…}}", "").split_once("{{") {
        Some((_, open)) => Err(io::Error::other(format!("no value for {open:.20} in {}", path.display()))),
        None => fs::write(path, text),
    }
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_name_needs_a_value() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("conf");
        write(&path, "# {{…}}\nport = {{port}}\n", &[("port", &143)]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "# {{…}}\nport = 143\n");
        assert!(write(&path, "{{port}} {{dir}}", &[("port", &143)]).is_err());
    }
}
