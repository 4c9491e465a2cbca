//! The encryption around a message that is being made: its session key for everyone who shall read it, and what is encrypted with it.
//!
//! The library's own way borrows the keys for as long as the message is written to, and doesn't say which of them it can't encrypt to.

use std::io::Write;

use openpgp::crypto::{Password, SessionKey};
use openpgp::packet::skesk::{SKESK4, SKESK6};
use openpgp::packet::{Packet, SKESK};
use openpgp::serialize::stream::{Encryptor, Message};
use openpgp::types::{AEADAlgorithm, SymmetricAlgorithm};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::certificate::EncryptionKey;
#[cfg(feature = "rust-primitives")]
use super::seipdv2::Shared;

pub(super) const CIPHER: SymmetricAlgorithm = SymmetricAlgorithm::AES256;
/// The mode that everyone who reads SEIPDv2 has (RFC 9580, section 9.6).
pub(super) const MODE: AEADAlgorithm = AEADAlgorithm::OCB;

/// An encryption that is about to begin. What it makes for keys and passphrases goes in front of it.
pub(super) struct Layer {
    session_key: SessionKey,
    format: Format,
}

/// How a message is encrypted (RFC 9580, section 5.13).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Seipdv1,
    Seipdv2,
}

impl Layer {
    pub(super) fn new(format: Format) -> openpgp::Result<Self> {
        Ok(Self { session_key: SessionKey::new(CIPHER.key_size()?)?, format })
    }

    /// The session key for the holder of `key`. Fails for a key that is none, such as a point beside its curve.
    pub(super) fn for_key(&self, key: &EncryptionKey) -> openpgp::Result<Packet> {
        match self.format {
            Format::Seipdv1 => key.wrap_v3(CIPHER, &self.session_key),
            Format::Seipdv2 => key.wrap_v6(&self.session_key),
        }
        .map(Packet::PKESK)
    }

    /// The session key for whoever knows `passphrase`.
    pub(super) fn for_passphrase(&self, passphrase: &Secret) -> openpgp::Result<Packet> {
        let (key, password) = (&self.session_key, Password::from(passphrase.expose()));
        let packet: SKESK = match self.format {
            Format::Seipdv1 => {
                SKESK4::with_password(CIPHER, CIPHER, Default::default(), key, &password)?.into()
            }
            Format::Seipdv2 => {
                SKESK6::with_password(CIPHER, CIPHER, MODE, Default::default(), key, &password)?.into()
            }
        };
        Ok(Packet::SKESK(packet))
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// For whoever encrypts the content by other means.
    pub(super) fn into_session_key(self) -> SessionKey {
        self.session_key
    }

    /// Begins the encryption; what is then written is encrypted. Nobody can read it without its end, which comes after that of the content.
    pub(super) fn begin<'s>(
        self,
        sink: impl Write + Send + Sync + 's,
    ) -> openpgp::Result<(Message<'s>, End<'s>)> {
        #[cfg(feature = "rust-primitives")]
        if self.format == Format::Seipdv2 {
            let packet = Shared::begin(sink, &self.session_key)?;
            let end = packet.clone();
            return Ok((Message::new(packet), Box::new(move || end.end())));
        }
        let encryptor = Encryptor::with_session_key(Message::new(sink), CIPHER, self.session_key)?;
        let content = match self.format {
            Format::Seipdv1 => encryptor.build(),
            Format::Seipdv2 => encryptor.aead_algo(MODE).build(),
        };
        Ok((content?, Box::new(|| Ok(()))))
    }
}

/// Ends an encryption.
pub(super) type End<'s> = Box<dyn FnOnce() -> openpgp::Result<()> + Send + Sync + 's>;
