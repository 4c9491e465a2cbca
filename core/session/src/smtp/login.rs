//! AUTH (RFC 4954).

use zeroize::Zeroizing;

use super::answer;
use super::extensions::SmtpExtensions;
use crate::sasl::{Exchange, Line, Means, Mechanism, Proof};
use crate::wire::{Secure, Wire};
use crate::{Error, Timeouts};

/// The longest command line, in octets with its CRLF (RFC 5321, section 4.5.3.1.4). An initial response that does not fit waits for
/// an empty challenge (RFC 4954, section 4): long tokens do not fit.
const MAX_COMMAND: usize = 512;

/// Presents `proof`; after [`Error::LoginRefused`] and [`Error::Unsupported`] the connection is good for another try.
pub(super) async fn log_in(
    wire: &mut Wire<Secure>,
    server: &SmtpExtensions,
    proof: &Proof,
    timeouts: &Timeouts,
) -> Result<(), Error> {
    let Some(mechanism) = Mechanism::choose(proof, |name| server.offers_auth(name)) else {
        let extension = match proof.means() {
            Means::Password => "AUTH PLAIN",
            Means::Token => "AUTH XOAUTH2",
            Means::Certificate => "AUTH EXTERNAL",
        };
        return Err(Error::Unsupported { extension });
    };
    let mut exchange = Exchange::new(mechanism, proof);
    let mut line = first_line(mechanism, proof, &mut exchange);
    loop {
        let answer = answer::ask(wire, "AUTH", &line, timeouts.progress).await?;
        match answer.class() {
            2 => return Ok(()),
            3 => line = end_line(&exchange.answer(answer.lines().next().unwrap_or_default())?),
            _ => return Err(exchange.refused(answer.refusal("AUTH"))),
        }
    }
}

/// The AUTH command, with the initial response where there is one that fits.
fn first_line<'a>(mechanism: Mechanism, proof: &'a Proof, exchange: &mut Exchange<'a>) -> Line {
    if let Some(response) = exchange.initial() {
        let line = Zeroizing::new(format!("AUTH {} {}\r\n", mechanism.name(), *response));
        if line.len() <= MAX_COMMAND {
            return line;
        }
        *exchange = Exchange::new(mechanism, proof);
    }
    Zeroizing::new(format!("AUTH {}\r\n", mechanism.name()))
}

fn end_line(response: &Line) -> Line {
    Zeroizing::new(format!("{}\r\n", **response))
}
