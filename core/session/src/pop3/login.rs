//! The ways to log in: SASL (RFC 5034), and USER with PASS (RFC 1939, section 7).

use zeroize::Zeroizing;

use super::Pop3Capabilities;
use super::conversation::{Conversation, MAX_LINE, MAX_SASL_LINE};
use super::reply::Status;
use crate::error::Refusal;
use crate::sasl::{Exchange, Means, Mechanism, Proof};
use crate::{Error, PeerFault};

/// The longest command (RFC 2449, section 4), CRLF included: a longer initial response waits for the server's go-ahead.
const MAX_COMMAND: usize = 255;

/// Presents `proof` in the best way that the server offers. USER and PASS are the last resort of a password, announced or not: there
/// are servers that take them and announce SASL alone (RFC 2449, section 6.3, has them announce it), and the password waits for the
/// yes to USER.
pub(super) async fn present(
    conversation: &mut Conversation,
    capabilities: &Pop3Capabilities,
    proof: &Proof,
) -> Result<(), Error> {
    let mechanism = Mechanism::choose(proof, |name| capabilities.has_mechanism(name));
    let has_user = capabilities.may_have("USER");
    let outcome = match (mechanism, proof.password()) {
        // SASL's LOGIN is no better than USER and PASS, and less exercised.
        (Some(Mechanism::Login) | None, Some(password)) if has_user => {
            user_and_pass(conversation, proof, password).await
        }
        (Some(mechanism), _) => sasl(conversation, mechanism, proof).await,
        (None, Some(password)) => match user_and_pass(conversation, proof, password).await {
            // It said so before, in its way.
            Err(Error::LoginRefused(Refusal { command: "USER", response_code: None, .. })) if !has_user => {
                Err(Error::Unsupported { extension: "USER" })
            }
            outcome => outcome,
        },
        (None, None) => Err(Error::Unsupported {
            extension: if proof.means() == Means::Certificate { "EXTERNAL" } else { "XOAUTH2" },
        }),
    };
    outcome.map_err(sort)
}

/// A login may be refused for reasons that are not the credentials' (RFC 2449, section 8.1; RFC 3206): nobody should be asked
/// for another password then.
fn sort(error: Error) -> Error {
    let others = ["IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM"];
    match error {
        Error::LoginRefused(refusal)
            if refusal.response_code.as_deref().is_some_and(|code| others.contains(&code)) =>
        {
            Error::Refused(refusal)
        }
        error => error,
    }
}

async fn user_and_pass(conversation: &mut Conversation, proof: &Proof, password: &str) -> Result<(), Error> {
    let user = format!("USER {}\r\n", proof.user());
    let pass = Zeroizing::new(["PASS ", password, "\r\n"].concat());
    for (name, line) in [("USER", user.as_str()), ("PASS", pass.as_str())] {
        conversation.send(name, line.as_bytes()).await?;
        match conversation.status(MAX_LINE).await? {
            Status::Ok(_) => {}
            Status::Refused(refusal) => return Err(proof.refused(refusal)),
            Status::Challenge(text) => return Err(PeerFault::unexpected(name, &text).into()),
        }
    }
    Ok(())
}

async fn sasl(conversation: &mut Conversation, mechanism: Mechanism, proof: &Proof) -> Result<(), Error> {
    let mut exchange = Exchange::new(mechanism, proof);
    let mut initial = exchange.initial();
    let mut line = Zeroizing::new(format!("AUTH {}", mechanism.name()));
    // With the blank and CRLF.
    if let Some(response) = initial.take_if(|response| line.len() + response.len() + 3 <= MAX_COMMAND) {
        line = Zeroizing::new([line.as_str(), " ", response.as_str()].concat());
    }
    loop {
        let whole = Zeroizing::new([line.as_str(), "\r\n"].concat());
        conversation.send("AUTH", whole.as_bytes()).await?;
        match conversation.status(MAX_SASL_LINE).await? {
            Status::Ok(_) => return Ok(()),
            Status::Refused(refusal) => return Err(exchange.refused(named(refusal, mechanism))),
            Status::Challenge(challenge) => {
                line = match initial.take() {
                    Some(response) => response,
                    None => exchange.answer(&challenge)?,
                };
            }
        }
    }
}

/// The refusal with the mechanism in the command's name.
fn named(refusal: Refusal, mechanism: Mechanism) -> Refusal {
    let command = match mechanism {
        Mechanism::Plain => "AUTH PLAIN",
        Mechanism::Login => "AUTH LOGIN",
        Mechanism::XOAuth2 => "AUTH XOAUTH2",
        Mechanism::OAuthBearer => "AUTH OAUTHBEARER",
        Mechanism::External => "AUTH EXTERNAL",
    };
    Refusal { command, ..refusal }
}
