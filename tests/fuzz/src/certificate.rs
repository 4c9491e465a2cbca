//! Certificates, secret keys and revocations: what is imported goes out as it came in.

use std::fmt::Debug;

use postseal_message::openpgp::{Certificate, PgpError, RevocationCertificate, SecretKey};
use postseal_types::{Address, ErrorCode};

use crate::keys::now;

/// Imports whatever `bytes` hold, and checks what holds for all of it.
pub(crate) fn import(bytes: &[u8]) {
    for certificate in imported(Certificate::import_all(bytes)) {
        check(&certificate);
    }
    for key in imported(SecretKey::import_all(bytes)) {
        check_key(&key);
    }
    if let Ok(revocation) = RevocationCertificate::import(bytes) {
        let again = RevocationCertificate::import(&revocation.export()).unwrap();
        assert_eq!(again.revokes(), revocation.revokes());
        assert!(RevocationCertificate::import(revocation.export_armored().as_bytes()).is_ok());
    }
}

fn imported<T>(outcome: Result<Vec<T>, PgpError>) -> Vec<T> {
    if let Err(error) = &outcome {
        assert_ne!(error.code(), ErrorCode::Internal, "{error}");
    }
    outcome.unwrap_or_default()
}

fn check(certificate: &Certificate) {
    let now = now();
    for user_id in certificate.user_ids(now) {
        assert!(!user_id.to_string().contains(char::is_control), "not fit to be shown: {user_id}");
    }
    if certificate.can_encrypt(now) || certificate.can_sign(now) {
        assert_eq!(certificate.check(now), Ok(()));
        assert!(!certificate.is_revoked(now));
    }
    let _ = (certificate.created(), certificate.algorithms(), format!("{certificate:?}"));

    let facts = facts(certificate);
    for exported in [certificate.export(), certificate.export_armored().into_bytes()] {
        assert_eq!(self::facts(&Certificate::import(&exported).unwrap()), facts);
        assert!(matches!(SecretKey::import(&exported), Err(PgpError::NoSecretKey)), "it holds a secret");
    }
    let merged = certificate.clone().merge(certificate.clone()).unwrap();
    assert_eq!(self::facts(&merged), facts);
}

/// What a certificate is good for.
fn facts(certificate: &Certificate) -> impl PartialEq + Debug + use<> {
    let address = Address::parse("alice@example.test").unwrap();
    let now = now();
    (
        certificate.fingerprint().clone(),
        certificate.user_ids(now),
        (certificate.check(now), certificate.is_revoked(now), certificate.expires(now)),
        (certificate.can_encrypt(now), certificate.can_sign(now), certificate.speaks_for(&address, now)),
    )
}

fn check_key(key: &SecretKey) {
    check(key.certificate());
    assert_eq!(key.export().is_ok(), key.is_protected());
    let exported = key.dangerous_export_unprotected();
    let again = SecretKey::import(exported.expose()).unwrap();
    assert_eq!(again.fingerprint(), key.fingerprint());
    assert_eq!(again.is_protected(), key.is_protected());
    if let Err(error) = key.unlock_unprotected() {
        assert_ne!(error.code(), ErrorCode::Internal, "{error}");
    }
}
