import Foundation
import PostsealFFI

extension Keyring {
    /// Seals a draft: one copy for the recipients who see each other, and one for each Bcc recipient.
    ///
    /// - Parameter encryptToSelf: Encrypts to the sender's own certificate too, so that the sender can read what was sent.
    /// - Throws: ``ErrorCode/keyMissing`` names everyone without a usable certificate; nothing is sealed with less protection instead. ``ErrorCode/invalidInput`` names
    ///   the field of the draft that can't be used.
    public func seal(
        _ draft: Draft, as protection: Protection = .signAndEncrypt, encryptToSelf: Bool = true
    ) async throws(PostsealError) -> Sealed {
        let sealed = try await call {
            try await sealMessage(
                draft: draft.raw, protection: protection, keyring: raw,
                options: SealOptions(encryptToSelf: encryptToSelf), cancel: $0)
        }
        return Sealed(raw: sealed)
    }

    /// Opens a message: decrypts, verifies and judges it. One without any protection opens too, and its verdict says so.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` names the keys that could decrypt it; ``ErrorCode/wrongPassphrase``; ``ErrorCode/tampered``, after which nothing is known of the
    ///   content, since not one byte was handed out; ``ErrorCode/limitExceeded``. A bad signature is no error: the verdict names it.
    public func open(
        _ message: Message, options: OpenOptions = OpenOptions()
    ) async throws(PostsealError) -> Opened {
        let opened = try await call {
            try await openMessage(message: message.raw, keyring: raw, options: options.raw, cancel: $0)
        }
        return Opened(raw: opened)
    }

    /// Parses the bytes of a message and opens it, as ``open(_:options:)-(Message,_)`` does.
    public func open(_ message: Data, options: OpenOptions = OpenOptions()) async throws(PostsealError) -> Opened {
        try await open(Message(message), options: options)
    }
}

/// A sealed message.
public struct Sealed: Sendable {
    /// What is to be submitted: the copy for the `To` and `Cc` recipients, if there are any, then one for each Bcc recipient.
    public let copies: [SealedCopy]
    /// The copy for the sender's own records; `nil` where the sender asked not to be able to read it.
    public let ownCopy: SealedCopy?

    init(raw: PostsealFFI.Sealed) {
        copies = raw.copies().map(SealedCopy.init(raw:))
        ownCopy = raw.ownCopy().map(SealedCopy.init(raw:))
    }
}

/// One copy of a sealed message: whom it is for, and its bytes.
public struct SealedCopy: Sendable {
    let raw: PostsealFFI.SealedCopy

    init(raw: PostsealFFI.SealedCopy) {
        self.raw = raw
    }

    /// Whom the copy is for. That of the sender's own copy is empty.
    public var envelope: Envelope { raw.envelope() }

    /// The message, ready to be submitted. Large ones are better sent as they are, or saved by ``save(to:)``.
    public var data: Data { raw.data() }

    /// How many bytes the message has.
    public var size: Int { Int(raw.size()) }

    /// Writes the message to a file, which must not exist yet.
    public func save(to file: URL) async throws(PostsealError) {
        try await call { try await raw.save(path: file.path, cancel: $0) }
    }
}

/// What may open a message besides the keys, and what it may have at most.
public struct OpenOptions: Sendable {
    /// Passphrases to try, in this order, where no key opens what is encrypted.
    public var passphrases: [String]
    /// The most bytes of a message, and of what is inside each layer of it; 64 MiB where it is `nil`.
    public var maxBytes: Int?

    /// The defaults, but for what is given.
    public init(passphrases: [String] = [], maxBytes: Int? = nil) {
        self.passphrases = passphrases
        self.maxBytes = maxBytes
    }

    var raw: PostsealFFI.OpenOptions {
        PostsealFFI.OpenOptions(passphrases: passphrases, maxBytes: maxBytes.map(Int64.init))
    }
}

/// Passphrases are secrets: only their number is shown.
extension OpenOptions: CustomStringConvertible, CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    public var description: String {
        "OpenOptions(\(passphrases.count) passphrases, maxBytes: \(maxBytes.map(String.init) ?? "default"))"
    }
}

/// A message that was opened.
public struct Opened: Sendable {
    /// The message inside all layers of protection, with the header fields that were protected.
    public let message: Message
    /// What can be believed about it.
    public let verdict: Verdict
    /// What was put right to open it.
    public let repairs: [Repair]

    init(raw: PostsealFFI.Opened) {
        message = Message(raw: raw.message())
        verdict = raw.verdict()
        repairs = raw.repairs()
    }
}
