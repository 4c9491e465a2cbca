//! Certificates, secret keys and revocations, in each form in which they are exported.

use postseal_message::openpgp::{KeyProfile, SecretKey, UserId};
use postseal_types::{Address, Secret};

use super::Seed;
use crate::keys::{keyring, now};

/// All of them.
pub(super) fn exported() -> Vec<Seed> {
    let seed = |name, bytes: Vec<u8>| Seed::new("certificate", name, bytes);
    let certificates: Vec<_> = keyring().unlocked_keys().map(|key| key.certificate()).collect();
    let [alice, bob] = certificates[..] else { panic!("not two keys") };
    let mut seeds = vec![
        seed("compatible", alice.export()),
        seed("compatible-armored", alice.export_armored().into()),
        seed("modern", bob.export()),
        seed("modern-armored", bob.export_armored().into()),
        seed("both", [alice.export(), bob.export()].concat()),
        seed("both-armored", (alice.export_armored() + &bob.export_armored()).into()),
    ];
    for (names, profile) in [
        (
            ["key-compatible", "key-compatible-locked", "revocation-compatible", "revoked-compatible"],
            KeyProfile::Compatible,
        ),
        (["key-modern", "key-modern-locked", "revocation-modern", "revoked-modern"], KeyProfile::Modern),
    ] {
        let carol = UserId::new(Some("Carol"), &Address::parse("carol@example.test").unwrap());
        let (key, revocation) = SecretKey::generate(profile, &carol, None, now()).unwrap();
        let locked = key.unlock_unprotected().unwrap().lock(&Secret::from("wonderland".to_owned())).unwrap();
        let revoked = key.certificate().clone().revoke(&revocation).unwrap();
        seeds.extend([
            seed(names[0], key.dangerous_export_unprotected().expose().to_vec()),
            seed(names[1], locked.export_armored().unwrap().expose().to_vec()),
            seed(names[2], revocation.export_armored().into()),
            seed(names[3], revoked.export()),
        ]);
    }
    seeds
}
