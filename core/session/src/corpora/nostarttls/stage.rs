//! What the hostile servers of the three protocols have in common.

use std::io;

use super::case::Case;
use crate::corpora::peer::Peer;
use crate::corpora::visit::Protocol;

/// A word that a server says before TLS and never after it.
pub(super) const MARK: &str = "XCLEAR-7731";

/// A hostile server at work.
pub(super) struct Stage {
    pub(super) peer: Peer,
    pub(super) case: Case,
    /// Whether all that is said before TLS bears the [`MARK`].
    is_marked: bool,
}

/// What becomes of a command before it is looked at.
#[derive(PartialEq, Eq)]
pub(super) enum Fate {
    Ignored,
    Hidden,
    Answered(String),
    CarriedOut,
}

impl Stage {
    pub(super) const fn new(peer: Peer, case: Case, is_marked: bool) -> Self {
        Self { peer, case, is_marked }
    }

    pub(super) fn fate(&self, command: &str) -> Fate {
        let ignored = if self.peer.is_tls() { "ignore_commands_tls" } else { "ignore_commands" };
        if self.case.lists(ignored, command) {
            Fate::Ignored
        } else if self.case.lists("hide_commands", command) {
            Fate::Hidden
        } else {
            self.case.overrides(command).map_or(Fate::CarriedOut, |said| Fate::Answered(said.to_owned()))
        }
    }

    pub(super) async fn say(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        let text = text.as_ref();
        if self.is_marked && !self.peer.is_tls() {
            return self.peer.say(marked(self.case.protocol, text)).await;
        }
        self.peer.say(text).await
    }

    /// The mark as one more item of a list, where it is due.
    pub(super) fn mark(&self) -> Option<String> {
        (self.is_marked && !self.peer.is_tls()).then(|| MARK.to_owned())
    }
}

/// An answer with the mark in it, in a place where its protocol allows more words.
fn marked(protocol: Protocol, text: &str) -> String {
    match protocol {
        Protocol::Smtp => {
            let (code, _) = text.split_at_checked(3).unwrap_or_default();
            format!("{code}-{MARK}\r\n{text}")
        }
        Protocol::Imap => {
            let alert = format!("* OK [ALERT] {MARK}\r\n* CAPABILITY IMAP4rev1 {MARK}\r\n");
            let (first, rest) = text.split_once("\r\n").unwrap_or((text, ""));
            match first.strip_prefix("* ") {
                Some(_) => format!("{first} {MARK}\r\n{alert}{rest}"),
                None => format!("{alert}{text}"),
            }
        }
        Protocol::Pop3 => text.replacen("\r\n", &format!(" {MARK}\r\n"), 1),
    }
}
