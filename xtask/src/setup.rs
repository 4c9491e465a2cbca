//! Installs what the tests need on Debian, and names it elsewhere.

use std::path::Path;
use std::process::{Command, Stdio};

/// A program that tests start, where it may lie, and the Debian package that has it.
struct Tool {
    files: &'static [&'static str],
    package: &'static str,
    needed_by: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { files: &["/usr/bin/gpg", "/usr/local/bin/gpg"], package: "gnupg", needed_by: "tests/interop" },
    Tool { files: &["/usr/sbin/dovecot"], package: "dovecot-core", needed_by: "tests/live" },
    Tool { files: &["/usr/lib/dovecot/imap"], package: "dovecot-imapd", needed_by: "tests/live" },
    Tool { files: &["/usr/lib/dovecot/pop3"], package: "dovecot-pop3d", needed_by: "tests/live" },
    Tool { files: &["/usr/lib/postfix/sbin/master"], package: "postfix", needed_by: "tests/live" },
];

/// The cargo subcommands that come as rustup components.
const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

/// Installs the packages given as arguments so that no service of theirs starts: the tests start their own servers, on ports
/// of their own. A policy that is there already is left alone; ours goes again whatever happens. Postfix is left unconfigured, with
/// the one file that its helper programs insist on.
const INSTALL: &str = r#"
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
apt-get update
apt-get install --yes --no-install-recommends "$@"
if [ -d /etc/postfix ] && [ ! -e /etc/postfix/main.cf ]; then
    echo 'compatibility_level = 3.6' >/etc/postfix/main.cf
fi
"#;

/// Installs or names what is missing; whether everything is there afterwards.
pub(crate) fn run() -> bool {
    let components = install_components();
    let missing = missing_tools();
    if missing.is_empty() {
        return components;
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if is_root() && Path::new("/usr/bin/apt-get").exists() {
        println!("installing {}", packages.join(" "));
        let status =
            Command::new("sh").args(["-c", INSTALL, "setup"]).args(&packages).stdin(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            println!("apt-get failed");
        }
    }
    let still = missing_tools();
    for Tool { package, needed_by, .. } in &still {
        println!("missing: {package} (Debian's name), needed by {needed_by}, which skips what it can't run");
    }
    components && still.is_empty()
}

fn missing_tools() -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| !tool.files.iter().any(|file| Path::new(file).exists())).collect()
}

/// rustfmt and clippy: through rustup where that is there.
fn install_components() -> bool {
    let mut complete = true;
    for (subcommand, component) in COMPONENTS {
        if succeeds("cargo", &[subcommand, "--version"]) {
            continue;
        }
        println!("installing {component}");
        if !succeeds("rustup", &["component", "add", component]) {
            println!("missing: {component} (rustup component add {component})");
            complete = false;
        }
    }
    complete
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_who_needs_it() {
        for Tool { files, package, needed_by } in TOOLS {
            assert!(!files.is_empty() && !package.is_empty() && needed_by.starts_with("tests/"), "{package}");
        }
    }
}
