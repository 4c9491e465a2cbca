//! The server's side of SASL: PLAIN (RFC 4616), LOGIN and XOAUTH2, without the framing that each protocol puts around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::store::Store;

/// An exchange that has begun.
#[derive(Debug)]
pub(crate) enum Exchange {
    Plain,
    LoginUser,
    LoginPassword(Vec<u8>),
    XOauth2,
    /// The error challenge of XOAUTH2 was sent; whatever comes back, the login has failed.
    Refused,
}

/// What the server makes of a client's response.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send this challenge.
    Challenge(Vec<u8>),
    /// This user is logged in.
    Done(String),
    /// The credentials are wrong.
    Denied,
    /// The response is not what the mechanism asks for.
    Malformed,
}

/// What XOAUTH2 sends before it refuses a token, as large providers word it.
const XOAUTH2_ERROR: &[u8] = br#"{"status":"401","schemes":"bearer","scope":"https://mail.example.test/"}"#;

impl Exchange {
    /// The exchange for `mechanism`, and the challenge for a client that sent no initial response.
    pub(crate) fn begin(mechanism: &str) -> Option<(Self, &'static [u8])> {
        match mechanism {
            "PLAIN" => Some((Self::Plain, b"")),
            "LOGIN" => Some((Self::LoginUser, b"Username:")),
            "XOAUTH2" => Some((Self::XOauth2, b"")),
            _ => None,
        }
    }

    /// Takes a response of the client, decoded.
    pub(crate) fn step(&mut self, response: &[u8], store: &Store) -> Step {
        match self {
            Self::Plain => plain(response, store),
            Self::LoginUser => {
                *self = Self::LoginPassword(response.to_vec());
                Step::Challenge(b"Password:".to_vec())
            }
            Self::LoginPassword(user) => check(user, response, store),
            Self::XOauth2 => match xoauth2(response, store) {
                Step::Denied => {
                    *self = Self::Refused;
                    Step::Challenge(XOAUTH2_ERROR.to_vec())
                }
                step => step,
            },
            Self::Refused => Step::Denied,
        }
    }
}

/// Logs in with a password.
pub(crate) fn check(user: &[u8], password: &[u8], store: &Store) -> Step {
    let user = String::from_utf8_lossy(user);
    match store.log_in(&user, |account| account.password.as_bytes() == password) {
        Some(user) => Step::Done(user),
        None => Step::Denied,
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn plain(response: &[u8], store: &Store) -> Step {
    let parts: Vec<&[u8]> = response.split(|&byte| byte == 0).collect();
    match parts.as_slice() {
        [as_user, user, password] if as_user.is_empty() || as_user == user => check(user, password, store),
        [_, _, _] => Step::Denied,
        _ => Step::Malformed,
    }
}

/// `user=` address `^A` `auth=Bearer ` token `^A^A`.
fn xoauth2(response: &[u8], store: &Store) -> Step {
    let parts = std::str::from_utf8(response).ok().and_then(|text| {
        let (user, auth) = text.strip_prefix("user=")?.split_once('\x01')?;
        Some((user, auth.strip_prefix("auth=Bearer ")?.strip_suffix("\x01\x01")?))
    });
    let Some((user, token)) = parts else {
        return Step::Malformed;
    };
    match store.log_in(user, |account| account.token.as_deref() == Some(token)) {
        Some(user) => Step::Done(user),
        None => Step::Denied,
    }
}
