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
    /// Whether what is said before TLS is to bear the [`MARK`].
    is_marked: bool,
    has_greeted: bool,
    /// Whether something that was to bear the mark could not: it is no answer of its protocol, and might become one.
    pub(super) has_left_unmarked: bool,
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
        Self { peer, case, is_marked, has_greeted: false, has_left_unmarked: false }
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
        let is_greeting = !std::mem::replace(&mut self.has_greeted, true);
        if !self.is_marked || self.peer.is_tls() {
            return self.peer.say(text).await;
        }
        let marked = marked(self.case.protocol, text, is_greeting);
        self.has_left_unmarked |= marked.is_none();
        self.peer.say(marked.as_deref().unwrap_or(text)).await
    }

    /// The mark as one more item of a list, where it is due.
    pub(super) fn mark(&self) -> Option<String> {
        (self.is_marked && !self.peer.is_tls()).then(|| MARK.to_owned())
    }
}

/// An answer with the mark in it, in a place where its protocol allows more words; nothing where the text is no such answer, so that
/// the mark might make another case of it.
fn marked(protocol: Protocol, text: &str, is_greeting: bool) -> Option<String> {
    let (first, rest) = text.split_once("\r\n").filter(|_| text.ends_with("\r\n"))?;
    match protocol {
        Protocol::Smtp => {
            let (code, words) = first.split_at_checked(3)?;
            let is_code = code.starts_with(['2', '3', '4', '5']) && code.bytes().all(|b| b.is_ascii_digit());
            let is_reply = is_code && (words.is_empty() || words.starts_with([' ', '-']));
            is_reply.then(|| format!("{code}-{MARK}\r\n{text}"))
        }
        Protocol::Imap => {
            let alert = format!("* OK [ALERT] {MARK}\r\n* CAPABILITY IMAP4rev1 {MARK}\r\n");
            if is_status(first) {
                return Some(format!("{first} {MARK}\r\n{alert}{rest}"));
            }
            // Before anything else the alert would be the greeting.
            (!is_greeting).then(|| format!("{alert}{text}"))
        }
        Protocol::Pop3 => {
            let words = ["+OK", "-ERR"].iter().find_map(|status| first.strip_prefix(status))?;
            let is_reply = words.is_empty() || words.starts_with(' ');
            is_reply.then(|| format!("{first} {MARK}\r\n{rest}"))
        }
    }
}

/// Whether a line is an untagged status response with a text, or tells capabilities: one more word at its end changes neither.
fn is_status(line: &str) -> bool {
    let mut words = line.strip_prefix("* ").unwrap_or_default().splitn(2, ' ');
    let kind = words.next().unwrap_or_default().to_ascii_uppercase();
    let is_known = matches!(kind.as_str(), "OK" | "NO" | "BAD" | "BYE" | "PREAUTH" | "CAPABILITY");
    is_known && words.next().is_some_and(|text| !text.is_empty() && !text.ends_with('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_protocol_is_marked() {
        let (smtp, imap, pop3) = (Protocol::Smtp, Protocol::Imap, Protocol::Pop3);
        for (protocol, text, marked_text) in [
            (smtp, "220 hi\r\n", Some("220-XCLEAR-7731\r\n220 hi\r\n")),
            (smtp, "220-a\r\n220 b\r\n", Some("220-XCLEAR-7731\r\n220-a\r\n220 b\r\n")),
            (smtp, "220\r\n", Some("220-XCLEAR-7731\r\n220\r\n")),
            (smtp, "", None),
            (smtp, "22\r\n", None),
            (smtp, "220hi\r\n", None),
            (smtp, "220 hi", None),
            (smtp, "hello\r\n", None),
            (pop3, "+OK\r\nSTLS\r\n.\r\n", Some("+OK XCLEAR-7731\r\nSTLS\r\n.\r\n")),
            (pop3, "-ERR no\r\n", Some("-ERR no XCLEAR-7731\r\n")),
            (pop3, "+OKAY\r\n", None),
            (pop3, "+ \r\n", None),
            (imap, "", None),
            (imap, "* OK hi", None),
            (imap, "* OK\r\n", None),
            (imap, "* OK {5}\r\nhello\r\n", None),
            (imap, "* LIST () \"/\" a\r\n", None),
            (imap, "S1 OK hi\r\n", None),
        ] {
            assert_eq!(marked(protocol, text, true).as_deref(), marked_text, "{text:?}");
        }
    }

    #[test]
    fn the_alert_is_never_the_greeting() {
        let alert = "* OK [ALERT] XCLEAR-7731\r\n* CAPABILITY IMAP4rev1 XCLEAR-7731\r\n";
        let greeting = marked(Protocol::Imap, "* OK hi\r\n* NO ho\r\n", true).unwrap();
        assert_eq!(greeting, format!("* OK hi XCLEAR-7731\r\n{alert}* NO ho\r\n"));
        let answer = marked(Protocol::Imap, "S1 OK hi\r\n", false).unwrap();
        assert_eq!(answer, format!("{alert}S1 OK hi\r\n"));
    }
}
