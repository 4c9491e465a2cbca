use std::io;
use std::sync::PoisonError;

use super::parser::{Failure, Parser, Reply, bad, no};
use super::selected::Selected;
use crate::options::Protocol;
use crate::server::Shared;
use crate::wire::{Go, Wire};

/// One IMAP connection.
pub(crate) struct Session<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) shared: &'a Shared,
    /// The tag of the command at work.
    pub(super) tag: String,
    pub(super) user: Option<String>,
    pub(super) selected: Option<Selected>,
    /// How many of the server's alerts this session has heard.
    pub(super) alerts: usize,
    /// BYE was said.
    pub(super) over: bool,
}

/// What the session does next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// The tagged reply is not sent yet.
    Reply(Reply),
    /// It is part of the reply already, or sent.
    Replied,
}

/// Speaks IMAP until the client logs out or the connection ends.
pub(crate) async fn serve(wire: &mut Wire, shared: &Shared) -> io::Result<()> {
    let alerts = shared.alerts.lock().unwrap_or_else(PoisonError::into_inner).len();
    let mut session =
        Session { wire, shared, tag: String::new(), user: None, selected: None, alerts, over: false };
    if session.wire.begin(b"", None).await? == Go::Ahead {
        session.greet();
        session.wire.finish().await?;
    }
    while let Some(line) = session.wire.line().await? {
        if !session.one(line).await? {
            break;
        }
    }
    Ok(())
}

impl Session<'_> {
    fn greet(&mut self) {
        let capabilities = self.capabilities();
        self.user = self.shared.options.preauth.clone();
        let status = if self.user.is_some() { "PREAUTH" } else { "OK" };
        self.wire.say(format!("* {status} [CAPABILITY {capabilities}] mail.example.test"));
    }

    /// Reads the rest of one command, carries it out and replies; false when the session is over.
    async fn one(&mut self, line: Vec<u8>) -> io::Result<bool> {
        let Some((tag, command)) = split_tag(&line) else {
            self.wire.say("* BAD no tag");
            self.wire.finish().await?;
            return Ok(true);
        };
        self.tag = String::from_utf8_lossy(tag).into_owned();
        if self.wire.begin(command, Some(tag)).await? == Go::Skip {
            self.swallow_literals(line).await?;
            return Ok(true);
        }
        let Some(command) = self.with_literals(command.to_vec()).await? else {
            self.wire.finish().await?;
            return Ok(!self.over);
        };
        let next = self.carry_out(&command).await?;
        if let Next::Reply(reply) = &next {
            // EXPUNGE would change the numbers under a command that uses them (RFC 3501, section 7.4.1).
            let verb = String::from_utf8_lossy(&command).to_ascii_uppercase();
            let numbered = ["FETCH", "STORE", "SEARCH"].iter().any(|name| verb.starts_with(name));
            self.report(!numbered);
            if !self.over {
                self.wire.say(match reply {
                    Ok(text) => format!("{} OK {text}", self.tag),
                    Err(Failure::No(text)) => format!("{} NO {text}", self.tag),
                    Err(Failure::Bad(text)) => format!("{} BAD {text}", self.tag),
                });
            }
        }
        self.wire.finish().await?;
        Ok(!self.over)
    }

    /// Fetches the literals that the end of the line announces, and the lines behind them; `None` when one was refused.
    async fn with_literals(&mut self, mut command: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        let limit = self.shared.options.max_message;
        // Where the line behind the last literal begins: what stands in a literal announces none.
        let mut line = 0;
        while let Some((size, synchronizing)) = announced(command.get(line..).unwrap_or_default()) {
            let plus = self.shared.options.offers(Protocol::Imap, "LITERAL+");
            if !synchronizing && (!plus || size > limit) {
                // What follows can't be told from commands.
                self.wire.say("* BYE literal not acceptable");
                self.over = true;
                return Ok(None);
            }
            if size > limit {
                self.wire.say(format!("{} NO [TOOBIG] larger than {limit} octets", self.tag));
                return Ok(None);
            }
            if synchronizing {
                self.wire.say("+ go ahead");
                self.wire.flush().await?;
            }
            command.extend_from_slice(b"\r\n");
            command.extend(self.wire.exact(size).await?);
            line = command.len();
            command.extend(self.wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?);
        }
        Ok(Some(command))
    }

    /// Reads past the non-synchronizing literals of a command that a fault has answered.
    async fn swallow_literals(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        while let Some((size, false)) = announced(&line) {
            self.wire.exact(size).await?;
            line = self.wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, command: &[u8]) -> io::Result<Next> {
        let mut rest = Parser::new(command);
        let verb = match rest.keyword() {
            Ok(verb) => verb,
            Err(failure) => return Ok(Next::Reply(Err(failure))),
        };
        match verb.as_str() {
            "LOGOUT" => {
                self.wire.say("* BYE see you");
                self.wire.say(format!("{} OK bye", self.tag));
                self.over = true;
                return Ok(Next::Replied);
            }
            "STARTTLS" => return self.start_tls().await,
            "AUTHENTICATE" => return Ok(Next::Reply(self.authenticate(rest).await?)),
            "IDLE" if self.selected.is_some() || self.user.is_some() => {
                return Ok(Next::Reply(self.idle(rest).await?));
            }
            _ => {}
        }
        Ok(Next::Reply(self.simple(&verb, rest)))
    }

    /// The commands that are done without further words of the client.
    fn simple(&mut self, verb: &str, mut rest: Parser<'_>) -> Reply {
        match verb {
            "CAPABILITY" => {
                let capabilities = self.capabilities();
                self.wire.say(format!("* CAPABILITY {capabilities}"));
                rest.end().map(|()| "done".to_owned())
            }
            "NOOP" => rest.end().map(|()| "done".to_owned()),
            "ID" => self.id(rest),
            "LOGIN" => self.login(rest),
            _ if self.user.is_none() => bad("unknown, or log in first"),
            "ENABLE" => {
                self.needs("ENABLE")?;
                self.wire.say("* ENABLED");
                Ok("done".to_owned())
            }
            "NAMESPACE" => {
                self.needs("NAMESPACE")?;
                self.wire.say("* NAMESPACE ((\"\" \"/\")) NIL NIL");
                rest.end().map(|()| "done".to_owned())
            }
            "LIST" => self.list(rest),
            "LSUB" => self.lsub(rest),
            "SUBSCRIBE" => self.subscribe(rest, true),
            "UNSUBSCRIBE" => self.subscribe(rest, false),
            "CREATE" => self.create(rest),
            "DELETE" => self.delete(rest),
            "RENAME" => self.rename(rest),
            "STATUS" => self.status(rest),
            "SELECT" => self.select(rest, false),
            "EXAMINE" => self.select(rest, true),
            "APPEND" => self.append(rest),
            _ if self.selected.is_none() => bad("unknown, or select a mailbox first"),
            "CHECK" => rest.end().map(|()| "done".to_owned()),
            "CLOSE" => self.close(true),
            "UNSELECT" => self.close(false),
            "UID" => {
                let verb = rest.space().and_then(|()| rest.keyword())?;
                self.on_messages(&verb, rest, true)
            }
            _ => self.on_messages(verb, rest, false),
        }
    }

    fn on_messages(&mut self, verb: &str, mut rest: Parser<'_>, uid: bool) -> Reply {
        match verb {
            "EXPUNGE" if !uid => return self.expunge(rest, false),
            "FETCH" | "STORE" | "COPY" | "MOVE" | "SEARCH" | "EXPUNGE" => rest.space()?,
            _ => return bad("unknown command"),
        }
        match verb {
            "FETCH" => self.fetch(rest, uid),
            "STORE" => self.store(rest, uid),
            "COPY" => self.copy(rest, uid, false),
            "MOVE" => self.copy(rest, uid, true),
            "SEARCH" => self.search(rest, uid),
            _ => self.expunge(rest, true),
        }
    }

    async fn start_tls(&mut self) -> io::Result<Next> {
        if !self.shared.options.offers(Protocol::Imap, "STARTTLS") || self.wire.is_tls() {
            return Ok(Next::Reply(bad("STARTTLS is not offered")));
        }
        if self.user.is_some() {
            return Ok(Next::Reply(bad("logged in already")));
        }
        self.wire.say(format!("{} OK begin TLS", self.tag));
        self.wire.finish().await?;
        self.wire.start_tls().await?;
        Ok(Next::Replied)
    }

    fn id(&mut self, mut rest: Parser<'_>) -> Reply {
        self.needs("ID")?;
        rest.space()?;
        if rest.peek() == Some(b'(') {
            let words = rest.list(|item| match item.peek() {
                Some(b'"' | b'{') => item.string().map(|_| ()),
                _ if item.keyword()? == "NIL" => Ok(()),
                _ => bad("expected a string or NIL"),
            })?;
            if words.len() % 2 == 1 {
                return bad("a field without its value");
            }
        } else if rest.keyword()? != "NIL" {
            return bad("expected a list or NIL");
        }
        rest.end()?;
        self.wire.say("* ID (\"name\" \"postseal-test-server\")");
        Ok("done".to_owned())
    }

    /// The capabilities as they are at this moment.
    pub(super) fn capabilities(&self) -> String {
        let options = &self.shared.options;
        let open = self.wire.is_tls() || options.login_before_tls;
        let shown = |name: &&String| match name.as_str() {
            "STARTTLS" => !self.wire.is_tls(),
            name if name.starts_with("AUTH=") => open,
            _ => true,
        };
        let mut words: Vec<&str> =
            options.capabilities(Protocol::Imap).iter().filter(shown).map(String::as_str).collect();
        if !open {
            words.push("LOGINDISABLED");
        }
        words.join(" ")
    }

    /// Refuses what needs a capability that isn't offered.
    pub(super) fn needs(&self, capability: &str) -> Result<(), Failure> {
        let offered = self.shared.options.offers(Protocol::Imap, capability);
        if offered { Ok(()) } else { bad(&format!("{capability} is not offered")) }
    }

    /// The user who is logged in.
    pub(super) fn user(&self) -> Result<String, Failure> {
        self.user.clone().map_or_else(|| no("log in first"), Ok)
    }
}

fn split_tag(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|&byte| byte == b' ')?;
    let (tag, rest) = line.split_at_checked(end)?;
    let fine = !tag.is_empty() && tag.iter().all(|&byte| super::parser::is_atom(byte) && byte != b'+');
    fine.then_some((tag, rest.get(1..)?))
}

/// The literal that the end of `line` announces: its size, and whether the client waits for our `+` (RFC 7888).
fn announced(line: &[u8]) -> Option<(usize, bool)> {
    let inner = line.strip_suffix(b"}")?;
    let start = inner.iter().rposition(|&byte| byte == b'{')?;
    let text = std::str::from_utf8(inner.get(start + 1..)?).ok()?;
    let digits = text.strip_suffix('+').unwrap_or(text);
    Some((digits.parse().ok()?, digits.len() == text.len()))
}
