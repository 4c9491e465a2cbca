import Foundation
import PostsealFFI

/// A secret key as it is stored: with its certificate, and as a rule locked with a passphrase. It never shows a secret.
public struct SecretKey: Sendable {
    let raw: PostsealFFI.SecretKey

    init(raw: PostsealFFI.SecretKey) {
        self.raw = raw
    }

    /// Makes a key: a primary key that certifies, a subkey that signs, a subkey that encrypts. It doesn't expire.
    ///
    /// Without a passphrase the secret parts are stored in the clear.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where the mailbox is none.
    public static func generate(
        for owner: Mailbox, profile: KeyProfile = .compatible, passphrase: String? = nil
    ) async throws(PostsealError) -> GeneratedKey {
        let made = try await call {
            try await generateKey(profile: profile, owner: owner, passphrase: passphrase, cancel: $0)
        }
        return GeneratedKey(
            key: SecretKey(raw: made.key()), revocation: RevocationCertificate(raw: made.revocation()))
    }

    /// Reads one secret key, armored or binary, locked or not.
    ///
    /// - Throws: ``ErrorCode/malformed`` where there is no key or more than one, ``ErrorCode/keyMissing`` for a certificate only.
    public init(importing data: Data) throws(PostsealError) {
        raw = try call { try .import(data: data) }
    }

    /// Reads all secret keys in `data`, armored (one block or several) or binary; certificates without secret parts are left out.
    ///
    /// - Throws: ``ErrorCode/malformed``; ``ErrorCode/keyMissing`` where there are certificates only.
    public static func importAll(_ data: Data) throws(PostsealError) -> [SecretKey] {
        try call { try importSecretKeys(data: data).map(SecretKey.init(raw:)) }
    }

    /// The key in binary form, locked with its passphrase.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where a part of it has no passphrase: ``dangerousExportUnprotected()`` exports such a key.
    public func export() throws(PostsealError) -> Data {
        try call { try raw.export() }
    }

    /// The key with ASCII armor, locked with its passphrase.
    ///
    /// - Throws: As ``export()``.
    public func exportArmored() throws(PostsealError) -> String {
        try call { try raw.exportArmored() }
    }

    /// The key in binary form, whether or not it has a passphrase. Whoever reads an unprotected one can read and sign everything.
    public func dangerousExportUnprotected() -> Data { raw.dangerousExportUnprotected() }

    /// Whether all secret parts are locked with a passphrase.
    public var isProtected: Bool { raw.isProtected() }

    /// The key, ready for use.
    ///
    /// - Throws: ``ErrorCode/wrongPassphrase``; ``ErrorCode/keyMissing`` where the secret parts are not there.
    public func unlock(passphrase: String) async throws(PostsealError) -> UnlockedKey {
        try await call { UnlockedKey(raw: try await raw.unlock(passphrase: passphrase, cancel: $0)) }
    }

    /// The key, ready for use, where deriving its key from the passphrase takes more memory than the usual 64 MiB: up to so many bytes.
    ///
    /// - Throws: ``ErrorCode/limitExceeded`` where it takes more still. And as ``unlock(passphrase:)``.
    public func unlock(passphrase: String, maxMemory: Int) async throws(PostsealError) -> UnlockedKey {
        try await call {
            UnlockedKey(
                raw: try await raw.unlockWithin(passphrase: passphrase, maxMemory: Int64(maxMemory), cancel: $0))
        }
    }

    /// The key, ready for use, where it has no passphrase.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` where a part of it is locked.
    public func unlockUnprotected() throws(PostsealError) -> UnlockedKey {
        try call { UnlockedKey(raw: try raw.unlockUnprotected()) }
    }

    /// The same key, locked with another passphrase.
    ///
    /// - Throws: ``ErrorCode/wrongPassphrase`` where `old` is not its passphrase.
    public func changePassphrase(from old: String, to new: String) async throws(PostsealError) -> SecretKey {
        try await call { SecretKey(raw: try await raw.changePassphrase(old: old, new: new, cancel: $0)) }
    }

    /// The public part.
    public var certificate: Certificate { Certificate(raw: raw.certificate()) }

    /// The fingerprint of the primary key.
    public var fingerprint: String { raw.fingerprint() }
}

extension SecretKey: CustomStringConvertible {
    public var description: String { raw.description }
}

/// A new key, and what revokes it.
public struct GeneratedKey: Sendable {
    /// The key.
    public let key: SecretKey
    /// To be kept apart from the key: it is the way to say that the key is lost.
    public let revocation: RevocationCertificate
}

/// A secret key ready for use. Its secret parts are kept encrypted in memory while they rest, and are wiped when it is let go of.
public struct UnlockedKey: Sendable {
    let raw: PostsealFFI.UnlockedKey

    init(raw: PostsealFFI.UnlockedKey) {
        self.raw = raw
    }

    /// The same key, locked with a passphrase, to be stored.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` where there is nothing to lock.
    public func lock(passphrase: String) async throws(PostsealError) -> SecretKey {
        try await call { SecretKey(raw: try await raw.lock(passphrase: passphrase, cancel: $0)) }
    }

    /// The same key to be stored without a passphrase. Whoever reads it can read and sign everything.
    public func dangerousUnprotected() throws(PostsealError) -> SecretKey {
        try call { SecretKey(raw: try raw.dangerousUnprotected()) }
    }

    /// Makes a new revocation certificate, for a key that came without one.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` where the secret part of the primary key is not there.
    public func revocation() throws(PostsealError) -> RevocationCertificate {
        try call { RevocationCertificate(raw: try raw.revocation()) }
    }

    /// The public part.
    public var certificate: Certificate { Certificate(raw: raw.certificate()) }

    /// The fingerprint of the primary key.
    public var fingerprint: String { raw.fingerprint() }
}

extension UnlockedKey: CustomStringConvertible {
    public var description: String { raw.description }
}
