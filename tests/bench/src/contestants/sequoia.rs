//! What sequoia-openpgp takes for the operations beneath ours, as its own guide has them: the same content, keys, format and
//! algorithms, with armor, but no MIME, no keyring and no verdict.

use std::io::{Read as _, Write as _};
use std::time::SystemTime;

use openpgp::cert::Cert;
use openpgp::crypto::SessionKey;
use openpgp::packet::{PKESK, SKESK};
use openpgp::parse::Parse as _;
use openpgp::parse::stream::{
    DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper,
};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::stream::{Armorer, Encryptor, LiteralWriter, Message, Recipient, Signer};
use openpgp::types::{HashAlgorithm, SymmetricAlgorithm};
use sequoia_openpgp as openpgp;

use super::pgp::{CONTENT, DATA, KEYS, Task};
use crate::Result;
use crate::letters::now;
use crate::work::Work;

pub(super) fn seal(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    let (keys, content) = (Keys::read(&task)?, task.read(CONTENT)?);
    task.repeat(
        vec![content.as_slice(); task.count],
        |content| Ok(keys.seal(content, now())?),
        |sealed| Ok(keys.open(&sealed, now())?.len()),
    )
}

pub(super) fn open(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    let (keys, data) = (Keys::read(&task)?, task.read_each(DATA)?);
    task.repeat(data, |data| Ok(keys.open(&data, now())?), |content| Ok(content.len()))
}

struct Keys {
    alice: Cert,
    bob: Cert,
}

impl Keys {
    fn read(task: &Task<'_>) -> Result<Self> {
        let [alice, bob] = KEYS;
        Ok(Self { alice: Cert::from_bytes(&task.read(alice)?)?, bob: Cert::from_bytes(&task.read(bob)?)? })
    }

    fn seal(&self, content: &[u8], now: SystemTime) -> openpgp::Result<Vec<u8>> {
        let policy = StandardPolicy::at(now);
        let usable = |cert: &'static str| openpgp::anyhow::anyhow!("{cert} can't sign");
        let recipients = [&self.bob, &self.alice];
        let keys = recipients.into_iter().flat_map(|cert| {
            cert.keys()
                .with_policy(&policy, now)
                .supported()
                .alive()
                .revoked(false)
                .for_transport_encryption()
                .map(Recipient::from)
        });
        let mut signers =
            self.alice.keys().with_policy(&policy, now).alive().revoked(false).for_signing().secret();
        let signer = signers.next().ok_or_else(|| usable("alice"))?.key().clone().into_keypair()?;

        let mut sealed = Vec::new();
        let message = Armorer::new(Message::new(&mut sealed)).build()?;
        let message =
            Encryptor::for_recipients(message, keys).symmetric_algo(SymmetricAlgorithm::AES256).build()?;
        let mut layer = Signer::new(message, signer)?.hash_algo(HashAlgorithm::SHA512)?.creation_time(now);
        for cert in recipients {
            layer = layer.add_intended_recipient(cert);
        }
        let mut message = LiteralWriter::new(layer.build()?).build()?;
        message.write_all(content)?;
        message.finalize()?;
        Ok(sealed)
    }

    fn open(&self, data: &[u8], now: SystemTime) -> openpgp::Result<Vec<u8>> {
        let policy = StandardPolicy::at(now);
        let mut content = Vec::new();
        let reader = Reader { keys: self, policy: &policy, now };
        let mut decryptor = DecryptorBuilder::from_bytes(data)?.with_policy(&policy, now, reader)?;
        decryptor.read_to_end(&mut content)?;
        Ok(content)
    }
}

struct Reader<'a> {
    keys: &'a Keys,
    policy: &'a StandardPolicy<'a>,
    now: SystemTime,
}

impl VerificationHelper for Reader<'_> {
    fn get_certs(&mut self, _: &[openpgp::KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        Ok(vec![self.keys.alice.clone()])
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
        let is_signed = structure.into_iter().any(|layer| match layer {
            MessageLayer::SignatureGroup { results } => results.iter().all(|result| result.is_ok()),
            _ => false,
        });
        if is_signed { Ok(()) } else { Err(openpgp::anyhow::anyhow!("no good signature")) }
    }
}

impl DecryptionHelper for Reader<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _: &[SKESK],
        hint: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> openpgp::Result<Option<Cert>> {
        let bob = &self.keys.bob;
        let keys = bob.keys().with_policy(self.policy, self.now).for_transport_encryption().secret();
        for key in keys {
            let mut pair = key.key().clone().into_keypair()?;
            let is_for =
                |pkesk: &&PKESK| pkesk.recipient().is_some_and(|to| to.aliases(key.key().key_handle()));
            for pkesk in pkesks.iter().filter(is_for) {
                if pkesk.decrypt(&mut pair, hint).is_some_and(|(cipher, key)| decrypt(cipher, &key)) {
                    return Ok(Some(bob.clone()));
                }
            }
        }
        Ok(None)
    }
}
