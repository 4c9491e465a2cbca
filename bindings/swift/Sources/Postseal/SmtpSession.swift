import Foundation
import PostsealFFI

/// A session with a submission server, logged in. Messages go one after the other, in the order of the calls.
///
/// It may be used from any task, and from several at once. It ends at ``close()``, or when nobody holds it any more.
public final class SmtpSession: Sendable {
    private let raw: PostsealFFI.SmtpSession

    private init(raw: PostsealFFI.SmtpSession) {
        self.raw = raw
    }

    /// Connects and logs in.
    ///
    /// - Throws: ``ErrorCode/network``, ``ErrorCode/timeout``, ``ErrorCode/tls`` and ``ErrorCode/certificate`` where there is no connection;
    ///   ``ErrorCode/loginRefused``; ``ErrorCode/unsupported``.
    public static func connect(
        to server: Server, as credentials: Credentials, connector: Connector
    ) async throws(PostsealError) -> SmtpSession {
        try await call {
            SmtpSession(
                raw: try await .connect(
                    connector: connector.raw, server: server, credentials: credentials.raw, cancel: $0))
        }
    }

    /// Sends a copy of a sealed message to whom it is for.
    ///
    /// Where the server refuses some of the recipients the message goes to the others; ``SendOptions/allOrNothing`` changes that. **An error but
    /// ``ErrorCode/cancelled`` means that the message was not sent**; where that is not certain, the receipt says so. A send that is cancelled once its data began runs to its end, and
    /// ``outcome(of:)`` tells of it where the options named it.
    ///
    /// - Throws: ``ErrorCode/unsupported`` names the extension that the server lacks, and leaves the session usable.
    @discardableResult
    public func send(
        _ copy: SealedCopy, options: SendOptions = SendOptions(), progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Receipt {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            try await raw.sendCopy(copy: copy.raw, options: options.raw, progress: listener, cancel: $0)
        }
    }

    /// Sends one message, exactly as it is given: lines of at most 998 octets, each ended by CRLF.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for a message that can't be sent as it is, and for an envelope without recipients. And as for ``send(_:options:progress:)``.
    @discardableResult
    public func send(
        _ message: Data, envelope: Envelope, options: SendOptions = SendOptions(), progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Receipt {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            try await raw.send(
                envelope: envelope, message: message, options: options.raw, progress: listener, cancel: $0)
        }
    }

    /// Sends a message from a file, as ``send(_:envelope:options:progress:)`` does. The file is read whole.
    @discardableResult
    public func send(
        contentsOf file: URL, envelope: Envelope, options: SendOptions = SendOptions(), progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Receipt {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            try await raw.sendFile(
                envelope: envelope, path: file.path, options: options.raw, progress: listener, cancel: $0)
        }
    }

    /// What became of a send that was named, also of one that was cancelled. Waits until that is known.
    ///
    /// A session remembers the last 64 named sends, after its end too.
    ///
    /// - Throws: ``ErrorCode/notFound`` for one that was never begun here or is forgotten; ``ErrorCode/cancelled`` for one that was abandoned before its data.
    public func outcome(of id: SendId) async throws(PostsealError) -> Receipt {
        try await call { try await raw.outcome(id: id.raw, cancel: $0) }
    }

    /// Asks for a sign of life.
    public func noop() async throws(PostsealError) {
        try await call { try await raw.noop(cancel: $0) }
    }

    /// Takes leave after what was begun, and ends the session. May be called more than once, never waits for long, and does its work in a cancelled task too.
    public func close() async throws(PostsealError) {
        try await finish { try await raw.close() }
    }

    /// Whether the session has ended, or was told to.
    public var isClosed: Bool { raw.isClosed() }

    /// What the TLS handshake agreed on.
    public var tls: TlsInfo? { raw.tls() }

    /// What the server can do.
    public var extensions: SmtpExtensions { raw.extensions() }
}

/// How a message is to be sent. The default asks for nothing special.
public struct SendOptions: Sendable {
    /// Names the send, so that its outcome can still be asked for after it was cancelled.
    public var id: SendId?
    /// Sends to nobody where the server refuses one of the recipients.
    public var allOrNothing: Bool
    /// Asks for delivery status notifications; the server must support DSN.
    public var dsn: Dsn?

    /// The defaults, but for what is given.
    public init(id: SendId? = nil, allOrNothing: Bool = false, dsn: Dsn? = nil) {
        self.id = id
        self.allOrNothing = allOrNothing
        self.dsn = dsn
    }

    var raw: PostsealFFI.SendOptions {
        PostsealFFI.SendOptions(id: id?.raw, allOrNothing: allOrNothing, dsn: dsn)
    }
}

/// The name of one send, unique in this process; see ``SmtpSession/outcome(of:)``.
public struct SendId: Sendable {
    let raw = PostsealFFI.SendId()

    /// A name that no other send has.
    public init() {}
}
