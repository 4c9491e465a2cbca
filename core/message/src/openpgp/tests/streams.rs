//! Messages that go from one stream to another: the same as in memory, and the spool is only handed back with what is proven.

use std::io::{self, Cursor, Read, Write};

use postseal_types::Secret;

use super::*;

/// More than one packet, and no round number of octets.
const LONG: usize = 5_000_001;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// Encrypts what is pushed in pieces of that size.
fn pushed(content: &[u8], pieces: usize, to: &Recipients<'_>) -> Vec<u8> {
    let mut encryptor = Encryptor::new(to, now()).unwrap();
    let mut message = Vec::new();
    content.chunks(pieces).for_each(|piece| message.extend(encryptor.write(piece).unwrap()));
    message.extend(encryptor.finish().unwrap());
    message
}

fn spooled(
    message: &[u8],
    ring: &Keyring,
    options: &ReadOptions<'_>,
) -> Result<Spooled<Vec<u8>>, StreamError> {
    decrypt_to(message, Vec::new(), ring, options, now())
}

#[track_caller]
fn refused(outcome: Result<Spooled<Vec<u8>>, StreamError>) -> PgpError {
    match outcome {
        Err(StreamError::Pgp(error)) => error,
        other => panic!("{:?}", other.map(|opened| opened.length)),
    }
}

#[test]
fn what_is_pushed_comes_out_of_a_stream_and_of_memory() {
    for profile in PROFILES {
        let (alice, bob) = (key(profile, "alice", now()), key(profile, "bob", now()));
        let ring = keyring([&alice, &bob]);
        let signer = alice.unlock_unprotected().unwrap();
        let to = Recipients::new([bob.certificate()]);
        for (length, pieces) in [(0, 1), (1, 1), (1000, 7), (65_536, 65_536), (LONG, 100_000), (LONG, LONG)] {
            for (to, is_signed) in [(to.clone(), false), (to.clone().signed_by(&signer), true)] {
                let (content, name) = (content(length), format!("{profile:?} {length} {pieces} {is_signed}"));
                let message = pushed(&content, pieces, &to);
                let opened = spooled(&message, &ring, &options()).unwrap();
                assert!(opened.spool == content && opened.length == length as u64, "{name}");
                let good_by_alice = opened.signatures.iter().filter(|result| good(&alice, result)).count();
                assert_eq!((opened.signatures.len(), good_by_alice), (is_signed.into(), is_signed.into()));
                let in_memory = decrypt(&message, &ring, &options(), now()).unwrap();
                assert!(in_memory.data == content, "{name}");
                assert_eq!(
                    (opened.encryption, opened.signatures),
                    (in_memory.encryption, in_memory.signatures)
                );
            }
        }
    }
}

#[test]
fn armor_and_messages_made_in_memory_are_read_from_a_stream() {
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let content = content(1_000_000);
        let sealed = encrypt(&content, &Recipients::new([alice.certificate()]), now()).unwrap();
        for message in [sealed.as_bytes(), sealed.to_armored().as_bytes()] {
            let opened = spooled(message, &keyring([&alice]), &options()).unwrap();
            assert!(opened.spool == content);
        }
    }
}

#[test]
fn a_passphrase_alone_is_enough() {
    let passphrase = Secret::from("a passphrase");
    let message = pushed(b"content", 3, &Recipients::default().with_passphrase(&passphrase));
    let open = |passphrase| {
        let options = ReadOptions { passphrases: vec![passphrase], ..options() };
        spooled(&message, &Keyring::new(), &options)
    };
    assert_eq!(open(&passphrase).unwrap().spool, b"content");
    assert_eq!(refused(open(&Secret::from("another"))), PgpError::WrongPassphrase);
    let nothing = refused(spooled(&message, &Keyring::new(), &options()));
    assert_eq!(nothing, PgpError::KeyMissing { recipients: Vec::new(), takes_passphrase: true });
}

#[test]
fn an_encryptor_fails_where_encrypting_does() {
    assert_eq!(Encryptor::new(&Recipients::default(), now()).err(), Some(PgpError::NoRecipients));
    let (key, revocation) = SecretKey::generate(KeyProfile::Modern, &user("alice"), None, now()).unwrap();
    let revoked = key.certificate().clone().revoke(&revocation).unwrap();
    assert_eq!(
        Encryptor::new(&Recipients::new([&revoked]), now()).err(),
        Some(PgpError::KeyUnusable { key: key.fingerprint().clone().into(), reason: Unusable::Revoked })
    );
}

#[test]
fn a_message_that_is_not_finished_is_tampered_with() {
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let mut encryptor = Encryptor::new(&Recipients::new([alice.certificate()]), now()).unwrap();
        let message = encryptor.write(&content(LONG)).unwrap();
        assert!(message.len() > 4 * 1024 * 1024);
        assert_eq!(refused(spooled(&message, &keyring([&alice]), &options())), PgpError::Tampered);
    }
}

#[test]
fn no_change_and_no_cut_of_a_long_stream_goes_unnoticed() {
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let (ring, signer) = (keyring([&alice]), alice.unlock_unprotected().unwrap());
        let to = Recipients::new([alice.certificate()]).signed_by(&signer);
        let sealed = pushed(&content(LONG), LONG, &to);
        let end = sealed.len();
        // Behind what names the recipients, which is longer for some.
        let start = if profile == KeyProfile::PostQuantum { 2000 } else { 1000 };
        for at in (start..end).step_by(1_997_001).chain([end - 30, end - 2, end - 1]) {
            let mut changed = sealed.clone();
            changed[at] ^= 0x10;
            let error = refused(spooled(&changed, &ring, &options()));
            assert_eq!(error, PgpError::Tampered, "{profile:?} {at}");
            let error = refused(spooled(&sealed[..at], &ring, &options()));
            assert_eq!(error, PgpError::Tampered, "{profile:?} cut at {at}");
        }
    }
}

#[test]
fn the_limit_of_a_stream_holds() {
    const LENGTH: usize = 1_500_000;
    let alice = key(KeyProfile::Modern, "alice", now());
    let sealed = pushed(&content(LENGTH), LENGTH, &Recipients::new([alice.certificate()]));
    let open = |limit| {
        let mut options = options();
        options.limits.plaintext = limit;
        spooled(&sealed, &keyring([&alice]), &options)
    };
    assert_eq!(open(LENGTH).unwrap().length, LENGTH as u64);
    let exceeded = |limit| PgpError::LimitExceeded { what: "octets of plaintext", limit };
    assert_eq!(refused(open(LENGTH - 1)), exceeded(LENGTH - 1));
    assert_eq!(refused(open(1)), exceeded(1));
}

#[test]
fn what_stands_in_front_of_the_encrypted_data_has_a_limit() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let sealed = pushed(b"content", 7, &Recipients::new([alice.certificate()]));
    let open = |padding: usize| {
        let message = [made::packet(21, &vec![0; padding]), sealed.clone()].concat();
        spooled(&message, &keyring([&alice]), &options())
    };
    assert_eq!(open(4_000_000).unwrap().spool, b"content");
    let what = "octets in front of the encrypted data";
    assert_eq!(refused(open(5_000_000)), PgpError::LimitExceeded { what, limit: 4 * 1024 * 1024 });
}

/// However long it is: the kinds of encryption that are refused hold no place in front of what is read.
#[test]
fn long_encryption_of_other_kinds_is_refused_by_name() {
    let passphrase = Secret::from("x");
    let options = ReadOptions { passphrases: vec![&passphrase], ..options() };
    for (tag, start, expected) in [
        (9, &[][..], PgpError::NoIntegrity),
        (
            20,
            &[1, 9, 2, 16][..],
            PgpError::PolicyRefused { what: "AEAD Encrypted Data Packet v0".to_owned() },
        ),
    ] {
        for length in [100, 5_000_000] {
            let body = [start, &content(length)].concat();
            let session_key = made::packet(3, b"\x04\x09\x00\x08");
            let message = [session_key, made::packet(tag, &body)].concat();
            assert_eq!(refused(spooled(&message, &Keyring::new(), &options)), expected, "{tag} {length}");
        }
    }
}

/// Fails at one octet, after it was interrupted at every piece.
struct Failing<T> {
    inner: T,
    left: usize,
    was_interrupted: bool,
}

impl<T> Failing<T> {
    fn new(inner: T, at: usize) -> Self {
        Self { inner, left: at, was_interrupted: false }
    }

    fn next(&mut self, most: usize) -> io::Result<usize> {
        self.was_interrupted = !self.was_interrupted;
        if self.was_interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let room = most.min(self.left);
        self.left -= room;
        if room == 0 && most > 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
    }
}

impl<R: Read> Read for Failing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self.next(buffer.len())?;
        let length = self.inner.read(&mut buffer[..room])?;
        self.left += room - length;
        Ok(length)
    }
}

impl<W: Write> Write for Failing<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let room = self.next(octets.len())?;
        self.inner.write(&octets[..room])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::StorageFull
}

#[test]
fn a_source_or_sink_that_fails_is_told_as_such() {
    const LENGTH: usize = 600_000;
    for profile in PROFILES {
        let alice = key(profile, "alice", now());
        let (ring, to) = (keyring([&alice]), Recipients::new([alice.certificate()]));
        let content = content(LENGTH);
        let sealed = pushed(&content, LENGTH, &to);
        let end = sealed.len();
        for at in [0, 1, 2, 10, 60, 150, 200, 300, 1000, 300_000, end - 100, end - 1] {
            let source = Failing::new(sealed.as_slice(), at);
            let outcome = decrypt_to(source, Vec::new(), &ring, &options(), now());
            assert!(matches!(outcome, Err(StreamError::Read(e)) if is_full(&e)), "{profile:?} {at}");
        }
        for at in [0, 1, 1000, LENGTH - 1] {
            let spool = Failing::new(Vec::new(), at);
            let outcome = decrypt_to(sealed.as_slice(), spool, &ring, &options(), now());
            assert!(matches!(outcome, Err(StreamError::Write(e)) if is_full(&e)), "{profile:?} {at}");
            let source = Failing::new(content.as_slice(), at);
            let outcome = encrypt_to(source, io::sink(), &to, now());
            assert!(matches!(outcome, Err(StreamError::Read(e)) if is_full(&e)), "{profile:?} {at}");
            let sink = Failing::new(Vec::new(), at);
            let outcome = encrypt_to(content.as_slice(), sink, &to, now());
            assert!(matches!(outcome, Err(StreamError::Write(e)) if is_full(&e)), "{profile:?} {at}");
        }
        let whole = Failing::new(Cursor::new(&sealed), end + 1);
        let opened = decrypt_to(whole, Failing::new(Vec::new(), LENGTH), &ring, &options(), now()).unwrap();
        assert!(opened.spool.inner == content);
    }
}

#[test]
fn a_sink_that_takes_nothing_more_is_told_as_such() {
    let alice = key(KeyProfile::Modern, "alice", now());
    let (content, mut room) = (content(100_000), vec![0; 99_999]);
    let (ring, to) = (keyring([&alice]), Recipients::new([alice.certificate()]));
    let is_zero = |error: &io::Error| error.kind() == io::ErrorKind::WriteZero;
    let outcome = encrypt_to(content.as_slice(), room.as_mut_slice(), &to, now());
    assert!(matches!(outcome, Err(StreamError::Write(e)) if is_zero(&e)));
    let sealed = pushed(&content, 1000, &to);
    let outcome = decrypt_to(sealed.as_slice(), room.as_mut_slice(), &ring, &options(), now());
    assert!(matches!(outcome, Err(StreamError::Write(e)) if is_zero(&e)));
}
