//! The core as a program, for languages that don't call it: JavaScript's tests compare what its module writes and reads with what this does.
//!
//! ```text
//! postseal-core seal OWN-KEY CERTIFICATE    a text on standard input; a sealed message, from the owner to the certificate's
//! postseal-core open OWN-KEY CERTIFICATE    a message on standard input; its level, its subject and its text, a line each
//! postseal-core encrypt OWN-KEY CERTIFICATE data on standard input, signed and encrypted
//! postseal-core decrypt OWN-KEY CERTIFICATE a message on standard input; its data, where the owner of the certificate signed it
//! ```
//!
//! Both keys are files, without a passphrase.

use std::error::Error;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::time::SystemTime;

use postseal_message::mime::{Date, Draft, HeaderValue, Mailbox, MessageId};
use postseal_message::openpgp::{
    self, Certificate, Keyring, ReadOptions, Recipients, SecretKey, SignatureResult, SignatureStatus,
    UnlockedKey,
};
use postseal_message::pgpmime::{self, OpenOptions, Protection, SealOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, key, certificate] = arguments.as_slice() else {
        return Err("expected a command, a key and a certificate".into());
    };
    let own = SecretKey::import(&fs::read(key)?)?.unlock_unprotected()?;
    let other = Certificate::import(&fs::read(certificate)?)?;
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let output = match command.as_str() {
        "seal" => seal(own, other, &String::from_utf8(input)?)?,
        "open" => open(own, other, &input)?,
        "encrypt" => {
            let recipients = Recipients::new([&other]).signed_by(&own);
            openpgp::encrypt(&input, &recipients, SystemTime::now())?.into_bytes()
        }
        "decrypt" => decrypt(own, other, &input)?,
        unknown => return Err(format!("no command is named {unknown}").into()),
    };
    Ok(io::stdout().write_all(&output)?)
}

fn seal(own: UnlockedKey, other: Certificate, text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let now = SystemTime::now();
    let (from, to) = (mailbox(own.certificate(), now)?, mailbox(&other, now)?);
    let draft = Draft::new(from, Date::utc(now)?, MessageId::random("example.test")?)
        .to(to)
        .subject(HeaderValue::parse("From the core")?)
        .text(text);
    let sealed =
        pgpmime::seal(&draft, Protection::SignAndEncrypt, &both(own, other), &SealOptions::default(), now)?;
    Ok(sealed.copies.into_iter().next().ok_or("nothing was sealed")?.bytes)
}

fn open(own: UnlockedKey, other: Certificate, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let opened = pgpmime::open(message, &both(own, other), &OpenOptions::default(), SystemTime::now())?;
    let subject = opened.message.subject().unwrap_or_default();
    let text = opened.message.text_body().ok_or("the message has no text")?;
    Ok(format!("{}\n{subject}\n{}", opened.verdict.level(), text.as_str()).into_bytes())
}

fn decrypt(own: UnlockedKey, other: Certificate, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let signer = other.fingerprint().clone();
    let keyring = both(own, other);
    let decrypted = openpgp::decrypt(message, &keyring, &ReadOptions::default(), SystemTime::now())?;
    match decrypted.signatures.as_slice() {
        [SignatureResult { status: SignatureStatus::Good { certificate, .. }, .. }]
            if *certificate == signer =>
        {
            Ok(decrypted.data)
        }
        others => Err(format!("the signatures are {others:?}").into()),
    }
}

fn both(own: UnlockedKey, other: Certificate) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.add_unlocked_key(own);
    keyring.add_certificate(other);
    keyring
}

fn mailbox(certificate: &Certificate, now: SystemTime) -> Result<Mailbox, Box<dyn Error>> {
    let user_ids = certificate.user_ids(now);
    Ok(Mailbox::parse(&user_ids.first().ok_or("a certificate names nobody")?.to_string())?)
}
