//! OpenPGP messages as they are, without a mail around them.

use postseal_message::openpgp::{
    PgpError, ReadOptions, SignatureResult, SignatureStatus, StreamError, decrypt, decrypt_to,
    verify_detached, verify_inline,
};
use postseal_types::ErrorCode;

use crate::keys::{keyring, now};
use crate::mail::LETTER;

/// Reads `bytes` as every kind of message there is, and checks what holds for whatever comes out.
pub(crate) fn read(bytes: &[u8]) {
    let (keyring, options, now) = (keyring(), &ReadOptions::default(), now());
    let decrypted = decrypt(bytes, keyring, options, now);
    let spooled = decrypt_to(bytes, Vec::new(), keyring, options, now).map_err(|error| match error {
        StreamError::Pgp(error) => error,
        other => panic!("memory can be read and written: {other}"),
    });
    if let (Ok(message), Ok(spooled)) = (&decrypted, &spooled) {
        assert_eq!((&message.data, &message.signatures), (&spooled.spool, &spooled.signatures));
    }
    check(decrypted.map(|message| (message.data, message.signatures)));
    check(spooled.map(|message| (message.spool, message.signatures)));
    let verified = verify_inline(bytes, keyring, options, now);
    check(verified.map(|message| (message.data, message.signatures)));
    let signatures = verify_detached(LETTER.as_bytes(), bytes, keyring, options, now);
    check(signatures.map(|signatures| (LETTER.into(), signatures)));
}

/// Nothing but the letter was ever signed, and no error holds any of it.
fn check(outcome: Result<(Vec<u8>, Vec<SignatureResult>), PgpError>) {
    let holds_the_letter = |data: &[u8]| data.windows(LETTER.len()).any(|window| window == LETTER.as_bytes());
    match outcome {
        Ok((data, signatures)) => {
            let is_good =
                |signature: &SignatureResult| matches!(signature.status, SignatureStatus::Good { .. });
            if signatures.iter().any(is_good) {
                assert!(holds_the_letter(&data), "forged: {}", data.escape_ascii());
            }
        }
        Err(error) => {
            assert_ne!(error.code(), ErrorCode::Internal, "{error}");
            let shown = format!("{error} {error:?}");
            assert!(!holds_the_letter(shown.as_bytes()), "the error holds plaintext: {shown}");
        }
    }
}
