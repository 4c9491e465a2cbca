//! What the scenarios of all protocols share.
#![allow(dead_code, unused_macros, reason = "each test program uses its own selection")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use postseal_session::{Error, Refusal, Security};
use postseal_types::Address;

/// Both ways to TLS.
pub(crate) const WAYS: [Security; 2] = [Security::Tls, Security::StartTls];

/// Runs each scenario, a function of a `&Site`, as one test against each kind of servers.
macro_rules! scenarios {
    ($($name:ident;)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&postseal_live::Site::in_memory().await.unwrap()).await;
            })*
        }

        mod dovecot_and_postfix {
            $(#[tokio::test]
            async fn $name() {
                let test = concat!("dovecot_and_postfix::", stringify!($name));
                if let Some(site) = postseal_live::Site::real(test).unwrap() {
                    super::$name(&site).await;
                }
            })*
        }
    };
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The server's words in a refused login.
pub(crate) fn refusal(error: &Error) -> &Refusal {
    match error {
        Error::LoginRefused(refusal) => refusal,
        other => panic!("not a refused login: {other:?}"),
    }
}
