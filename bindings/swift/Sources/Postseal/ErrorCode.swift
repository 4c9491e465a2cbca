/// What kind of error it is: stable, and the same in every language. New codes may be added, so have a default branch.
public struct ErrorCode: RawRepresentable, Hashable, Sendable {
    /// The code as a text, such as `login-refused`.
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The caller gave something that can't be used. Nothing was sent.
    public static let invalidInput = ErrorCode(rawValue: "invalid-input")
    /// The server, or this build, does not offer what was asked for.
    public static let unsupported = ErrorCode(rawValue: "unsupported")
    /// The server said no, in its own words; or a policy of OpenPGP did.
    public static let refused = ErrorCode(rawValue: "refused")
    /// The server refused the credentials.
    public static let loginRefused = ErrorCode(rawValue: "login-refused")
    /// The peer broke the protocol. The session is closed.
    public static let `protocol` = ErrorCode(rawValue: "protocol")
    /// Something is larger, deeper or more than a named limit allows.
    public static let limitExceeded = ErrorCode(rawValue: "limit-exceeded")
    /// The TLS handshake failed for another reason than the certificate.
    public static let tls = ErrorCode(rawValue: "tls")
    /// The server's certificate is not trusted.
    public static let certificate = ErrorCode(rawValue: "certificate")
    /// Nothing moved for the length of a deadline. The session is closed.
    public static let timeout = ErrorCode(rawValue: "timeout")
    /// The name was not found, the connection was refused, or it broke.
    public static let network = ErrorCode(rawValue: "network")
    /// The caller gave up: the task was cancelled. What had not begun was not done; what had begun may be carried out behind the scenes.
    public static let cancelled = ErrorCode(rawValue: "cancelled")
    /// The session was closed before.
    public static let closed = ErrorCode(rawValue: "closed")
    /// The mailbox was rebuilt: its UIDs mean other messages now.
    public static let uidValidityChanged = ErrorCode(rawValue: "uid-validity-changed")
    /// What was asked for is not there.
    public static let notFound = ErrorCode(rawValue: "not-found")
    /// A key or certificate that is needed is missing, locked or unusable.
    public static let keyMissing = ErrorCode(rawValue: "key-missing")
    /// The passphrase does not unlock the key or the message.
    public static let wrongPassphrase = ErrorCode(rawValue: "wrong-passphrase")
    /// Encrypted data was changed or cut, or has no protection of its integrity. Nothing of it was handed out.
    public static let tampered = ErrorCode(rawValue: "tampered")
    /// The data is not what it claims to be.
    public static let malformed = ErrorCode(rawValue: "malformed")
    /// What was to be made is there already, and replacing it was not asked for.
    public static let alreadyExists = ErrorCode(rawValue: "already-exists")
    /// A file could not be read or written.
    public static let file = ErrorCode(rawValue: "file")
    /// The process was forked after the library was first used.
    public static let forked = ErrorCode(rawValue: "forked")
    /// A defect in Postseal. Please report it.
    public static let `internal` = ErrorCode(rawValue: "internal")

    /// Every code that this version knows.
    public static let all: [ErrorCode] = [
        .invalidInput, .unsupported, .refused, .loginRefused, .protocol, .limitExceeded, .tls, .certificate, .timeout,
        .network, .cancelled, .closed, .uidValidityChanged, .notFound, .keyMissing, .wrongPassphrase, .tampered, .malformed,
        .alreadyExists, .file, .forked, .internal,
    ]
}

extension ErrorCode: CustomStringConvertible {
    public var description: String { rawValue }
}
