//! Finding the session key of an encrypted message with the keys and passphrases at hand.

use openpgp::Cert;
use openpgp::crypto::{Decryptor, KeyPair, Password, SessionKey, mpi};
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::{Key, PKESK, SKESK};
use openpgp::parse::stream::DecryptionHelper;
use openpgp::policy::Policy;
use openpgp::types::SymmetricAlgorithm;
use sequoia_openpgp as openpgp;

use super::reader::Reader;
use super::unlock::{UnlockedKey, check_cost, names_key_of};
use super::{KeyHandle, PgpError};

/// Tries a session key on the data; says whether it fits.
type Try<'a> = dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool + 'a;

impl DecryptionHelper for &mut Reader<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        skesks: &[SKESK],
        hint: Option<SymmetricAlgorithm>,
        fits: &mut Try<'_>,
    ) -> openpgp::Result<Option<Cert>> {
        let is_stub = self.is_stub;
        // Each version of encrypted data has a version of session keys of its own (RFC 9580, section 10.3.2.1).
        let of_version = |is_newer: bool| is_newer == hint.is_some();
        let pkesks: Vec<&PKESK> =
            pkesks.iter().filter(|pkesk| of_version(matches!(pkesk, PKESK::V6(_)))).collect();
        let skesks: Vec<&SKESK> =
            skesks.iter().filter(|skesk| of_version(matches!(skesk, SKESK::V6(_)))).collect();
        let fits: &mut Try<'_> =
            &mut |cipher, key| !is_stub && has_its_length(cipher.or(hint), key) && fits(cipher, key);
        let mut search =
            Search { attempts: 0, limit: self.limits.attempts, hint, damaged: false, refused: None };
        let found = match search.by_keys(self, &pkesks, fits) {
            Ok(None) => search.by_passphrases(self, &skesks, fits).map(|found| found.then_some(None)),
            Ok(Some(key)) => Ok(Some(Some(key.cert().clone()))),
            Err(error) => Err(error),
        };
        match found {
            Ok(Some(reader)) => {
                self.decrypting = true;
                self.proven_last = hint.is_none();
                Ok(reader)
            }
            Ok(None) => {
                let error = search.failure(self, !skesks.is_empty());
                self.stop(error)
            }
            Err(error) => self.stop(error),
        }
    }
}

/// Whether a session key has the length that its cipher needs. Of a message to a passphrase in SEIPDv2, Sequoia doesn't ask.
fn has_its_length(cipher: Option<SymmetricAlgorithm>, key: &SessionKey) -> bool {
    cipher.is_none_or(|cipher| cipher.key_size().is_ok_and(|size| size == key.len()))
}

/// Decrypts no session key that is shorter than any cipher's: of what comes out Sequoia looks at the first octet and at the last two, whether
/// they are there or not, and everyone who has the certificate can encrypt nothing to it.
struct LongEnough(KeyPair);

impl Decryptor for LongEnough {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        self.0.public()
    }

    fn decrypt(
        &mut self,
        ciphertext: &mpi::Ciphertext,
        plaintext_len: Option<usize>,
    ) -> openpgp::Result<SessionKey> {
        const LEAST: usize = 16;
        let plaintext = self.0.decrypt(ciphertext, plaintext_len)?;
        if plaintext.len() < LEAST {
            return Err(openpgp::Error::MalformedPacket("a session key that is too short".to_owned()).into());
        }
        Ok(plaintext)
    }
}

struct Search {
    attempts: usize,
    limit: usize,
    hint: Option<SymmetricAlgorithm>,
    /// Whether data for one of our keys could not be read with it.
    damaged: bool,
    refused: Option<PgpError>,
}

impl Search {
    /// Those that name one of our keys come first, so that hidden recipients cost nothing to whoever is named.
    fn by_keys<'a>(
        &mut self,
        reader: &Reader<'a>,
        pkesks: &[&PKESK],
        fits: &mut Try<'_>,
    ) -> Result<Option<&'a UnlockedKey>, PgpError> {
        let named = |pkesk: &&&PKESK| pkesk.recipient().as_ref().and_then(KeyHandle::from_sequoia).is_some();
        let hidden = pkesks.iter().filter(|pkesk| !named(pkesk));
        for pkesk in pkesks.iter().filter(named).chain(hidden) {
            let recipient = pkesk.recipient().filter(|_| named(&pkesk));
            for key in reader.keyring.unlocked_keys() {
                for part in key.decryption_keys(recipient.as_ref()).filter(|p| p.pk_algo() == pkesk.pk_algo())
                {
                    if !pkesk.pk_algo().is_supported() {
                        self.refused = Some(PgpError::Unsupported { what: pkesk.pk_algo().to_string() });
                        continue;
                    }
                    self.attempt()?;
                    let session_key = part
                        .clone()
                        .into_keypair()
                        .ok()
                        .and_then(|pair| pkesk.decrypt(&mut LongEnough(pair), self.hint));
                    match session_key {
                        Some((cipher, session_key)) => {
                            self.check_cipher(reader, cipher.or(self.hint))?;
                            if fits(cipher, &session_key) {
                                return Ok(Some(key));
                            }
                            self.damaged |= recipient.is_some();
                        }
                        None => self.damaged |= recipient.is_some(),
                    }
                }
            }
        }
        Ok(None)
    }

    fn by_passphrases(
        &mut self,
        reader: &Reader<'_>,
        skesks: &[&SKESK],
        fits: &mut Try<'_>,
    ) -> Result<bool, PgpError> {
        for secret in reader.passphrases {
            let password = Password::from(secret.expose());
            for skesk in skesks {
                let s2k = match skesk {
                    SKESK::V4(skesk) => skesk.s2k(),
                    SKESK::V6(skesk) => skesk.s2k(),
                    _ => continue,
                };
                check_cost(s2k, &reader.limits)?;
                self.attempt()?;
                let Ok((cipher, session_key)) = skesk.decrypt(&password) else { continue };
                // With a wrong passphrase the cipher of an older message is any value; it only counts when it fits.
                if fits(cipher, &session_key) {
                    return self.check_cipher(reader, cipher.or(self.hint)).map(|()| true);
                }
            }
        }
        Ok(false)
    }

    fn attempt(&mut self) -> Result<(), PgpError> {
        if self.attempts == self.limit {
            return Err(PgpError::LimitExceeded { what: "attempts to decrypt a message", limit: self.limit });
        }
        self.attempts += 1;
        Ok(())
    }

    /// Refuses a cipher by name before anything is decrypted with it: after that, all errors are one.
    fn check_cipher(&self, reader: &Reader<'_>, cipher: Option<SymmetricAlgorithm>) -> Result<(), PgpError> {
        let Some(cipher) = cipher else { return Ok(()) };
        if reader.policy.symmetric_algorithm(cipher).is_err() {
            return Err(PgpError::PolicyRefused { what: cipher.to_string() });
        }
        if !cipher.is_supported() {
            return Err(PgpError::Unsupported { what: cipher.to_string() });
        }
        Ok(())
    }

    fn failure(self, reader: &Reader<'_>, has_passphrase: bool) -> PgpError {
        if let Some(refused) = self.refused {
            return refused;
        }
        if self.damaged {
            return PgpError::Tampered;
        }
        let recipients = reader.recipients.clone();
        let locked: Vec<KeyHandle> = reader
            .keyring
            .locked_keys()
            .filter(|key| recipients.iter().any(|handle| names_key_of(handle, key.certificate())))
            .map(|key| key.fingerprint().clone().into())
            .collect();
        if !locked.is_empty() {
            PgpError::KeyLocked { keys: locked }
        } else if has_passphrase && !reader.passphrases.is_empty() {
            PgpError::WrongPassphrase
        } else {
            PgpError::KeyMissing { recipients, takes_passphrase: has_passphrase }
        }
    }
}
