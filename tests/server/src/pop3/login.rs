//! USER, PASS and AUTH.

use std::io;

use super::maildrop::Maildrop;
use super::session::{Reply, Session, err, ok};
use crate::options::Protocol;
use crate::sasl::{self, Exchange, Step};

impl Session<'_> {
    pub(super) fn user(&mut self, name: &str) -> Reply {
        self.check_state()?;
        if !self.offers("USER") {
            return err("USER is not offered");
        }
        // Whether there is such a user is nobody's business.
        self.name = Some(name.to_owned());
        ok("and the password?")
    }

    pub(super) fn pass(&mut self, password: &str) -> Reply {
        self.check_state()?;
        let Some(name) = self.name.take() else {
            return err("USER first");
        };
        let step = sasl::check(name.as_bytes(), password.as_bytes(), &self.shared.store);
        self.settle(step)
    }

    pub(super) async fn auth(&mut self, argument: &str) -> io::Result<Reply> {
        if let Err(refusal) = self.check_state() {
            return Ok(Err(refusal));
        }
        let (name, initial) =
            argument.split_once(' ').map_or((argument, None), |(name, rest)| (name, Some(rest)));
        let name = name.to_ascii_uppercase();
        let offered = self.shared.options.mechanisms(Protocol::Pop3).contains(&name.as_str());
        let Some((mut exchange, challenge)) = Exchange::begin(&name).filter(|_| offered) else {
            return Ok(err("mechanism not offered"));
        };
        let mut response = match initial {
            // A lone `=` stands for an empty initial response (RFC 5034, section 4).
            Some("=") => Vec::new(),
            Some(initial) => initial.as_bytes().to_vec(),
            None => self.challenge(challenge).await?,
        };
        loop {
            let Some(decoded) = sasl::decode(&response).filter(|_| response != b"*") else {
                return Ok(err("cancelled, or not Base64"));
            };
            match exchange.step(&decoded, &self.shared.store) {
                Step::Challenge(challenge) => response = self.challenge(&challenge).await?,
                step => return Ok(self.settle(step)),
            }
        }
    }

    fn check_state(&self) -> Result<(), String> {
        if self.drop.is_some() {
            return Err("logged in already".to_owned());
        }
        if !self.may_log_in() {
            return Err("STLS first".to_owned());
        }
        Ok(())
    }

    fn settle(&mut self, step: Step) -> Reply {
        let Step::Done(user) = step else {
            return err("[AUTH] credentials are wrong");
        };
        self.drop = Maildrop::lock(self.shared, &user);
        if self.drop.is_some() { ok("logged in") } else { err("[IN-USE] another session holds the maildrop") }
    }

    async fn challenge(&mut self, challenge: &[u8]) -> io::Result<Vec<u8>> {
        self.wire.say(format!("+ {}", sasl::encode(challenge)));
        self.wire.flush().await?;
        self.wire.line().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
