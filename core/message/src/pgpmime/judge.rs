//! Who signed, and does that one speak for the sender.

use std::cmp::Reverse;
use std::time::SystemTime;

use postseal_types::{Address, is_unseen};

use super::Reason;
use super::open::Found;
use super::verdict::{Coverage, FromVerdict, SignatureVerdict};
use crate::mime::{AddressList, Message};
use crate::openpgp::{Fingerprint, Keyring, SignatureResult, SignatureStatus};

/// The signature that the verdict is about.
pub(super) struct Best {
    pub(super) verdict: SignatureVerdict,
    pub(super) coverage: Option<Coverage>,
}

/// The signature that says most. One that covers everything comes before one that doesn't; a good one before a bad one: anyone can
/// add a bad one, and it takes nothing away.
pub(super) fn best(found: &[Found], from: Option<&Address>, keyring: &Keyring, now: SystemTime) -> Best {
    let worth = |(result, coverage): &&Found| {
        let coverage = match coverage {
            Coverage::All => 2,
            Coverage::Part => 1,
            Coverage::Ciphertext => 0,
        };
        let status = match &result.status {
            SignatureStatus::Good { certificate, .. } => {
                let speaks = from.is_some_and(|from| speaks_for(certificate, from, keyring, now));
                if speaks { 3 } else { 2 }
            }
            SignatureStatus::UnknownSigner => 1,
            SignatureStatus::Bad(_) => 0,
        };
        Reverse((coverage, status))
    };
    match found.iter().min_by_key(worth) {
        Some((result, coverage)) => Best { verdict: verdict(result), coverage: Some(*coverage) },
        None => Best { verdict: SignatureVerdict::Unsigned, coverage: None },
    }
}

fn verdict(result: &SignatureResult) -> SignatureVerdict {
    match &result.status {
        SignatureStatus::Good { certificate, key } => {
            SignatureVerdict::Valid { signer: certificate.clone(), key: key.clone(), made: result.made }
        }
        SignatureStatus::UnknownSigner => SignatureVerdict::UnknownSigner { issuer: result.issuer.clone() },
        SignatureStatus::Bad(reason) => SignatureVerdict::Invalid { reason: reason.clone() },
    }
}

/// Whether the signer speaks for the From address.
pub(super) fn from(
    signature: &SignatureVerdict,
    from: Option<&Address>,
    keyring: &Keyring,
    now: SystemTime,
) -> FromVerdict {
    let SignatureVerdict::Valid { signer, .. } = signature else { return FromVerdict::NotProven };
    match from {
        None => FromVerdict::NotOneAddress,
        Some(from) if speaks_for(signer, from, keyring, now) => FromVerdict::SpokenFor(from.clone()),
        Some(from) => FromVerdict::OtherAddress(from.clone()),
    }
}

fn speaks_for(certificate: &Fingerprint, from: &Address, keyring: &Keyring, now: SystemTime) -> bool {
    keyring.certificate(certificate).is_some_and(|certificate| certificate.speaks_for(from, now))
}

/// The one address of the one From field, which holds `list`.
pub(super) fn sender<'a>(message: &Message, list: &'a AddressList) -> Option<&'a Address> {
    let is_one_field = message.headers().filter(|field| field.is("From")).count() == 1;
    let mut mailboxes = list.mailboxes();
    match (mailboxes.next(), mailboxes.next()) {
        (Some(mailbox), None) if is_one_field && list.invalid().next().is_none() => Some(mailbox.address()),
        _ => None,
    }
}

/// Whether there is another address than `own` around an at sign in a name, whatever surrounds it.
fn is_other(name: &str, at: usize, own: &Address) -> bool {
    let (before, after) = (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default());
    let (local, domain) = (before.trim_end(), after.trim_start());
    let (space_before, space_after) = (local.len() < before.len(), domain.len() < after.len());
    let is_domain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let domain = domain.split(|c| !is_domain(c)).next().unwrap_or_default().trim_end_matches(['.', '-', '_']);
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    // No local part is longer (RFC 5321, section 4.5.3.1.1), and each piece of it is looked at.
    let run = local.char_indices().rev().take(64).take_while(|&(_, c)| is_local(c));
    let start = run.last().map(|(start, _)| start);
    let Some((ahead, local)) = start.and_then(|start| local.split_at_checked(start)) else { return false };
    let address = |local: &str| Address::parse(&format!("{local}@{domain}")).ok();
    let is_own = |found: &Address| found.to_wire().eq_ignore_ascii_case(&own.to_wire());
    // It may stand behind a quote, or a slash.
    let starts = local.char_indices().filter(|&(_, c)| !c.is_alphanumeric()).map(|(at, c)| at + c.len_utf8());
    let mut tails = starts.chain([0]).filter_map(|start| local.get(start..));
    if tails.any(|tail| address(tail).as_ref().is_some_and(is_own)) {
        return false;
    }
    let bare = local.trim_start_matches(|c: char| !c.is_alphanumeric());
    let Some(found) = address(local).or_else(|| address(bare)) else { return false };
    match (space_before, space_after) {
        // As in "Jane @ Acme.example", whose own domain that is, and "Sale @ 9.99".
        (_, true) => {
            let top = domain.rsplit('.').next().unwrap_or_default();
            let is_name =
                domain.contains('.') && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
            is_name && found.ascii_domain() != own.ascii_domain()
        }
        // The names of other networks: "Alice @alice.example", "@alice@social.example".
        (true, false) => false,
        (false, false) => !ahead.ends_with('@'),
    }
}

/// Notes a display name that is another address: many programs show the name only.
pub(super) fn misleading_name(from: &AddressList) -> Option<Reason> {
    from.mailboxes().find_map(|mailbox| {
        let name = mailbox.name()?;
        // The at signs of other widths look the same, and what nobody sees separates nothing.
        let plain = name.replace(['\u{ff20}', '\u{fe6b}'], "@").replace(is_unseen, "");
        plain
            .match_indices('@')
            .any(|(at, _)| is_other(&plain, at, mailbox.address()))
            .then(|| Reason::MisleadingName { name: name.to_owned(), address: mailbox.address().clone() })
    })
}
