//! Commands, worded by lettre's types: the only place that knows them.

use lettre::transport::smtp::commands::{Ehlo, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter, RcptParameter};
use postseal_types::{Address, Envelope};

use super::extensions::SmtpExtensions;
use super::options::{Dsn, SendOptions};
use crate::Error;

pub(super) const DATA: &str = "DATA\r\n";
pub(super) const RSET: &str = "RSET\r\n";
pub(super) const NOOP: &str = "NOOP\r\n";
pub(super) const QUIT: &str = "QUIT\r\n";

/// EHLO with a name that is the same on every device. The host's own name or address is nobody's business: servers write it into
/// the Received header, for every recipient to read; and behind NAT it says nothing true (RFC 5321, section 4.1.4, asks for a
/// literal where there is no name).
pub(super) fn ehlo() -> String {
    Ehlo::new(ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST)).to_string()
}

/// MAIL, with what the server must know of the message.
///
/// # Errors
///
/// [`Error::InvalidInput`] for an envelope without recipients, or a message longer than the server takes; [`Error::Unsupported`]
/// for what the server would not understand.
pub(super) fn mail(
    envelope: &Envelope,
    message: &[u8],
    options: &SendOptions,
    server: &SmtpExtensions,
) -> Result<String, Error> {
    if envelope.to.is_empty() {
        return Err(Error::invalid("envelope", "it has no recipient"));
    }
    let parameters = mail_parameters(envelope, message, options, server)?;
    Ok(Mail::new(envelope.from.as_ref().map(on_the_wire), parameters).to_string())
}

/// RCPT for one recipient.
pub(super) fn rcpt(to: &Address, options: &SendOptions) -> String {
    let parameters = options.dsn.as_ref().map_or_else(Vec::new, |dsn| rcpt_parameters(dsn, to));
    Rcpt::new(on_the_wire(to), parameters).to_string()
}

/// lettre writes a domain as it is given, so it is given A-labels. "Dangerous" means that lettre does not check it again: our
/// `Address` has, and lettre would refuse some that are valid, such as IPv6 literals.
fn on_the_wire(address: &Address) -> lettre::Address {
    lettre::Address::new_dangerous(address.local(), address.ascii_domain())
}

fn mail_parameters(
    envelope: &Envelope,
    message: &[u8],
    options: &SendOptions,
    server: &SmtpExtensions,
) -> Result<Vec<MailParameter>, Error> {
    let mut parameters = Vec::new();
    if let Some(limit) = server.max_size.filter(|&limit| message.len() as u64 > limit) {
        let reason = format!("it has {} octets, and the server takes no more than {limit}", message.len());
        return Err(Error::invalid("message", reason));
    }
    if server.size {
        parameters.push(MailParameter::Size(message.len()));
    }
    // Neither is ever converted: that would change what was signed.
    if !message.is_ascii() {
        supported(server.eight_bit_mime, "8BITMIME")?;
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    if envelope.from.iter().chain(&envelope.to).any(Address::needs_smtputf8) {
        supported(server.smtputf8, "SMTPUTF8")?;
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if let Some(dsn) = &options.dsn {
        supported(server.dsn, "DSN")?;
        let other = |keyword: &str, value: &str| MailParameter::Other {
            keyword: keyword.to_owned(),
            value: Some(value.to_owned()),
        };
        parameters.extend(dsn.returned.map(|returned| other("RET", returned.value())));
        parameters.extend(dsn.envelope_id.as_ref().map(|id| other("ENVID", id.as_str())));
    }
    Ok(parameters)
}

const fn supported(is_offered: bool, extension: &'static str) -> Result<(), Error> {
    if is_offered { Ok(()) } else { Err(Error::Unsupported { extension }) }
}

fn rcpt_parameters(dsn: &Dsn, recipient: &Address) -> Vec<RcptParameter> {
    let other =
        |keyword: &str, value| RcptParameter::Other { keyword: keyword.to_owned(), value: Some(value) };
    let mut parameters = Vec::new();
    parameters.extend(dsn.notify.map(|notify| other("NOTIFY", notify.value())));
    if dsn.original_recipient {
        parameters.push(other("ORCPT", original_recipient(recipient)));
    }
    parameters
}

/// The value of ORCPT before lettre encodes it as xtext: the recipient itself, as RFC 3461 (section 4.2) demands of whoever submits.
fn original_recipient(recipient: &Address) -> String {
    let address = recipient.to_wire();
    if address.is_ascii() {
        return format!("rfc822;{address}");
    }
    // RFC 6533, section 3: UTF-8 as it is, and an escape of its own for what xtext would escape.
    let escape = |c: char| match c {
        ' ' | '+' | '=' | '\\' => format!("\\x{{{:X}}}", u32::from(c)),
        _ => c.to_string(),
    };
    format!("utf-8;{}", address.chars().map(escape).collect::<String>())
}
