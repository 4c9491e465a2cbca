//! The encryption around a message that is being made: its session key for everyone who shall read it, and what is encrypted with it.
//!
//! The library's own way borrows the keys for as long as the message is written to, and doesn't say which of them it can't encrypt to.

use std::io::Write;

use openpgp::crypto::{Password, S2K, SessionKey};
use openpgp::packet::skesk::{SKESK4, SKESK6};
use openpgp::packet::{Packet, SKESK};
#[cfg(not(feature = "rust-primitives"))]
use openpgp::serialize::stream::Encryptor;
use openpgp::serialize::stream::Message;
use openpgp::types::{AEADAlgorithm, SymmetricAlgorithm};
use postseal_types::Secret;
use sequoia_openpgp as openpgp;

use super::certificate::EncryptionKey;
#[cfg(feature = "rust-primitives")]
use super::{container::Shared, seipdv1, seipdv1::Seipdv1, seipdv2::Seipdv2};

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
            Format::Seipdv1 => older_for(key, &password)?.into(),
            Format::Seipdv2 => {
                SKESK6::with_password(CIPHER, CIPHER, MODE, S2K::default(), key, &password)?.into()
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
    #[cfg(feature = "rust-primitives")]
    pub(super) fn begin<'s>(
        self,
        sink: impl Write + Send + Sync + 's,
    ) -> openpgp::Result<(Message<'s>, End<'s>)> {
        let packet = match self.format {
            Format::Seipdv1 => Shared::new(Seipdv1::begin(Box::new(sink), &self.session_key)?),
            Format::Seipdv2 => Shared::new(Seipdv2::begin(Box::new(sink), &self.session_key)?),
        };
        let end = packet.clone();
        Ok((Message::new(packet), Box::new(move || end.end())))
    }

    /// The same by the library.
    #[cfg(not(feature = "rust-primitives"))]
    pub(super) fn begin<'s>(
        self,
        sink: impl Write + Send + Sync + 's,
    ) -> openpgp::Result<(Message<'s>, End<'s>)> {
        let encryptor = Encryptor::with_session_key(Message::new(sink), CIPHER, self.session_key)?;
        let content = match self.format {
            Format::Seipdv1 => encryptor.build(),
            Format::Seipdv2 => encryptor.aead_algo(MODE).build(),
        };
        Ok((content?, Box::new(|| Ok(()))))
    }
}

/// A session key for whoever knows the password, in the older form.
fn older_for(session_key: &SessionKey, password: &Password) -> openpgp::Result<SKESK4> {
    let s2k = S2K::default();
    #[cfg(feature = "rust-primitives")]
    return {
        let key = s2k.derive_key(password, CIPHER.key_size()?)?;
        SKESK4::new(CIPHER, s2k, Some(seipdv1::wrap(session_key, &key)?))
    };
    #[cfg(not(feature = "rust-primitives"))]
    SKESK4::with_password(CIPHER, CIPHER, s2k, session_key, password)
}

/// Ends an encryption.
pub(super) type End<'s> = Box<dyn FnOnce() -> openpgp::Result<()> + Send + Sync + 's>;
