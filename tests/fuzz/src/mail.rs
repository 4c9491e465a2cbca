//! Messages: parsed, and opened.

use postseal_message::mime::{Message, Text};
use postseal_message::openpgp::{Recipients, encrypt};
use postseal_message::pgpmime::{OpenOptions, Opened, VerdictLevel, open};
use postseal_types::ErrorCode;

use crate::keys::{keyring, now};

#[path = "../../../core/message/tests/common/exercise.rs"]
mod exercise;

pub(crate) use exercise::exercise;

/// The text of all sealed mail that is saved: nothing else was ever signed with the keys.
pub(crate) const LETTER: &str = "Meet me at the old mill.";
/// The same as HTML.
pub(crate) const LETTER_HTML: &str = "<p>Meet me at the old mill.</p>";

/// Opens `bytes`, and checks what holds for whatever comes out.
pub(crate) fn open_mail(bytes: &[u8]) {
    match open(bytes, keyring(), &OpenOptions::default(), now()) {
        Ok(opened) => check(&opened),
        Err(error) => {
            assert_ne!(error.code(), ErrorCode::Internal, "{error}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(LETTER), "the error holds plaintext: {shown}");
        }
    }
}

/// The same for `content` as somebody's message to Alice, encrypted and not signed: so what is inside an encryption changes too.
pub(crate) fn open_encrypted(content: &[u8]) {
    let alice = keyring().unlocked_keys().next().unwrap().certificate();
    let data = encrypt(content, &Recipients::new([alice]), now()).unwrap().to_armored();
    let mail = format!(
        "From: mallory@example.test\r\nTo: alice@example.test\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=around\r\n\r\n\
         --around\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\
         --around\r\nContent-Type: application/octet-stream\r\n\r\n{data}\r\n--around--\r\n"
    );
    open_mail(mail.as_bytes());
}

fn check(opened: &Opened) {
    let verdict = &opened.verdict;
    for reason in verdict.reasons() {
        assert!(!reason.to_string().contains(char::is_control), "not fit to be shown: {reason}");
    }
    assert!(exercise(opened.message.as_bytes()).is_some(), "what was opened is within the limits");
    if matches!(verdict.level(), VerdictLevel::Authentic | VerdictLevel::Sealed) {
        check_content(&opened.message);
    }
}

/// What claims to be all from the holder of a key is what that key signed.
fn check_content(message: &Message) {
    let is =
        |text: Option<Text>, expected: &str| text.is_none_or(|text| text.as_str().trim_end() == expected);
    assert!(message.text_body().is_some() || message.html_body().is_some(), "a body was taken away");
    assert!(is(message.text_body(), LETTER), "forged: {:?}", message.text_body());
    assert!(is(message.html_body(), LETTER_HTML), "forged: {:?}", message.html_body());
}

#[cfg(test)]
mod tests {
    use postseal_message::openpgp::sign_cleartext;

    use super::*;

    /// A message from Alice with `text`, signed by her.
    fn signed(text: &str) -> String {
        let alice = keyring().unlocked_keys().next().unwrap();
        let header = "From: alice@example.test\r\nContent-Type: text/plain\r\n\r\n";
        header.to_owned() + &sign_cleartext(text, alice, now()).unwrap().replace('\n', "\r\n")
    }

    #[test]
    #[should_panic(expected = "forged")]
    fn another_text_than_the_letter_is_noticed() {
        open_mail(signed(&format!("{LETTER}\n")).as_bytes());
        open_mail(signed("Meet me elsewhere.\n").as_bytes());
    }
}
