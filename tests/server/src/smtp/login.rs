//! AUTH (RFC 4954).

use std::io;

use super::session::Session;
use crate::options::Protocol;
use crate::sasl::{self, Exchange, Step};

impl Session<'_> {
    pub(super) async fn auth(&mut self, argument: &[u8]) -> io::Result<()> {
        if self.user.is_some() {
            self.reply(503, "5.5.1", "logged in already");
            return Ok(());
        }
        if !self.may_log_in() {
            self.reply(538, "5.7.11", "encryption required");
            return Ok(());
        }
        let mut words = argument.splitn(2, |&byte| byte == b' ');
        let name = String::from_utf8_lossy(words.next().unwrap_or_default()).to_ascii_uppercase();
        let offered = self.shared.options.mechanisms(Protocol::Smtp).contains(&name.as_str());
        match Exchange::begin(&name).filter(|_| offered) {
            Some((exchange, challenge)) => self.exchange(exchange, challenge, words.next()).await,
            None => {
                self.reply(504, "5.5.4", "mechanism not offered");
                Ok(())
            }
        }
    }

    async fn exchange(
        &mut self,
        mut exchange: Exchange,
        challenge: &[u8],
        initial: Option<&[u8]>,
    ) -> io::Result<()> {
        let mut response = match initial {
            // A lone `=` stands for an empty initial response (RFC 4954, section 4).
            Some(b"=") => Vec::new(),
            Some(initial) => initial.to_vec(),
            None => self.challenge(challenge).await?,
        };
        loop {
            let Some(decoded) = sasl::decode(&response).filter(|_| response != b"*") else {
                self.reply(501, "5.5.2", "cancelled, or not Base64");
                return Ok(());
            };
            match exchange.step(&decoded, &self.shared.store) {
                Step::Challenge(challenge) => response = self.challenge(&challenge).await?,
                Step::Done(user) => {
                    self.user = Some(user);
                    self.reply(235, "2.7.0", "logged in");
                    return Ok(());
                }
                Step::Denied => {
                    self.reply(535, "5.7.8", "credentials are wrong");
                    return Ok(());
                }
                Step::Malformed => {
                    self.reply(501, "5.5.2", "malformed response");
                    return Ok(());
                }
            }
        }
    }

    async fn challenge(&mut self, challenge: &[u8]) -> io::Result<Vec<u8>> {
        self.wire.say(format!("334 {}", sasl::encode(challenge)));
        self.wire.flush().await?;
        self.wire.line().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
