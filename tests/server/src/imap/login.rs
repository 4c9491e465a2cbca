//! LOGIN and AUTHENTICATE.

use std::io;

use super::parser::{Parser, Reply, bad, no};
use super::session::Session;
use crate::options::Protocol;
use crate::sasl::{self, Exchange, Step};

impl Session<'_> {
    pub(super) fn login(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let user = rest.astring()?;
        rest.space()?;
        let password = rest.astring()?;
        rest.end()?;
        self.may_log_in()?;
        let step = sasl::check(&user, &password, &self.shared.store);
        self.settle(step)
    }

    /// AUTHENTICATE (RFC 3501, section 6.2.2), with an initial response where SASL-IR is offered (RFC 4959).
    pub(super) async fn authenticate(&mut self, mut rest: Parser<'_>) -> io::Result<Reply> {
        let parsed = rest.space().and_then(|()| rest.keyword()).and_then(|name| {
            self.may_log_in()?;
            let offered = self.shared.options.mechanisms(Protocol::Imap).contains(&name.as_str());
            Exchange::begin(&name).filter(|_| offered).map_or_else(|| no("mechanism not offered"), Ok)
        });
        let (mut exchange, challenge) = match parsed {
            Ok(begun) => begun,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut response = if rest.eat(b' ') {
            if let Err(failure) = self.needs("SASL-IR") {
                return Ok(Err(failure));
            }
            if rest.rest() == b"=" { Vec::new() } else { rest.rest().to_vec() }
        } else {
            self.challenge(challenge).await?
        };
        loop {
            let Some(decoded) = sasl::decode(&response).filter(|_| response != b"*") else {
                return Ok(bad("cancelled, or not Base64"));
            };
            match exchange.step(&decoded, &self.shared.store) {
                Step::Challenge(challenge) => response = self.challenge(&challenge).await?,
                step => return Ok(self.settle(step)),
            }
        }
    }

    fn may_log_in(&self) -> Result<(), super::parser::Failure> {
        if self.user.is_some() {
            return bad("logged in already");
        }
        if !self.wire.is_tls() && !self.shared.options.login_before_tls {
            return no("[PRIVACYREQUIRED] STARTTLS first");
        }
        Ok(())
    }

    fn settle(&mut self, step: Step) -> Reply {
        match step {
            Step::Done(user) => {
                self.user = Some(user);
                Ok(format!("[CAPABILITY {}] logged in", self.capabilities()))
            }
            Step::Malformed => bad("malformed response"),
            Step::Denied | Step::Challenge(_) => no("[AUTHENTICATIONFAILED] credentials are wrong"),
        }
    }

    async fn challenge(&mut self, challenge: &[u8]) -> io::Result<Vec<u8>> {
        self.wire.say(format!("+ {}", sasl::encode(challenge)));
        self.wire.flush().await?;
        self.wire.line().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
