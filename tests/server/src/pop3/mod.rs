//! POP3 (RFC 1939) with CAPA (RFC 2449), STLS (RFC 2595) and AUTH (RFC 5034).

mod login;
mod maildrop;
mod session;

pub(crate) use session::serve;
