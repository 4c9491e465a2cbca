import Foundation
import PostsealFFI

/// A session with an IMAP server, logged in.
///
/// It may be used from any task, and from several at once: calls are done one after another. Each names its mailbox as a text in Unicode; the session selects what
/// a call is about. It ends at ``close()``, or when nobody holds it, a ``FetchStream`` or a ``Watch`` of it any more.
///
/// Beyond what a call names itself it throws ``ErrorCode/refused`` where the server says no, also for a mailbox that is not there where the server gives no
/// reason, else ``ErrorCode/notFound``; ``ErrorCode/network``, ``ErrorCode/timeout``, ``ErrorCode/protocol`` and ``ErrorCode/limitExceeded``, which end the session;
/// ``ErrorCode/closed`` after its end.
public final class ImapSession: Sendable {
    private let raw: PostsealFFI.ImapSession

    private init(raw: PostsealFFI.ImapSession) {
        self.raw = raw
    }

    /// Connects and logs in.
    ///
    /// - Throws: ``ErrorCode/network``, ``ErrorCode/timeout``, ``ErrorCode/tls`` and ``ErrorCode/certificate`` where there is no connection;
    ///   ``ErrorCode/loginRefused``; ``ErrorCode/unsupported``.
    public static func connect(
        to server: Server, as credentials: Credentials, connector: Connector
    ) async throws(PostsealError) -> ImapSession {
        try await call {
            ImapSession(
                raw: try await .connect(
                    connector: connector.raw, server: server, credentials: credentials.raw, cancel: $0))
        }
    }

    /// What the TLS handshake agreed on.
    public var tls: TlsInfo? { raw.tls() }

    /// What the server offers after the login, in upper case and in order.
    public var capabilities: [String] { raw.capabilities() }

    /// Takes what the server wanted people to read since the last call, oldest first. Say that it comes from the server.
    public func takeAlerts() -> [String] { raw.takeAlerts() }

    /// Whether the session has ended, or was told to.
    public var isClosed: Bool { raw.isClosed() }

    /// Logs out and ends the session. May be called more than once, never waits for long, and does its work in a cancelled task too.
    public func close() async throws(PostsealError) {
        try await finish { try await raw.close() }
    }

    /// Asks for nothing: the server tells its news, and the connection shows that it is alive.
    public func noop() async throws(PostsealError) {
        try await call { try await raw.noop(cancel: $0) }
    }

    /// Tells the server who asks, and returns what it says of itself (ID).
    ///
    /// - Throws: ``ErrorCode/unsupported`` where the server has no ID.
    public func identify(as client: [ServerField] = []) async throws(PostsealError) -> [ServerField] {
        try await call { try await raw.id(client: client, cancel: $0) }
    }
}

// MARK: - Mailboxes

extension ImapSession {
    /// Lists every mailbox, in the server's order.
    public func mailboxes() async throws(PostsealError) -> [MailboxInfo] {
        try await call { try await raw.list(cancel: $0) }
    }

    /// Selects a mailbox for reading and writing, and tells of it. Calls select by themselves what they are about.
    public func select(_ mailbox: String) async throws(PostsealError) -> Selected {
        try await call { try await raw.select(mailbox: mailbox, cancel: $0) }
    }

    /// The same for reading alone: nothing of the mailbox changes by it.
    public func examine(_ mailbox: String) async throws(PostsealError) -> Selected {
        try await call { try await raw.examine(mailbox: mailbox, cancel: $0) }
    }

    /// The numbers of a mailbox, without selecting it.
    public func status(of mailbox: String) async throws(PostsealError) -> MailboxStatus {
        try await call { try await raw.status(mailbox: mailbox, cancel: $0) }
    }

    /// Makes a mailbox, with its parents where the server does that.
    public func create(_ mailbox: String) async throws(PostsealError) {
        try await call { try await raw.create(mailbox: mailbox, cancel: $0) }
    }

    /// Removes a mailbox with all messages in it.
    public func delete(_ mailbox: String) async throws(PostsealError) {
        try await call { try await raw.delete(mailbox: mailbox, cancel: $0) }
    }

    /// Gives a mailbox, and all below it, another name.
    public func rename(_ mailbox: String, to name: String) async throws(PostsealError) {
        try await call { try await raw.rename(mailbox: mailbox, to: name, cancel: $0) }
    }

    /// Adds a mailbox to those that the user wants to see.
    public func subscribe(to mailbox: String) async throws(PostsealError) {
        try await call { try await raw.subscribe(mailbox: mailbox, cancel: $0) }
    }

    /// Takes a mailbox from those that the user wants to see.
    public func unsubscribe(from mailbox: String) async throws(PostsealError) {
        try await call { try await raw.unsubscribe(mailbox: mailbox, cancel: $0) }
    }

    /// Watches a mailbox: by IDLE, or by asking every minute where the server has none. Other calls on this session go on meanwhile.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where this session watches a mailbox already.
    public func watch(_ mailbox: String) async throws(PostsealError) -> Watch {
        try await call { Watch(raw: try await raw.watch(mailbox: mailbox, cancel: $0)) }
    }
}

// MARK: - Messages

extension ImapSession {
    /// Searches a mailbox as it is now; the handles come in ascending order.
    ///
    /// - Throws: ``ErrorCode/uidValidityChanged`` where the search names UIDs of another UIDVALIDITY.
    public func search(_ mailbox: String, for search: Search) async throws(PostsealError) -> [Uid] {
        try await call { try await raw.search(mailbox: mailbox, search: search.raw, cancel: $0) }
    }

    /// Fetches messages in ascending order of their UIDs, without marking them as read. Nothing happens before the first one is asked for.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` where the mailbox, the set or the items can't be used.
    public func fetch(
        _ uids: UidSet, in mailbox: String, items: FetchItems, progress: ProgressHandler? = nil
    ) throws(PostsealError) -> FetchStream {
        try call {
            FetchStream(
                raw: try raw.fetch(
                    mailbox: mailbox, uids: uids, items: items, progress: ForeignProgress.listener(progress)))
        }
    }

    /// Fetches one whole message, without marking it as read.
    ///
    /// - Throws: ``ErrorCode/notFound`` where it is not there; ``ErrorCode/uidValidityChanged``; ``ErrorCode/invalidInput`` where it is larger than 64 MiB.
    public func message(
        _ uid: Uid, in mailbox: String, progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Message {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            Message(raw: try await raw.message(mailbox: mailbox, uid: uid, progress: listener, cancel: $0))
        }
    }

    /// Puts a message into a mailbox, byte by byte as given. Returns its handle where the server tells.
    ///
    /// - Parameter received: Becomes the message's internal date; the server takes the present time where it is `nil`.
    /// - Throws: ``ErrorCode/invalidInput`` for a message with a NUL in it.
    @discardableResult
    public func append(
        _ message: Data, to mailbox: String, flags: [Flag] = [], received: Date? = nil,
        progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Uid? {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            try await raw.append(
                mailbox: mailbox, message: message, flags: flags, received: received, progress: listener, cancel: $0)
        }
    }

    /// Changes the flags of messages. Those that are not there any more are passed over.
    ///
    /// - Throws: ``ErrorCode/uidValidityChanged``; ``ErrorCode/invalidInput`` where a flag can't be set.
    public func store(_ change: FlagChange, for uids: UidSet, in mailbox: String) async throws(PostsealError) {
        try await call { try await raw.store(mailbox: mailbox, uids: uids, change: change, cancel: $0) }
    }

    /// Copies messages to another mailbox; returns which became which, as far as the server tells.
    ///
    /// - Throws: ``ErrorCode/uidValidityChanged``.
    @discardableResult
    public func copy(_ uids: UidSet, from mailbox: String, to target: String) async throws(PostsealError) -> [Moved] {
        try await call { try await raw.copy(mailbox: mailbox, uids: uids, to: target, cancel: $0) }
    }

    /// Moves messages to another mailbox. Where the server has neither MOVE nor UIDPLUS they are copied, and stay behind marked as deleted.
    ///
    /// - Throws: ``ErrorCode/uidValidityChanged``.
    @discardableResult
    public func move(_ uids: UidSet, from mailbox: String, to target: String) async throws(PostsealError) -> [Moved] {
        try await call { try await raw.moveTo(mailbox: mailbox, uids: uids, to: target, cancel: $0) }
    }

    /// Removes every message of the mailbox that is marked as deleted, whoever marked it.
    public func expunge(_ mailbox: String) async throws(PostsealError) {
        try await call { try await raw.expunge(mailbox: mailbox, cancel: $0) }
    }

    /// Removes those of the messages that are marked as deleted.
    ///
    /// - Throws: ``ErrorCode/unsupported`` where the server has no UIDPLUS; ``ErrorCode/uidValidityChanged``.
    public func expunge(_ uids: UidSet, in mailbox: String) async throws(PostsealError) {
        try await call { try await raw.expungeUids(mailbox: mailbox, uids: uids, cancel: $0) }
    }
}

/// A list of handles is a set of messages; they must be of one UIDVALIDITY, and at least one.
extension UidSet: ExpressibleByArrayLiteral {
    public init(arrayLiteral uids: Uid...) {
        self = .of(uids: uids)
    }
}
