use std::io;
use std::sync::PoisonError;

use super::path::{self, Path, Refusal};
use super::{Accepted, Recipient};
use crate::options::Protocol;
use crate::server::Shared;
use crate::wire::{Go, Wire};

/// One SMTP connection.
pub(crate) struct Session<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) shared: &'a Shared,
    /// Whether EHLO was said since the connection or its TLS began.
    greeted: bool,
    pub(super) user: Option<String>,
    pub(super) mail: Option<Transaction>,
}

/// What MAIL began.
pub(super) struct Transaction {
    pub(super) from: Path,
    pub(super) recipients: Vec<Recipient>,
    /// What BDAT brought so far, once it came; DATA is then out of the question.
    pub(super) chunks: Option<Vec<u8>>,
}

const NAME: &str = "mx.example.test";

/// Speaks SMTP until the client quits or the connection ends.
pub(crate) async fn serve(wire: &mut Wire, shared: &Shared) -> io::Result<()> {
    let mut session = Session { wire, shared, greeted: false, user: None, mail: None };
    if session.wire.begin(b"", None).await? == Go::Ahead {
        session.wire.say(format!("220 {NAME} ESMTP"));
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

impl Session<'_> {
    /// Carries one command out; true after QUIT.
    async fn command(&mut self, line: &[u8]) -> io::Result<bool> {
        let (verb, argument) = split(line);
        match verb.as_str() {
            "EHLO" => self.ehlo(argument),
            "HELO" => self.helo(argument),
            "STARTTLS" => self.start_tls(argument).await?,
            "AUTH" => self.auth(argument).await?,
            "MAIL" => self.mail(argument),
            "RCPT" => self.rcpt(argument),
            "DATA" => self.data(argument).await?,
            "BDAT" => self.bdat(argument).await?,
            "RSET" => {
                self.mail = None;
                self.reply(250, "2.0.0", "ok");
            }
            "NOOP" => self.reply(250, "2.0.0", "ok"),
            "VRFY" => self.reply(252, "2.5.0", "send some mail, and see"),
            "HELP" => self.reply(214, "2.0.0", "see RFC 5321"),
            "QUIT" => {
                self.reply(221, "2.0.0", "bye");
                return Ok(true);
            }
            _ => self.reply(500, "5.5.2", "unknown command"),
        }
        Ok(false)
    }

    fn ehlo(&mut self, argument: &[u8]) {
        if argument.is_empty() {
            return self.reply(501, "5.5.4", "EHLO needs a name");
        }
        self.greeted = true;
        self.mail = None;
        let mut lines = vec![NAME.to_owned()];
        lines.extend(self.extensions());
        let last = lines.len() - 1;
        for (index, line) in lines.iter().enumerate() {
            self.wire.say(format!("250{}{line}", if index == last { ' ' } else { '-' }));
        }
    }

    fn helo(&mut self, argument: &[u8]) {
        if argument.is_empty() {
            return self.reply(501, "5.5.4", "HELO needs a name");
        }
        self.greeted = true;
        self.mail = None;
        self.wire.say(format!("250 {NAME}"));
    }

    fn extensions(&self) -> Vec<String> {
        let options = &self.shared.options;
        let shown = |name: &String| match name.as_str() {
            "STARTTLS" if self.wire.is_tls() => None,
            "SIZE" => Some(format!("SIZE {}", options.max_message)),
            name if name.starts_with("AUTH=") => None,
            name => Some(name.to_owned()),
        };
        let mut lines: Vec<String> = options.capabilities(Protocol::Smtp).iter().filter_map(shown).collect();
        let mechanisms = options.mechanisms(Protocol::Smtp);
        if self.may_log_in() && !mechanisms.is_empty() {
            lines.push(format!("AUTH {}", mechanisms.join(" ")));
        }
        lines
    }

    pub(super) fn may_log_in(&self) -> bool {
        self.wire.is_tls() || self.shared.options.login_before_tls
    }

    async fn start_tls(&mut self, argument: &[u8]) -> io::Result<()> {
        if !self.offers("STARTTLS") {
            self.reply(502, "5.5.1", "STARTTLS is not offered");
        } else if self.wire.is_tls() {
            self.reply(503, "5.5.1", "TLS is up already");
        } else if !argument.is_empty() {
            self.reply(501, "5.5.4", "STARTTLS takes no argument");
        } else {
            self.reply(220, "2.0.0", "go ahead");
            self.wire.finish().await?;
            self.wire.start_tls().await?;
            // Nothing that was said before the handshake counts (RFC 3207, section 4.2).
            (self.greeted, self.user, self.mail) = (false, None, None);
        }
        Ok(())
    }

    fn mail(&mut self, argument: &[u8]) {
        if self.mail.is_some() {
            return self.reply(503, "5.5.1", "a transaction is open");
        }
        if let Err(refusal) = self.ready() {
            return self.refuse(refusal);
        }
        let parsed = path::parse(argument, "FROM:");
        match parsed.and_then(|path| path::check_mail(&path, self).map(|()| path)) {
            Ok(from) => {
                self.mail = Some(Transaction { from, recipients: Vec::new(), chunks: None });
                self.reply(250, "2.1.0", "sender ok");
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn rcpt(&mut self, argument: &[u8]) {
        let Some(mail) = &self.mail else {
            return self.reply(503, "5.5.1", "MAIL first");
        };
        let utf8 = path::has(&mail.from.params, "SMTPUTF8");
        let parsed = path::parse(argument, "TO:");
        let checked = parsed.and_then(|path| path::check_rcpt(&path, utf8, self).map(|()| path));
        match (checked, &mut self.mail) {
            (Ok(Path { address, params }), Some(mail)) => {
                mail.recipients.push(Recipient { address, params });
                self.reply(250, "2.1.5", "recipient ok");
            }
            (Err(refusal), _) => self.refuse(refusal),
            (Ok(_), None) => self.reply(503, "5.5.1", "MAIL first"),
        }
    }

    fn ready(&self) -> Result<(), Refusal> {
        if !self.greeted {
            return Err((503, "5.5.1", "EHLO first"));
        }
        if !self.may_log_in() {
            return Err((530, "5.7.0", "STARTTLS first"));
        }
        if self.user.is_none() {
            return Err((530, "5.7.0", "authentication required"));
        }
        Ok(())
    }

    /// Keeps the message and puts it into its recipients' INBOX.
    pub(super) fn accept(&mut self, mail: Transaction, bytes: Vec<u8>) {
        let too_long = bytes.len() > self.shared.options.max_message;
        let eight_bit =
            path::value(&mail.from.params, "BODY").is_some_and(|body| body.eq_ignore_ascii_case("8BITMIME"));
        if too_long {
            return self.reply(552, "5.3.4", "message size exceeds the fixed limit");
        }
        if !bytes.is_ascii() && !eight_bit {
            return self.reply(554, "5.6.1", "8-bit data without BODY=8BITMIME");
        }
        for recipient in &mail.recipients {
            self.shared.deliver(&recipient.address, "INBOX", &bytes);
        }
        let mut accepted = self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.push(Accepted {
            user: self.user.clone().unwrap_or_default(),
            mail_from: mail.from.address,
            mail_params: mail.from.params,
            recipients: mail.recipients,
            bytes,
        });
        let queued = format!("queued as {}", accepted.len());
        drop(accepted);
        self.reply(250, "2.0.0", &queued);
    }

    pub(super) fn refuse(&mut self, (code, enhanced, text): Refusal) {
        self.reply(code, enhanced, text);
    }

    /// One reply line, with its enhanced code where these are offered (RFC 2034).
    pub(super) fn reply(&mut self, code: u16, enhanced: &str, text: &str) {
        if self.offers("ENHANCEDSTATUSCODES") {
            self.wire.say(format!("{code} {enhanced} {text}"));
        } else {
            self.wire.say(format!("{code} {text}"));
        }
    }
}

/// The verb in capitals, and what follows the blank behind it.
fn split(line: &[u8]) -> (String, &[u8]) {
    let end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    (String::from_utf8_lossy(verb).to_ascii_uppercase(), rest.trim_ascii())
}
