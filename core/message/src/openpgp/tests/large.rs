//! Messages that are longer than the buffers of the library, so that they are read piece by piece: still all of one or nothing.

use super::*;

/// Some buffers, and no round number of them.
const LENGTH: usize = 1_500_000;

fn content() -> Vec<u8> {
    (0..LENGTH).map(|at| (at % 251) as u8).collect()
}

#[test]
fn a_large_message_comes_out_whole() {
    let content = content();
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let (ring, signer) = (keyring([&alice]), alice.unlock_unprotected().unwrap());
        let to = Recipients::new([alice.certificate()]).signed_by(&signer);
        let sealed = encrypt(&content, &to, now()).unwrap();
        for message in [sealed.as_bytes(), sealed.to_armored().as_bytes()] {
            let opened = decrypt(message, &ring, &options(), now()).unwrap();
            assert!(opened.data == content && good(&alice, &opened.signatures[0]));
        }
        let signed = sign_inline(&content, &signer, now()).unwrap();
        for message in [signed.as_bytes(), signed.to_armored().as_bytes()] {
            let opened = verify_inline(message, &ring, &options(), now()).unwrap();
            assert!(opened.data == content && good(&alice, &opened.signatures[0]));
        }
    }
}

#[test]
fn no_change_and_no_cut_of_a_large_message_goes_unnoticed() {
    let content = content();
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let (ring, signer) = (keyring([&alice]), alice.unlock_unprotected().unwrap());
        let to = Recipients::new([alice.certificate()]).signed_by(&signer);
        let sealed = encrypt(&content, &to, now()).unwrap().into_bytes();
        let end = sealed.len();
        // Behind what names the recipients, which is longer for some.
        let start = if profile == KeyProfile::PostQuantum { 2000 } else { 1000 };
        for at in (start..end).step_by(97_001).chain(end - 60..end) {
            let mut changed = sealed.clone();
            changed[at] ^= 0x10;
            let error = decrypt(&changed, &ring, &options(), now()).unwrap_err();
            assert_eq!(error, PgpError::Tampered, "{profile:?} {at}");
            let error = decrypt(&sealed[..at], &ring, &options(), now()).unwrap_err();
            assert_eq!(error, PgpError::Tampered, "{profile:?} cut at {at}");
        }
    }
}

#[test]
fn the_limit_of_a_large_message_holds() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let ring = keyring([&alice]);
    let sealed = encrypt(&content(), &Recipients::new([alice.certificate()]), now()).unwrap();
    let open = |limit| {
        let mut options = options();
        options.limits.plaintext = limit;
        decrypt(sealed.as_bytes(), &ring, &options, now()).map(|opened| opened.data.len())
    };
    let exceeded = |limit| Err(PgpError::LimitExceeded { what: "octets of plaintext", limit });
    assert_eq!(open(LENGTH), Ok(LENGTH));
    assert_eq!(open(LENGTH - 1), exceeded(LENGTH - 1));
    assert_eq!(open(1), exceeded(1));
}
