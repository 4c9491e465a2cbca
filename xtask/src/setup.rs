//! Installs what the tests need on Debian, and names it elsewhere.

use std::path::Path;
use std::process::{Command, Stdio};

/// A program that tests start: its name on the PATH or its place, the Debian package that has it, and who needs it.
struct Tool {
    program: &'static str,
    package: &'static str,
    needed_by: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "gpg", package: "gnupg", needed_by: "tests/interop" },
    Tool { program: "python3", package: "python3", needed_by: "tests/server, tests/bench" },
    Tool { program: "/usr/sbin/dovecot", package: "dovecot-core", needed_by: "tests/live, tests/bench" },
    Tool { program: "/usr/lib/dovecot/imap", package: "dovecot-imapd", needed_by: "tests/live" },
    Tool { program: "/usr/lib/dovecot/pop3", package: "dovecot-pop3d", needed_by: "tests/live" },
    Tool { program: "chromium", package: "chromium", needed_by: "wasm/js" },
    Tool { program: "firefox-esr", package: "firefox-esr", needed_by: "wasm/js" },
    Tool { program: "node", package: "nodejs", needed_by: "wasm/js" },
    Tool { program: "npm", package: "npm", needed_by: "wasm/js" },
    Tool { program: "/usr/lib/postfix/sbin/master", package: "postfix", needed_by: "tests/live" },
];

impl Tool {
    fn is_there(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // Joined to an absolute path, a folder of the PATH makes no difference.
        std::env::split_paths(&path).any(|folder| folder.join(self.program).exists())
    }
}

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
    TOOLS.iter().filter(|tool| !tool.is_there()).collect()
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
    fn programs_are_found_on_the_path_and_at_their_place() {
        let is_there = |program| Tool { program, package: "", needed_by: "" }.is_there();
        assert!(is_there("sh") && is_there("/bin/sh"));
        assert!(!is_there("no-such-program") && !is_there("/bin/no-such-program"));
    }
}
