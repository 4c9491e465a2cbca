import Foundation
import PostsealFFI

/// What went wrong. Programs look at ``code``, people read ``detail``.
///
/// ```swift
/// do {
///     try await session.send(copy)
/// } catch {
///     if error.isRetryable { /* … on a new session … */ } else { show(error.detail) }
/// }
/// ```
public struct PostsealError: Error, Hashable, Sendable {
    /// The kind of error: stable, and the same in every language.
    public let code: ErrorCode
    /// What happened, for people. It may change between versions, and holds nothing secret.
    public let detail: String
    /// Whether the same call may work later without a change by the caller.
    public let isRetryable: Bool
    /// Whether the session that gave this error can be used for the next call.
    public let keepsSession: Bool

    /// What the error knows besides. Which of these there are depends on the code.
    public let facts: Facts

    /// What only some errors know.
    public struct Facts: Hashable, Sendable {
        /// ``ErrorCode/invalidInput``: which argument or field is to blame.
        public var field: String?
        /// ``ErrorCode/file``, ``ErrorCode/alreadyExists``, ``ErrorCode/notFound``: which file, where it is about one.
        public var path: String?
        /// ``ErrorCode/unsupported``: the missing extension or algorithm.
        public var what: String?
        /// ``ErrorCode/refused``, ``ErrorCode/loginRefused``: the server's own words.
        public var refusal: Refusal?
        /// ``ErrorCode/limitExceeded``: the limit, in bytes or items.
        public var limit: Int?
        /// ``ErrorCode/certificate``: the chain, the reason and the hash of the key, for an app to show.
        public var certificate: CertificateFault?
        /// ``ErrorCode/timeout``, ``ErrorCode/network``: what was being done.
        public var step: String?
        /// ``ErrorCode/timeout``: the deadline that ran out.
        public var deadline: Duration?
        /// ``ErrorCode/closed``: the failure that closed the session.
        public var because: ErrorCode?
        /// ``ErrorCode/uidValidityChanged``: the UIDVALIDITY that the caller's handles carry.
        public var expectedUidValidity: Int?
        /// ``ErrorCode/uidValidityChanged``: the mailbox's UIDVALIDITY now.
        public var actualUidValidity: Int?
        /// ``ErrorCode/keyMissing`` when sealing: everyone without a usable certificate.
        public var missing: [MissingCertificate] = []
        /// ``ErrorCode/keyMissing`` when opening: the keys that would do, by fingerprint or key ID.
        public var keys: [String] = []
        /// ``ErrorCode/keyMissing`` when opening: whether a passphrase would do, too.
        public var takesPassphrase = false

        /// Nothing.
        public init() {}
    }

    /// An error as it comes out of the generated code.
    init(_ error: any Error) {
        switch error {
        case let error as PostsealError: self = error
        case let error as PostsealFFI.PostsealError: self.init(raw: error)
        default: self.init(code: .internal, detail: "\(error)", isRetryable: false, keepsSession: false)
        }
    }

    init(code: ErrorCode, detail: String, isRetryable: Bool, keepsSession: Bool, facts: Facts = Facts()) {
        self.code = code
        self.detail = detail
        self.isRetryable = isRetryable
        self.keepsSession = keepsSession
        self.facts = facts
    }
}

extension PostsealError: LocalizedError, CustomStringConvertible {
    public var errorDescription: String? { detail }
    public var description: String { "\(code): \(detail)" }
}

/// What an error of the app's own says to people.
func text(of error: any Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? "\(error)"
}
