//! Credentials, and the SASL exchanges that present them (RFC 4422). The protocols carry the lines; what is in them is made here.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use postseal_types::Secret;
use zeroize::Zeroizing;

use crate::error::{Refusal, server_text};
use crate::redact::{blank, redact};
use crate::{Error, PeerFault};

/// What a client logs in with.
///
/// The user name and the password can't hold CR, LF or NUL, so neither can end a command or a field early.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Password(Secret),
    Token(Secret),
    Provider(Arc<dyn TokenProvider>),
    Certificate,
}

/// Supplies OAuth 2 access tokens.
pub trait TokenProvider: Send + Sync {
    /// An access token for a login that is about to begin.
    ///
    /// `refused` is the token that the server has just refused: it has expired or was withdrawn, so a fresh one is wanted. It is
    /// asked at most twice for one login. The error is a text for people; it ends the login as [`Error::InvalidInput`]. One that does not
    /// answer within [`Timeouts::token`](crate::Timeouts::token) is given up with [`Error::Timeout`], which ends the connection too.
    fn token<'a>(
        &'a self,
        refused: Option<&'a Secret>,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>>;
}

impl Credentials {
    /// A user name and a password.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an empty user name, or where either holds CR, LF or NUL.
    pub fn password(user: &str, password: impl Into<Secret>) -> Result<Self, Error> {
        Self::new(user, Kind::Password(sendable("password", password.into())?))
    }

    /// A user name and an OAuth 2 access token.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an empty user name, or where either holds a control character.
    pub fn token(user: &str, token: impl Into<Secret>) -> Result<Self, Error> {
        Self::new(user, Kind::Token(sendable("token", token.into())?))
    }

    /// A user name, and a provider that is asked for a token at each login.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an empty user name, or one that holds a control character.
    pub fn token_provider(user: &str, provider: Arc<dyn TokenProvider>) -> Result<Self, Error> {
        Self::new(user, Kind::Provider(provider))
    }

    /// A user name alone: the TLS handshake has shown who it is (SASL EXTERNAL, RFC 4422, appendix A), by the certificate of
    /// [`TlsConfig::client_certificate`](crate::TlsConfig::client_certificate).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an empty user name, or one that holds a control character.
    pub fn certificate(user: &str) -> Result<Self, Error> {
        Self::new(user, Kind::Certificate)
    }

    fn new(user: &str, kind: Kind) -> Result<Self, Error> {
        if user.is_empty() || user.chars().any(char::is_control) {
            return Err(Error::invalid("user name", "it is empty or holds a control character"));
        }
        Ok(Self { user: user.to_owned(), kind })
    }

    /// The user name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether a refusal is worth a second try with a fresh token.
    pub(crate) const fn can_refresh(&self) -> bool {
        matches!(self.kind, Kind::Provider(_))
    }

    /// The secret for one login; asks the token provider where there is one.
    pub(crate) async fn proof(&self, refused: Option<&Proof>) -> Result<Proof, Error> {
        let (secret, means) = match &self.kind {
            Kind::Password(password) => (password.clone(), Means::Password),
            Kind::Token(token) => (token.clone(), Means::Token),
            Kind::Provider(provider) => {
                let token = provider.token(refused.map(|proof| &proof.secret)).await;
                let token = sendable("token", token.map_err(|text| Error::invalid("token", text))?)?;
                (token, Means::Token)
            }
            Kind::Certificate => (Secret::from(""), Means::Certificate),
        };
        Ok(Proof { user: self.user.clone(), secret, means })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

fn sendable(what: &'static str, secret: Secret) -> Result<Secret, Error> {
    // SASL's text is UTF-8 (RFC 4616); 0x01 is the separator of XOAUTH2.
    match secret.expose_str() {
        Some(text) if !text.is_empty() && !text.chars().any(|c| matches!(c, '\0' | '\r' | '\n' | '\x01')) => {
            Ok(secret)
        }
        _ => Err(Error::invalid(what, "it is empty, not UTF-8, or holds CR, LF, NUL or 0x01")),
    }
}

/// What one login is backed by.
#[derive(Debug)]
pub(crate) struct Proof {
    user: String,
    /// Empty where the handshake was the proof.
    secret: Secret,
    means: Means,
}

/// What shows that somebody is who they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    Password,
    Token,
    /// The client's, in the TLS handshake.
    Certificate,
}

impl Proof {
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) const fn means(&self) -> Means {
        self.means
    }

    /// The password, for the protocols' own login commands; nothing else has such a way.
    pub(crate) fn password(&self) -> Option<&str> {
        self.secret.expose_str().filter(|_| self.means == Means::Password)
    }

    /// The refusal as an error, with nothing of the secret in it.
    pub(crate) fn refused(&self, refusal: Refusal) -> Error {
        self.redact(Error::LoginRefused(refusal))
    }

    /// `error` with nothing of the secret in it: a server may echo what it was sent in any answer.
    pub(crate) fn redact(&self, error: Error) -> Error {
        redact(error, &self.secret)
    }

    /// A server's text with nothing of the secret in it.
    pub(crate) fn blank(&self, text: &str) -> String {
        blank(text, &self.secret)
    }
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// RFC 4616.
    Plain,
    /// draft-murchison-sasl-login: obsolete, and all that some servers have.
    Login,
    /// Google's and Microsoft's: the user name and a bearer token.
    XOAuth2,
    /// RFC 7628, the standard form of the same.
    OAuthBearer,
    /// RFC 4422, appendix A: the TLS handshake has shown who it is.
    External,
}

impl Mechanism {
    /// The best mechanism for `proof` among those that the server offers.
    pub(crate) fn choose(proof: &Proof, is_offered: impl Fn(&str) -> bool) -> Option<Self> {
        let fitting: &[Self] = match proof.means {
            Means::Password => &[Self::Plain, Self::Login],
            Means::Token => &[Self::XOAuth2, Self::OAuthBearer],
            Means::Certificate => &[Self::External],
        };
        fitting.iter().copied().find(|mechanism| is_offered(mechanism.name()))
    }

    /// The name in the protocols.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOAuth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::External => "EXTERNAL",
        }
    }
}

/// A line of an exchange, as base64; wiped after use.
pub(crate) type Line = Zeroizing<String>;

/// One SASL exchange, from the client's side.
pub(crate) struct Exchange<'a> {
    mechanism: Mechanism,
    proof: &'a Proof,
    /// How many challenges were answered.
    answered: usize,
    /// What the server said of a refused token (RFC 7628, section 3.2.2).
    token_error: Option<String>,
}

impl<'a> Exchange<'a> {
    pub(crate) const fn new(mechanism: Mechanism, proof: &'a Proof) -> Self {
        Self { mechanism, proof, answered: 0, token_error: None }
    }

    /// The response that may go with the command itself, where the mechanism begins with the client.
    pub(crate) fn initial(&mut self) -> Option<Line> {
        let response = self.first_response()?;
        self.answered = 1;
        Some(response)
    }

    /// The answer to a challenge, given as base64 without its framing.
    ///
    /// # Errors
    ///
    /// [`PeerFault::Unexpected`] where the mechanism has nothing left to say.
    pub(crate) fn answer(&mut self, challenge: &[u8]) -> Result<Line, Error> {
        let turn = self.answered;
        self.answered += 1;
        match (self.mechanism, turn) {
            (Mechanism::Login, 0) => Ok(encode(self.proof.user.as_bytes())),
            (Mechanism::Login, 1) => Ok(encode(self.proof.secret.expose())),
            (Mechanism::XOAuth2, 1) => Ok(self.note_token_error(challenge, "")),
            (Mechanism::OAuthBearer, 1) => Ok(self.note_token_error(challenge, "\x01")),
            (_, 0) => self.first_response().ok_or_else(|| unexpected(challenge)),
            _ => Err(unexpected(challenge)),
        }
    }

    /// The server's refusal, with what it said of the token.
    pub(crate) fn refused(self, mut refusal: Refusal) -> Error {
        if let Some(reason) = self.token_error {
            refusal.text = format!("{} {reason}", refusal.text).trim().to_owned();
        }
        self.proof.refused(refusal)
    }

    fn first_response(&self) -> Option<Line> {
        let (user, secret) = (self.proof.user.as_str(), self.proof.secret.expose());
        let parts: &[&[u8]] = match self.mechanism {
            Mechanism::Login => return None,
            Mechanism::Plain => &[b"\0", user.as_bytes(), b"\0", secret],
            Mechanism::External => &[user.as_bytes()],
            Mechanism::XOAuth2 => &[b"user=", user.as_bytes(), b"\x01auth=Bearer ", secret, b"\x01\x01"],
            Mechanism::OAuthBearer => {
                let user = user.replace('=', "=3D").replace(',', "=2C");
                return Some(encode_parts(&[
                    b"n,a=",
                    user.as_bytes(),
                    b",\x01auth=Bearer ",
                    secret,
                    b"\x01\x01",
                ]));
            }
        };
        Some(encode_parts(parts))
    }

    /// A second challenge of the token mechanisms is the refusal's reason; a dummy answer ends the exchange.
    fn note_token_error(&mut self, challenge: &[u8], dummy: &str) -> Line {
        let decoded = BASE64.decode(challenge).unwrap_or_else(|_| challenge.to_vec());
        self.token_error = Some(server_text(&decoded));
        encode(dummy.as_bytes())
    }
}

fn encode(bytes: &[u8]) -> Line {
    Zeroizing::new(BASE64.encode(bytes))
}

fn encode_parts(parts: &[&[u8]]) -> Line {
    encode(&Zeroizing::new(parts.concat()))
}

fn unexpected(challenge: &[u8]) -> Error {
    PeerFault::unexpected("AUTH", challenge).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn proof(means: Means) -> Proof {
        let secret = Secret::from(if means == Means::Certificate { "" } else { "tanstaaf" });
        Proof { user: "tim".to_owned(), secret, means }
    }

    fn text(line: &Line) -> String {
        String::from_utf8(BASE64.decode(line.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_mechanism_fits_the_secret_and_the_offer() {
        let choose = |means, offer: &[&str]| Mechanism::choose(&proof(means), |name| offer.contains(&name));
        assert_eq!(choose(Means::Password, &["LOGIN", "PLAIN", "XOAUTH2"]), Some(Mechanism::Plain));
        assert_eq!(choose(Means::Password, &["LOGIN", "EXTERNAL"]), Some(Mechanism::Login));
        assert_eq!(choose(Means::Password, &["XOAUTH2"]), None);
        assert_eq!(choose(Means::Token, &["PLAIN", "OAUTHBEARER"]), Some(Mechanism::OAuthBearer));
        assert_eq!(choose(Means::Token, &["OAUTHBEARER", "XOAUTH2"]), Some(Mechanism::XOAuth2));
        assert_eq!(choose(Means::Certificate, &["PLAIN", "EXTERNAL"]), Some(Mechanism::External));
        assert_eq!(choose(Means::Certificate, &["PLAIN"]), None);
    }

    #[test]
    fn plain_is_said_once() {
        let proof = proof(Means::Password);
        let mut exchange = Exchange::new(Mechanism::Plain, &proof);
        assert_eq!(text(&exchange.initial().unwrap()), "\0tim\0tanstaaf");
        assert_eq!(exchange.answer(b"").err(), Some(unexpected(b"")));
        let mut exchange = Exchange::new(Mechanism::Plain, &proof);
        assert_eq!(text(&exchange.answer(b"").unwrap()), "\0tim\0tanstaaf");
    }

    #[test]
    fn external_says_the_user_name_and_nothing_else() {
        let proof = proof(Means::Certificate);
        assert_eq!(proof.password(), None);
        let mut exchange = Exchange::new(Mechanism::External, &proof);
        assert_eq!(text(&exchange.initial().unwrap()), "tim");
        assert_eq!(exchange.answer(b"").err(), Some(unexpected(b"")));
        let mut exchange = Exchange::new(Mechanism::External, &proof);
        assert_eq!(text(&exchange.answer(b"").unwrap()), "tim");
    }

    #[test]
    fn login_answers_user_name_then_password() {
        let proof = proof(Means::Password);
        let mut exchange = Exchange::new(Mechanism::Login, &proof);
        assert!(exchange.initial().is_none());
        assert_eq!(text(&exchange.answer(b"VXNlcm5hbWU6").unwrap()), "tim");
        assert_eq!(text(&exchange.answer(b"UGFzc3dvcmQ6").unwrap()), "tanstaaf");
        assert!(exchange.answer(b"").is_err());
    }

    #[test]
    fn a_refused_token_says_why_and_is_not_echoed() {
        for (mechanism, first, dummy) in [
            (Mechanism::XOAuth2, "user=tim\x01auth=Bearer tanstaaf\x01\x01", ""),
            (Mechanism::OAuthBearer, "n,a=tim,\x01auth=Bearer tanstaaf\x01\x01", "\x01"),
        ] {
            let proof = proof(Means::Token);
            let mut exchange = Exchange::new(mechanism, &proof);
            assert_eq!(text(&exchange.initial().unwrap()), first);
            let challenge = BASE64.encode(br#"{"status":"401","token":"tanstaaf"}"#);
            assert_eq!(text(&exchange.answer(challenge.as_bytes()).unwrap()), dummy);
            let Error::LoginRefused(refusal) = exchange.refused(Refusal::new("AUTH", b"denied")) else {
                unreachable!()
            };
            assert_eq!(refusal.text, r#"denied {"status":"401","token":"…"}"#);
        }
    }

    #[test]
    fn credentials_cannot_hold_what_would_end_a_line_or_a_field() {
        for (user, password) in
            [("", "x"), ("a\nb", "x"), ("a", "x\r\ny"), ("a", "x\0y"), ("a", ""), ("a", "x\x01")]
        {
            assert!(Credentials::password(user, password).is_err(), "{user:?} {password:?}");
        }
        assert_eq!(
            format!("{:?}", Credentials::password("a", "secret").unwrap()),
            r#"Credentials { user: "a", .. }"#
        );
    }

    struct Counting;

    impl TokenProvider for Counting {
        fn token<'a>(
            &'a self,
            refused: Option<&'a Secret>,
        ) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send + 'a>> {
            Box::pin(async move { Ok(Secret::from(if refused.is_some() { "second" } else { "first" })) })
        }
    }

    #[tokio::test]
    async fn a_provider_is_told_which_token_was_refused() {
        let credentials = Credentials::token_provider("tim", Arc::new(Counting)).unwrap();
        let first = credentials.proof(None).await.unwrap();
        let second = credentials.proof(Some(&first)).await.unwrap();
        assert_eq!((first.secret.expose_str(), second.secret.expose_str()), (Some("first"), Some("second")));
        assert!(credentials.can_refresh());
    }
}
