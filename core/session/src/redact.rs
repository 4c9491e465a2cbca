//! Secrets taken out of what a server says: some echo the line that they refuse.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use postseal_types::Secret;

use crate::{Error, PeerFault, Refusal};

/// From how many bytes on a secret is recognised; a shorter one would blank ordinary words.
const RECOGNISED: usize = 4;
const MARK: &str = "…";

/// Base64 that may have been cut anywhere.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `error` with what it holds of the server's text free of `secret`.
pub(crate) fn redact(error: Error, secret: &Secret) -> Error {
    match error {
        Error::Refused(refusal) => Error::Refused(redact_refusal(refusal, secret)),
        Error::LoginRefused(refusal) => Error::LoginRefused(redact_refusal(refusal, secret)),
        Error::Peer(PeerFault::Unexpected { step, line }) => {
            PeerFault::Unexpected { step, line: blank(&line, secret) }.into()
        }
        Error::Peer(PeerFault::Goodbye { text }) => PeerFault::Goodbye { text: blank(&text, secret) }.into(),
        other => other,
    }
}

fn redact_refusal(mut refusal: Refusal, secret: &Secret) -> Refusal {
    refusal.text = blank(&refusal.text, secret);
    if let Some(secret) = recognisable(secret).map(str::to_ascii_uppercase) {
        // Codes may have been put into upper case.
        refusal.response_code.take_if(|code| code.to_ascii_uppercase().contains(&secret));
    }
    refusal
}

fn recognisable(secret: &Secret) -> Option<&str> {
    secret.expose_str().filter(|secret| secret.len() >= RECOGNISED)
}

/// `text` without `secret`: as it is, cut at the end of the text, or in Base64, as SASL sends it.
pub(crate) fn blank(text: &str, secret: &Secret) -> String {
    let Some(secret) = recognisable(secret) else { return text.to_owned() };
    let mut text = text.replace(secret, MARK);
    let cut = (RECOGNISED..secret.len()).rev().filter_map(|length| secret.get(..length));
    if let Some(rest) = cut.filter_map(|start| text.strip_suffix(start)).next() {
        text = [rest, MARK].concat();
    }
    blank_base64(&text, secret)
}

/// `text` without the words of it that are Base64 of `secret`, their padding included.
fn blank_base64(text: &str, secret: &str) -> String {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let (mut shown, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_base64(c)).unwrap_or(rest.len()));
        if encodes(word, secret) {
            shown.push_str(MARK);
            rest = after.trim_start_matches('=');
        } else {
            shown.push_str(word);
            let mut between = after.chars();
            shown.extend(between.next());
            rest = between.as_str();
        }
    }
    shown
}

/// Whether `word` holds Base64 of something with the start of `secret` in it; it may begin anywhere in the word.
fn encodes(word: &str, secret: &str) -> bool {
    let start = secret.as_bytes().get(..RECOGNISED).unwrap_or_default();
    (0..4).filter_map(|at| word.get(at..)).any(|word| {
        let whole = if word.len() % 4 == 1 { word.len() - 1 } else { word.len() };
        let decoded = word.get(..whole).and_then(|word| LENIENT.decode(word).ok()).unwrap_or_default();
        decoded.windows(RECOGNISED).any(|window| window == start)
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;

    #[test]
    fn an_echoed_secret_is_blanked_in_any_form() {
        let secret = Secret::from("hunter22");
        let plain = BASE64.encode("\0alice\0hunter22");
        let bare = BASE64.encode("hunter22");
        let bearer = BASE64.encode("user=alice\x01auth=Bearer hunter22\x01\x01");
        for (text, shown) in [
            ("bad password hunter22!", "bad password …!"),
            ("what is \"PASS hunter22\" and hunter22?", "what is \"PASS …\" and …?"),
            ("cut in the middle: hunte", "cut in the middle: …"),
            (&format!("no AUTH PLAIN {plain}"), "no AUTH PLAIN …"),
            (&format!("<{bare}>, {bearer}."), "<…>, …."),
            (&format!("cut: {}", plain.get(..19).unwrap_or_default()), "cut: …"),
            (&format!("-ERR{plain}: what?"), "-…: what?"),
            (&format!("{bare}and more"), "…and more"),
            ("ordinary text, with abcd and AGFsaWNl", "ordinary text, with abcd and AGFsaWNl"),
            ("größe…", "größe…"),
        ] {
            assert_eq!(blank(text, &secret), shown);
        }
        assert_eq!(blank("a short one is no word: abc", &Secret::from("abc")), "a short one is no word: abc");
    }

    #[test]
    fn every_error_with_a_servers_text_is_covered() {
        let secret = Secret::from("hunter22");
        let refusal = |text: &str| Refusal::new("AUTH", text.as_bytes());
        let coded = |code: &str| Refusal { response_code: Some(code.to_owned()), ..refusal("no hunter22") };
        let unexpected = |line: &str| PeerFault::Unexpected { step: "AUTH", line: line.to_owned() };
        let goodbye = |text: &str| PeerFault::Goodbye { text: text.to_owned() };
        for (before, after) in [
            (Error::Refused(refusal("no hunter22")), Error::Refused(refusal("no …"))),
            (Error::LoginRefused(refusal("no hunter22")), Error::LoginRefused(refusal("no …"))),
            (unexpected("? hunter22").into(), unexpected("? …").into()),
            (goodbye("bye hunter22").into(), goodbye("bye …").into()),
            (Error::Refused(coded("X HUNTER22")), Error::Refused(refusal("no …"))),
            (
                Error::Refused(coded("IN-USE")),
                Error::Refused(Refusal { text: "no …".to_owned(), ..coded("IN-USE") }),
            ),
            (Error::Cancelled, Error::Cancelled),
        ] {
            assert_eq!(redact(before, &secret), after);
        }
    }
}
