use super::conversation::Conversation;
use super::reply;
use crate::Error;

/// The most capabilities that a server may announce.
pub(super) const MAX_CAPABILITIES: usize = 200;

/// What a POP3 server offers, as it says in its answer to CAPA (RFC 2449).
///
/// A server that does not know CAPA offers the minimum of RFC 1939; whether it has UIDL and TOP shows when they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pop3Capabilities {
    /// Names in upper case, with what follows them; `None` where CAPA was refused.
    announced: Option<Vec<(String, String)>>,
}

impl Pop3Capabilities {
    /// Asks for the capabilities.
    pub(super) async fn ask(conversation: &mut Conversation) -> Result<Self, Error> {
        match conversation.command("CAPA", "CAPA").await {
            Ok(_) => {}
            Err(Error::Refused(_)) => return Ok(Self { announced: None }),
            Err(error) => return Err(error),
        }
        let mut announced = Vec::new();
        let take = |line: &[u8]| {
            let text = String::from_utf8_lossy(line);
            let (name, arguments) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            announced.push((name.to_ascii_uppercase(), arguments.trim().to_owned()));
            Ok(())
        };
        conversation.lines("the list of capabilities", MAX_CAPABILITIES, take).await?;
        Ok(Self { announced: Some(announced) })
    }

    /// Asks again after the login where that may bring something: Gmail announces PIPELINING only then.
    pub(super) async fn after_login(self, conversation: &mut Conversation) -> Result<Self, Error> {
        if ["PIPELINING", "TOP", "UIDL"].iter().all(|name| self.has(name)) {
            return Ok(self);
        }
        let now = Self::ask(conversation).await?;
        Ok(if now.is_known() { now } else { self })
    }

    /// Whether the server announced its capabilities at all.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.announced.is_some()
    }

    /// Whether the server announced the capability `name`, such as `TOP`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.arguments(name).is_some()
    }

    /// What the server announced behind the capability `name`: `60` for `EXPIRE 60`; empty where there is nothing.
    #[must_use]
    pub fn arguments(&self, name: &str) -> Option<&str> {
        let announced = self.announced.as_deref().unwrap_or_default();
        announced
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, arguments)| arguments.as_str())
    }

    /// Whether it is worth trying `name`: it was announced, or nothing is known.
    pub(super) fn may_have(&self, name: &str) -> bool {
        !self.is_known() || self.has(name)
    }

    /// Whether the SASL mechanism `name` was announced (RFC 5034, section 3).
    pub(super) fn has_mechanism(&self, name: &str) -> bool {
        let mechanisms = self.arguments("SASL").unwrap_or_default();
        reply::words(mechanisms.as_bytes()).any(|offered| offered.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Whether commands may be sent before the answers to earlier ones (RFC 2449, section 6.6).
    pub(super) fn has_pipelining(&self) -> bool {
        self.has("PIPELINING")
    }
}
