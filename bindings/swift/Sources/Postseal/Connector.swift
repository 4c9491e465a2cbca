import Foundation
import PostsealFFI

/// Opens connections: what is trusted, and how long to wait. It holds the store of resumable TLS sessions, so one is made and kept.
public struct Connector: Sendable {
    let raw: PostsealFFI.Connector

    /// A connector.
    ///
    /// - Parameter log: Is told what the sessions do.
    /// - Throws: ``ErrorCode/invalidInput`` where a root, a pin or the client certificate can't be used.
    public init(
        tls: TlsOptions = TlsOptions(), timeouts: Timeouts = Timeouts(), log: LogHandler? = nil
    ) throws(PostsealError) {
        raw = try call {
            try PostsealFFI.Connector(tls: tls, timeouts: timeouts.raw, log: ForeignLog.sink(log))
        }
    }

    /// Where the trusted roots came from.
    public var trustSource: TrustSource { raw.trustSource() }
}

/// How long each step may stand still. They count progress: a transfer of an hour is fine while bytes move. What is `nil` has its default.
public struct Timeouts: Sendable, Hashable {
    /// Until a connection is up (30 seconds).
    public var connect: Duration?
    /// Until the TLS handshake is done (30 seconds).
    public var handshake: Duration?
    /// Without a byte moving, while an answer is due (60 seconds).
    public var progress: Duration?
    /// For the answer to a whole message (10 minutes). A shorter one causes messages to be sent twice.
    public var finalReply: Duration?
    /// For the farewell, before the connection is cut (5 seconds).
    public var close: Duration?
    /// For a token provider to answer (60 seconds).
    public var token: Duration?

    /// The defaults, but for those that are given.
    public init(
        connect: Duration? = nil, handshake: Duration? = nil, progress: Duration? = nil, finalReply: Duration? = nil,
        close: Duration? = nil, token: Duration? = nil
    ) {
        self.connect = connect
        self.handshake = handshake
        self.progress = progress
        self.finalReply = finalReply
        self.close = close
        self.token = token
    }

    var raw: PostsealFFI.Timeouts {
        PostsealFFI.Timeouts(
            connect: connect?.seconds, handshake: handshake?.seconds, progress: progress?.seconds,
            finalReply: finalReply?.seconds, close: close?.seconds, token: token?.seconds)
    }
}

/// The private key of a client certificate is a secret, also for `dump`.
extension ClientCertificate: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Duration {
    init(seconds: TimeInterval) {
        self = .seconds(seconds)
    }

    /// As Foundation counts; never below zero, which the library has no use for.
    var seconds: TimeInterval {
        let (seconds, attoseconds) = components
        return max(0, TimeInterval(seconds) + TimeInterval(attoseconds) / 1e18)
    }
}
