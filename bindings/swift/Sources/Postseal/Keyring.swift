import Foundation
import PostsealFFI

/// The certificates and secret keys at hand, which seal and open messages.
///
/// What stands in it is believed: a certificate that is added speaks for the addresses in its user IDs, so whether to add one is the app's decision. It may be
/// changed at any time and from any task; a call that is under way goes on with what was there when it began.
public final class Keyring: Sendable {
    let raw = PostsealFFI.Keyring()

    /// An empty keyring.
    public init() {}

    /// Adds a certificate, or merges it with the version that is there.
    public func add(_ certificate: Certificate) {
        raw.addCertificate(certificate: certificate.raw)
    }

    /// Adds a secret key and its certificate. A key without a passphrase is ready for use; another one is once it is unlocked.
    public func add(_ key: SecretKey) {
        raw.addSecretKey(key: key.raw)
    }

    /// Adds a secret key that is ready for use, and its certificate.
    public func add(_ key: UnlockedKey) {
        raw.addUnlockedKey(key: key.raw)
    }

    /// Unlocks the secret key with this fingerprint; one that is ready for use stays so.
    ///
    /// - Throws: ``ErrorCode/wrongPassphrase``; ``ErrorCode/keyMissing`` where there is no such key.
    public func unlock(_ fingerprint: String, passphrase: String) async throws(PostsealError) {
        try await call { try await raw.unlock(fingerprint: fingerprint, passphrase: passphrase, cancel: $0) }
    }

    /// Removes a certificate, with its secret key where there is one. Returns whether it was there.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where it is no fingerprint.
    @discardableResult
    public func remove(_ fingerprint: String) throws(PostsealError) -> Bool {
        try call { try raw.remove(fingerprint: fingerprint) }
    }

    /// All certificates, in the order of their fingerprints.
    public var certificates: [Certificate] { raw.certificates().map(Certificate.init(raw:)) }

    /// The certificate with this fingerprint (of its primary key).
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where it is no fingerprint.
    public func certificate(_ fingerprint: String) throws(PostsealError) -> Certificate? {
        try call { try raw.certificate(fingerprint: fingerprint).map(Certificate.init(raw:)) }
    }

    /// The certificates that have a key, primary or subkey, of this fingerprint or key ID. By key ID there may be several.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where it is neither.
    public func certificates(withKey handle: String) throws(PostsealError) -> [Certificate] {
        try call { try raw.byHandle(handle: handle).map(Certificate.init(raw:)) }
    }

    /// The certificates that speak for an address, the best first.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where it is no address.
    public func certificates(for address: String) throws(PostsealError) -> [Certificate] {
        try call { try raw.byAddress(address: address).map(Certificate.init(raw:)) }
    }

    /// The certificate to encrypt to for an address; `nil` where there is none that can be used.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where it is no address.
    public func encryptionCertificate(for address: String) throws(PostsealError) -> Certificate? {
        try call { try raw.encryptionCertificate(address: address).map(Certificate.init(raw:)) }
    }

    /// The secret key to sign with as an address.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` where there is none, or it is locked or unusable; ``ErrorCode/invalidInput`` where it is no address.
    public func signingKey(for address: String) throws(PostsealError) -> UnlockedKey {
        try call { UnlockedKey(raw: try raw.signingKey(address: address)) }
    }

    /// The secret keys that are ready for use, in the order of their fingerprints.
    public var unlockedKeys: [UnlockedKey] { raw.unlockedKeys().map(UnlockedKey.init(raw:)) }

    /// The secret keys that have to be unlocked before use, in the order of their fingerprints.
    public var lockedKeys: [SecretKey] { raw.lockedKeys().map(SecretKey.init(raw:)) }
}
