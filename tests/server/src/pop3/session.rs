use std::io;

use super::maildrop::Maildrop;
use crate::options::Protocol;
use crate::server::Shared;
use crate::store::Message;
use crate::wire::{Go, Wire};

/// One POP3 connection.
pub(crate) struct Session<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) shared: &'a Shared,
    /// What USER said.
    pub(super) name: Option<String>,
    /// The maildrop, after the login.
    pub(super) drop: Option<Maildrop<'a>>,
}

/// A reply's text: `+OK` or `-ERR` stands before it.
pub(super) type Reply = Result<String, String>;

/// Speaks POP3 until the client quits or the connection ends.
pub(crate) async fn serve(wire: &mut Wire, shared: &Shared) -> io::Result<()> {
    let mut session = Session { wire, shared, name: None, drop: None };
    if session.wire.begin(b"", None).await? == Go::Ahead {
        session.wire.say("+OK mail.example.test");
        session.wire.finish().await?;
    }
    while let Some(line) = session.wire.line().await? {
        if session.wire.begin(&line, None).await? == Go::Skip {
            continue;
        }
        let quit = session.command(&line).await?;
        session.wire.finish().await?;
        if quit {
            break;
        }
    }
    Ok(())
}

impl<'a> Session<'a> {
    /// Carries one command out; true after QUIT.
    async fn command(&mut self, line: &[u8]) -> io::Result<bool> {
        let text = String::from_utf8_lossy(line);
        let (verb, argument) = text.split_once(' ').unwrap_or((&text, ""));
        let reply = match verb.to_ascii_uppercase().as_str() {
            "STLS" => return self.start_tls().await.map(|()| false),
            "AUTH" => self.auth(argument).await?,
            "QUIT" => {
                // Dropping the maildrop unlocks it, before the client hears of it.
                let fine = self.drop.take().is_none_or(|maildrop| maildrop.update());
                let reply = if fine { ok("bye") } else { err("[SYS/PERM] some messages were not removed") };
                self.reply(reply);
                return Ok(true);
            }
            "CAPA" => {
                self.capa();
                return Ok(false);
            }
            "USER" => self.user(argument),
            "PASS" => self.pass(argument),
            verb => match self.on_messages(verb, argument) {
                Some(reply) => reply,
                None => return Ok(false),
            },
        };
        self.reply(reply);
        Ok(false)
    }

    /// The commands of the TRANSACTION state; `None` when the reply is sent already.
    fn on_messages(&mut self, verb: &str, argument: &str) -> Option<Reply> {
        let Some(maildrop) = &mut self.drop else {
            return Some(err("unknown, or log in first"));
        };
        match verb {
            "NOOP" => return Some(ok("")),
            "RSET" => {
                maildrop.unmark_all();
                return Some(ok(""));
            }
            "STAT" => {
                let (count, size) = maildrop
                    .messages()
                    .fold((0, 0), |(count, size), (_, message)| (count + 1, size + message.bytes.len()));
                return Some(ok(&format!("{count} {size}")));
            }
            "LIST" => return self.listing(argument, |_, message| message.bytes.len().to_string()),
            "UIDL" if self.offers("UIDL") => return self.listing(argument, Maildrop::unique_id),
            _ => {}
        }
        let (number, lines) = argument.split_once(' ').unwrap_or((argument, ""));
        let known = matches!(verb, "RETR" | "DELE") || (verb == "TOP" && self.offers("TOP"));
        if !known {
            return Some(err("unknown command"));
        }
        let maildrop = self.drop.as_mut()?;
        let Some(message) = number.parse().ok().and_then(|number| maildrop.message(number)).cloned() else {
            return Some(err("no such message"));
        };
        match (verb, lines.parse().ok()) {
            ("DELE", _) => {
                maildrop.mark(message.uid);
                Some(ok("marked"))
            }
            ("RETR", _) => {
                self.send(&message, None);
                None
            }
            (_, Some(lines)) => {
                self.send(&message, Some(lines));
                None
            }
            (_, None) => Some(err("TOP needs a number of lines")),
        }
    }

    /// LIST and UIDL, for one message or for all.
    fn listing(&mut self, argument: &str, show: impl Fn(&Maildrop<'a>, &Message) -> String) -> Option<Reply> {
        let maildrop = self.drop.as_ref()?;
        if !argument.is_empty() {
            let number = argument.parse().ok();
            let found = number.and_then(|number| Some((number, maildrop.message(number)?)));
            return Some(match found {
                Some((number, message)) => ok(&format!("{number} {}", show(maildrop, message))),
                None => err("no such message"),
            });
        }
        let lines: Vec<String> = maildrop
            .messages()
            .map(|(number, message)| format!("{number} {}", show(maildrop, message)))
            .collect();
        self.lines("", &lines);
        None
    }

    /// Sends a message, or its header and `lines` lines of its body, with the dots stuffed (RFC 1939, section 3).
    fn send(&mut self, message: &Message, lines: Option<usize>) {
        let (header, body) = crate::mime::split_header(&message.bytes);
        let body = lines.map_or(body, |count| first_lines(body, count));
        self.wire.say(format!("+OK {} octets", message.bytes.len()));
        self.wire.push(stuffed(&[header, body].concat()));
        self.wire.say(".");
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        if !self.offers("STLS") || self.wire.is_tls() || self.drop.is_some() {
            self.reply(err("STLS is not offered"));
            return Ok(());
        }
        self.reply(ok("begin TLS"));
        self.wire.finish().await?;
        self.name = None;
        self.wire.start_tls().await
    }

    fn capa(&mut self) {
        let options = &self.shared.options;
        let mechanisms = options.mechanisms(Protocol::Pop3).join(" ");
        let open = self.may_log_in();
        let shown = |name: &&String| match name.as_str() {
            "STLS" => !self.wire.is_tls(),
            "USER" => open,
            name => !name.starts_with("AUTH="),
        };
        let mut lines: Vec<String> =
            options.capabilities(Protocol::Pop3).iter().filter(shown).cloned().collect();
        if open && !mechanisms.is_empty() {
            lines.push(format!("SASL {mechanisms}"));
        }
        self.lines("capabilities", &lines);
    }

    pub(super) fn may_log_in(&self) -> bool {
        self.wire.is_tls() || self.shared.options.login_before_tls
    }

    pub(super) fn offers(&self, capability: &str) -> bool {
        self.shared.options.offers(Protocol::Pop3, capability)
    }

    /// A reply of several lines; none of them begins with a dot.
    pub(super) fn lines(&mut self, text: &str, lines: &[String]) {
        self.reply(ok(text));
        for line in lines {
            self.wire.say(line);
        }
        self.wire.say(".");
    }

    fn reply(&mut self, reply: Reply) {
        let line = match reply {
            Ok(text) if text.is_empty() => "+OK".to_owned(),
            Ok(text) => format!("+OK {text}"),
            Err(text) => format!("-ERR {text}"),
        };
        self.wire.say(line);
    }
}

pub(super) fn ok(text: &str) -> Reply {
    Ok(text.to_owned())
}

pub(super) fn err(text: &str) -> Reply {
    Err(text.to_owned())
}

/// The first `count` lines of `body`, or all of it where it has no more.
fn first_lines(body: &[u8], count: usize) -> &[u8] {
    let mut end = 0;
    for _ in 0..count {
        let rest = body.get(end..).unwrap_or_default();
        match rest.windows(2).position(|pair| pair == b"\r\n") {
            Some(at) => end += at + 2,
            None => return body,
        }
    }
    body.get(..end).unwrap_or(body)
}

/// `bytes` with a dot before each line that begins with one, and a CRLF at the end.
fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(bytes.len() + 16);
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").map_or(rest.len(), |at| at + 2);
        let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
        rest = tail;
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_stuffed_at_the_start_of_lines_only() {
        assert_eq!(stuffed(b".\r\na.\r\n..b\n.c"), b"..\r\na.\r\n...b\n.c\r\n");
        assert_eq!(stuffed(b""), b"\r\n");
    }
}
