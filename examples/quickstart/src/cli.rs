//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Sends a sealed message round: composed, signed and encrypted (PGP/MIME), submitted by SMTP over TLS, fetched by IMAP and by POP3
/// over TLS, opened, and its verdict shown.
///
/// With no argument everything happens on this machine: a mail server in memory, on loopback, with a certificate authority made on
/// the spot, and two key pairs. With --account the same way is walked with real servers.
#[derive(Debug, Parser)]
#[command(name = "quickstart", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Walk the way with real servers: a TOML file that names them, the address, the credentials' source and the key files
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) account: Option<PathBuf>,

    /// Print a commented sample of the account file, and exit
    #[arg(long)]
    pub(crate) sample_account: bool,

    /// Make the account's key file where it does not exist yet; an existing file is never touched
    #[arg(long, requires = "account")]
    pub(crate) make_key: bool,

    /// A recipient, as an address or as `Name <address>`; repeat for more. The default is the account's own address
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) to: Vec<String>,

    /// A recipient whom the others don't see; repeat for more
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) bcc: Vec<String>,

    /// The subject
    #[arg(long, conflicts_with = "eml")]
    pub(crate) subject: Option<String>,

    /// The text
    #[arg(long, conflicts_with = "eml")]
    pub(crate) text: Option<String>,

    /// A file to attach; repeat for more
    #[arg(long, value_name = "FILE", conflicts_with = "eml")]
    pub(crate) attach: Vec<PathBuf>,

    /// Take subject, text, HTML and attachments from this message (and To, Cc unless --to is given)
    #[arg(long, value_name = "FILE.eml")]
    pub(crate) eml: Option<PathBuf>,

    /// How the message is protected
    #[arg(long, value_enum, default_value_t = Protect::SignAndEncrypt)]
    pub(crate) protect: Protect,

    /// How long to wait for the message to arrive, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) wait: u64,
}

/// How a message is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protect {
    /// Sign only: everyone can read it, and see who wrote it
    Sign,
    /// Encrypt only
    Encrypt,
    /// Sign, then encrypt both
    SignAndEncrypt,
}

const AFTER_HELP: &str = "\
Credentials never stand on the command line: the account file says where they come from (an environment variable, a file, or a prompt).

Examples:
  quickstart
  quickstart --sample-account > account.toml
  quickstart --account account.toml --make-key
  quickstart --account account.toml --to \"Bob <bob@example.org>\" --subject Hello --text Hi --attach photo.jpg
  quickstart --account account.toml --eml letter.eml

Exit status: 0 when the message went round and its verdict is what was asked for, 1 otherwise, 2 for a wrong command line.";
