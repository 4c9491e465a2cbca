import Foundation
import PostsealFFI

/// A certificate: the public half of a key, with the user IDs that its holder gave it.
public struct Certificate: Sendable {
    let raw: PostsealFFI.Certificate

    init(raw: PostsealFFI.Certificate) {
        self.raw = raw
    }

    /// Reads one certificate, armored or binary. Secret key material in it is dropped.
    ///
    /// - Throws: ``ErrorCode/malformed`` where there is none, more than one, or something else; ``ErrorCode/limitExceeded`` past 16 MiB.
    public init(importing data: Data) throws(PostsealError) {
        raw = try call { try .import(data: data) }
    }

    /// Reads all certificates in `data`, armored (one block or several) or binary.
    ///
    /// - Throws: ``ErrorCode/malformed`` where not one could be read; ``ErrorCode/limitExceeded`` past 16 MiB.
    public static func importAll(_ data: Data) throws(PostsealError) -> [Certificate] {
        try call { try importCertificates(data: data).map(Certificate.init(raw:)) }
    }

    /// The certificate in binary form.
    public func export() -> Data { raw.export() }

    /// The certificate with ASCII armor: text that can go into a message or a file.
    public func exportArmored() -> String { raw.exportArmored() }

    /// The fingerprint of the primary key, which is the name of the certificate.
    public var fingerprint: String { raw.fingerprint() }

    /// The version of the key: 4 or 6.
    public var version: Int { Int(raw.version()) }

    /// The fingerprints of all its keys, the primary one first.
    public var keyFingerprints: [String] { raw.keyFingerprints() }

    /// When the primary key was made.
    public var created: Date { raw.created() }

    /// When it expires; `nil` for never.
    public var expires: Date? { raw.expires() }

    /// Whether its holder has revoked it, as far as the signatures that we have say.
    public var isRevoked: Bool { raw.isRevoked() }

    /// Why it can't be used for anything, in words; `nil` where it can be used.
    public var unusable: String? { raw.unusable() }

    /// The user IDs that are bound and not revoked, the primary one first.
    public var userIDs: [UserId] { raw.userIds() }

    /// The algorithms of its keys in words, as in `Ed25519, X25519`.
    public var algorithms: String { raw.algorithms() }

    /// Whether one can encrypt to it now.
    public var canEncrypt: Bool { raw.canEncrypt() }

    /// Whether it has a key that can make signatures now. The secret part is another matter.
    public var canSign: Bool { raw.canSign() }

    /// Whether one of its user IDs has this address (the case of ASCII letters doesn't matter).
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where it is no address.
    public func speaks(for address: String) throws(PostsealError) -> Bool {
        try call { try raw.speaksFor(address: address) }
    }

    /// This certificate with everything that `other`, another version of it, knows.
    ///
    /// - Throws: ``ErrorCode/malformed`` where `other` is another certificate.
    public func merged(with other: Certificate) throws(PostsealError) -> Certificate {
        try call { Certificate(raw: try raw.merge(other: other.raw)) }
    }

    /// This certificate, revoked.
    ///
    /// - Throws: ``ErrorCode/malformed`` where the revocation belongs to another certificate, or is not valid.
    public func revoked(by revocation: RevocationCertificate) throws(PostsealError) -> Certificate {
        try call { Certificate(raw: try raw.revoke(revocation: revocation.raw)) }
    }
}

extension Certificate: CustomStringConvertible {
    public var description: String { raw.description }
}

/// A signature that, once published, says that a certificate must not be used any more. To be kept apart from the key.
public struct RevocationCertificate: Sendable {
    let raw: PostsealFFI.RevocationCertificate

    init(raw: PostsealFFI.RevocationCertificate) {
        self.raw = raw
    }

    /// Reads a revocation certificate, armored or binary.
    ///
    /// - Throws: ``ErrorCode/malformed`` for anything else.
    public init(importing data: Data) throws(PostsealError) {
        raw = try call { try .import(data: data) }
    }

    /// The revocation certificate in binary form.
    public func export() -> Data { raw.export() }

    /// The revocation certificate with ASCII armor, as other programs take it.
    public func exportArmored() -> String { raw.exportArmored() }

    /// The key that it revokes, as far as the signature names it.
    public var revokes: String? { raw.revokes() }
}
