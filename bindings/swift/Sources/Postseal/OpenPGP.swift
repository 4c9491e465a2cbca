import Foundation
import PostsealFFI

/// Who shall be able to read what is encrypted, and who signs it.
public struct Recipients: Sendable {
    /// The holders of these certificates.
    public var certificates: [Certificate]
    /// And whoever knows one of these passphrases.
    public var passphrases: [String]
    /// Signs it inside the encryption.
    public var signer: UnlockedKey?

    /// Recipients; somebody must be among them.
    public init(_ certificates: [Certificate] = [], passphrases: [String] = [], signer: UnlockedKey? = nil) {
        self.certificates = certificates
        self.passphrases = passphrases
        self.signer = signer
    }

    var raw: PgpRecipients {
        PgpRecipients(certificates: certificates.map(\.raw), passphrases: passphrases, signer: signer?.raw)
    }
}

/// Passphrases are secrets: only their number is shown.
extension Recipients: CustomStringConvertible, CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    public var description: String {
        let signer = signer.map { ", signed by \($0.fingerprint)" } ?? ""
        return "Recipients(\(certificates.map(\.fingerprint)), \(passphrases.count) passphrases\(signer))"
    }
}

/// OpenPGP on bytes and files, apart from mail.
public enum OpenPGP {
    /// Encrypts data in memory. Larger data is better encrypted from file to file, or in pieces by an ``Encryptor``.
    ///
    /// - Parameter armored: Gives text (ASCII armor) instead of the binary form.
    /// - Throws: ``ErrorCode/keyMissing`` for a certificate that can't be used; ``ErrorCode/invalidInput`` where there is nobody to encrypt to.
    public static func encrypt(
        _ data: Data, to recipients: Recipients, armored: Bool = false
    ) throws(PostsealError) -> Data {
        try call { try PostsealFFI.encrypt(data: data, recipients: recipients.raw, armored: armored) }
    }

    /// Encrypts a file into another one, which is there whole or not at all. It takes little memory, whatever the size.
    ///
    /// - Throws: ``ErrorCode/alreadyExists`` where the target is there and may not be overwritten; ``ErrorCode/notFound`` and ``ErrorCode/file``. And as
    ///   ``encrypt(_:to:armored:)``.
    public static func encrypt(
        contentsOf source: URL, into target: URL, to recipients: Recipients, overwrite: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws(PostsealError) {
        let listener = ForeignProgress.listener(progress)
        try await call {
            try await encryptFile(
                from: source.path, to: target.path, recipients: recipients.raw, overwrite: overwrite,
                progress: listener, cancel: $0)
        }
    }

    /// Makes a detached signature.
    ///
    /// - Parameter armored: Gives text (ASCII armor) instead of the binary form.
    /// - Throws: ``ErrorCode/keyMissing`` where the key can't sign.
    public static func signature(
        of data: Data, by key: UnlockedKey, armored: Bool = false
    ) throws(PostsealError) -> Data {
        try call { try signDetached(data: data, key: key.raw, armored: armored) }
    }

    /// Signs data into a message that holds it.
    ///
    /// - Parameter armored: Gives text (ASCII armor) instead of the binary form.
    /// - Throws: ``ErrorCode/keyMissing`` where the key can't sign.
    public static func sign(_ data: Data, by key: UnlockedKey, armored: Bool = false) throws(PostsealError) -> Data {
        try call { try signInline(data: data, key: key.raw, armored: armored) }
    }

    /// Signs a text so that it stays readable (cleartext signature).
    ///
    /// - Throws: ``ErrorCode/keyMissing`` where the key can't sign.
    public static func sign(_ text: String, by key: UnlockedKey) throws(PostsealError) -> String {
        try call { try signCleartext(text: text, key: key.raw) }
    }
}

extension Keyring {
    /// Decrypts data in memory, armored or binary, and checks the signatures inside.
    ///
    /// - Throws: ``ErrorCode/tampered``, ``ErrorCode/keyMissing``, ``ErrorCode/wrongPassphrase``, ``ErrorCode/malformed`` and ``ErrorCode/limitExceeded``. A bad
    ///   signature is no error: it is one of the signatures.
    public func decrypt(
        _ data: Data, options: OpenOptions = OpenOptions()
    ) throws(PostsealError) -> Decrypted {
        try call { try PostsealFFI.decrypt(data: data, keyring: raw, options: options.pgp) }
    }

    /// Decrypts a file, armored or binary, into another one, which is there only once the integrity of all of it is proven.
    ///
    /// - Throws: ``ErrorCode/alreadyExists``, ``ErrorCode/notFound`` and ``ErrorCode/file``. And as ``decrypt(_:options:)``.
    public func decrypt(
        contentsOf source: URL, into target: URL, options: OpenOptions = OpenOptions(), overwrite: Bool = false,
        progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> DecryptedFile {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            try await decryptFile(
                from: source.path, to: target.path, keyring: raw, options: options.pgp, overwrite: overwrite,
                progress: listener, cancel: $0)
        }
    }

    /// Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures. Whether to believe the data is up to these.
    ///
    /// - Throws: ``ErrorCode/malformed`` where it is something else; ``ErrorCode/limitExceeded``.
    public func verify(_ message: Data) throws(PostsealError) -> Verified {
        try call { try verifyInline(message: message, keyring: raw) }
    }

    /// Checks detached signatures, armored or binary. Returns each with what became of it; at least one.
    ///
    /// - Throws: ``ErrorCode/malformed`` where `signature` is something else; ``ErrorCode/limitExceeded``.
    public func verify(_ data: Data, signature: Data) throws(PostsealError) -> [SignatureResult] {
        try call { try verifyDetached(data: data, signature: signature, keyring: raw) }
    }
}

extension OpenOptions {
    /// The same for data that is no mail.
    fileprivate var pgp: PgpOptions {
        PgpOptions(passphrases: passphrases, maxBytes: maxBytes.map(Int64.init))
    }
}

/// Encrypts data that comes in pieces, in little memory.
///
/// ```swift
/// let encryptor = try Encryptor(to: recipients)
/// for piece in pieces { output.write(try encryptor.write(piece)) }
/// output.write(try encryptor.finish())
/// ```
public final class Encryptor: Sendable {
    private let raw: PostsealFFI.Encryptor

    /// Begins a message.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` for a certificate that can't be used; ``ErrorCode/invalidInput`` where there is nobody to encrypt to.
    public init(to recipients: Recipients) throws(PostsealError) {
        raw = try call { try PostsealFFI.Encryptor(recipients: recipients.raw) }
    }

    /// Takes the next piece of plaintext, and returns what of the message is ready: often nothing, since it comes some megabytes at a time.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` after the end.
    public func write(_ data: Data) throws(PostsealError) -> Data {
        try call { try raw.write(data: data) }
    }

    /// Ends the message, and returns the rest of it. Without it the message is cut, and nobody will open it.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` after the end.
    public func finish() throws(PostsealError) -> Data {
        try call { try raw.finish() }
    }
}
