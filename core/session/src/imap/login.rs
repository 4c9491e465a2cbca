//! The ways to log in.

use zeroize::Zeroizing;

use super::capabilities::Capabilities;
use super::dialogue::{Dialogue, refusal_of};
use super::response::{Code, Condition, Response, Status};
use crate::sasl::{Exchange, Means, Mechanism, Proof};
use crate::{Error, PeerFault};

/// Presents `proof` in the best way that the server offers; afterwards the capabilities are those of the logged-in state.
pub(super) async fn present(dialogue: &mut Dialogue, proof: &Proof) -> Result<(), Error> {
    let offered = dialogue.capabilities.clone();
    let way = Way::choose(&offered, proof)?;
    // What was said before the login doesn't hold after it.
    dialogue.capabilities = Capabilities::default();
    let outcome = match way {
        Way::Sasl(mechanism) => authenticate(dialogue, mechanism, proof, offered.has("SASL-IR")).await,
        Way::Command(password) => login(dialogue, proof, password).await,
    };
    match outcome {
        Ok(Some(Code::Capability(capabilities))) => dialogue.capabilities = capabilities,
        Ok(_) => {}
        Err(error) => {
            dialogue.capabilities = offered;
            return Err(sort(error));
        }
    }
    dialogue.learn_capabilities().await
}

/// A login may be refused for reasons that are not the credentials' (RFC 5530): nobody should be asked for another password then.
fn sort(error: Error) -> Error {
    let others = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"];
    match error {
        Error::LoginRefused(refusal)
            if refusal.response_code.as_deref().is_some_and(|code| others.contains(&code)) =>
        {
            Error::Refused(refusal)
        }
        error => error,
    }
}

enum Way<'a> {
    Sasl(Mechanism),
    /// The LOGIN command, with this password.
    Command(&'a str),
}

impl<'a> Way<'a> {
    fn choose(offered: &Capabilities, proof: &'a Proof) -> Result<Self, Error> {
        let mechanism = Mechanism::choose(proof, |name| offered.has(&format!("AUTH={name}")));
        match (mechanism, proof.password()) {
            (Some(mechanism), _) => Ok(Self::Sasl(mechanism)),
            (None, Some(password)) if !offered.has("LOGINDISABLED") => Ok(Self::Command(password)),
            (None, _) => Err(Error::Unsupported {
                extension: match proof.means() {
                    Means::Password => "AUTH=PLAIN",
                    Means::Token => "AUTH=XOAUTH2",
                    Means::Certificate => "AUTH=EXTERNAL",
                },
            }),
        }
    }
}

/// RFC 9051, section 6.2.2; the first response goes along where the server takes it (RFC 4959).
async fn authenticate(
    dialogue: &mut Dialogue,
    mechanism: Mechanism,
    proof: &Proof,
    takes_initial: bool,
) -> Result<Option<Code>, Error> {
    const STEP: &str = "AUTHENTICATE";
    let mut exchange = Exchange::new(mechanism, proof);
    let tag = dialogue.begin(STEP);
    let command = format!("{tag} {STEP} {}", mechanism.name());
    match if takes_initial { exchange.initial() } else { None } {
        Some(initial) => dialogue.send_line(&[command.as_bytes(), b" ", initial.as_bytes()]).await?,
        None => dialogue.send_line(&[command.as_bytes()]).await?,
    }
    loop {
        match consent(dialogue, &tag, STEP).await? {
            Ok(challenge) => {
                let answer = exchange.answer(challenge.trim_ascii())?;
                dialogue.send_line(&[answer.as_bytes()]).await?;
            }
            Err(Condition { status: Status::Ok, code, .. }) => return Ok(code),
            Err(condition) => return Err(exchange.refused(refusal_of(STEP, condition))),
        }
    }
}

/// RFC 9051, section 6.2.3.
async fn login(dialogue: &mut Dialogue, proof: &Proof, password: &str) -> Result<Option<Code>, Error> {
    const STEP: &str = "LOGIN";
    let tag = dialogue.begin(STEP);
    let mut line = Zeroizing::new(format!("{tag} {STEP}").into_bytes());
    for text in [proof.user(), password] {
        // Room for every escape, so that nothing is left behind where the line grew.
        line.reserve(text.len() * 2 + 3);
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            line.extend_from_slice(b" \"");
            for byte in text.bytes() {
                if matches!(byte, b'"' | b'\\') {
                    line.push(b'\\');
                }
                line.push(byte);
            }
            line.push(b'"');
            continue;
        }
        let announced = format!(" {{{}}}", text.len());
        dialogue.send_line(&[&line, announced.as_bytes()]).await?;
        if let Err(condition) = consent(dialogue, &tag, STEP).await? {
            return Err(proof.refused(refusal_of(STEP, condition)));
        }
        line = Zeroizing::new(text.as_bytes().to_vec());
    }
    dialogue.send_line(&[&line]).await?;
    match consent(dialogue, &tag, STEP).await? {
        Err(Condition { status: Status::Ok, code, .. }) => Ok(code),
        Err(condition) => Err(proof.refused(refusal_of(STEP, condition))),
        Ok(text) => Err(PeerFault::unexpected(STEP, &text).into()),
    }
}

/// As [`Dialogue::consent`]. A server that has seen enough of refused logins says goodbye before its "no": only the "no" tells that it
/// was for the credentials, and that the same again would fare no better.
async fn consent(
    dialogue: &mut Dialogue,
    tag: &str,
    step: &'static str,
) -> Result<Result<Vec<u8>, Condition>, Error> {
    let goodbye = match dialogue.consent(tag, step, &mut Vec::new()).await {
        Err(goodbye @ Error::Peer(PeerFault::Goodbye { .. })) => goodbye,
        outcome => return outcome,
    };
    dialogue.is_over = true;
    let patience = dialogue.timeouts.close;
    match tokio::time::timeout(patience, dialogue.next_response(step)).await {
        Ok(Ok(Response::Done { tag: done, condition }))
            if done == tag.as_bytes() && condition.status != Status::Ok =>
        {
            Ok(Err(condition))
        }
        _ => Err(goodbye),
    }
}
