import Foundation
import PostsealFFI

/// A session with a POP3 server, logged in: it holds the maildrop, and keeps others out of it.
///
/// **Deletions** are marks until ``quit()``: only that has the server remove the messages. Whatever else ends the session leaves every message where it was.
///
/// Beyond what a call names itself it throws ``ErrorCode/refused`` where the server says no; ``ErrorCode/network``, ``ErrorCode/timeout``, ``ErrorCode/protocol`` and
/// ``ErrorCode/limitExceeded``, which end the session; ``ErrorCode/closed`` after its end.
public final class Pop3Session: Sendable {
    private let raw: PostsealFFI.Pop3Session

    private init(raw: PostsealFFI.Pop3Session) {
        self.raw = raw
    }

    /// Connects and logs in.
    ///
    /// - Throws: ``ErrorCode/network``, ``ErrorCode/timeout``, ``ErrorCode/tls`` and ``ErrorCode/certificate`` where there is no connection;
    ///   ``ErrorCode/loginRefused``, also where another session holds the maildrop; ``ErrorCode/unsupported``.
    public static func connect(
        to server: Server, as credentials: Credentials, connector: Connector
    ) async throws(PostsealError) -> Pop3Session {
        try await call {
            Pop3Session(
                raw: try await .connect(
                    connector: connector.raw, server: server, credentials: credentials.raw, cancel: $0))
        }
    }

    /// What the TLS handshake agreed on.
    public var tls: TlsInfo? { raw.tls() }

    /// Whether the server announced the capability, such as `TOP`; `nil` where it announced nothing at all.
    public func hasCapability(_ name: String) -> Bool? { raw.hasCapability(name: name) }

    /// What the server announced behind the capability: `60` for `EXPIRE 60`; empty where there is nothing.
    public func arguments(ofCapability name: String) -> String? { raw.capabilityArguments(name: name) }

    /// How many messages there are, and their size together.
    public func stat() async throws(PostsealError) -> Maildrop {
        try await call { try await raw.stat(cancel: $0) }
    }

    /// The messages with their sizes and unique ids, in the order of their numbers. Those marked as deleted are left out.
    ///
    /// - Throws: ``ErrorCode/limitExceeded`` past 250,000 messages.
    public func messages() async throws(PostsealError) -> [Pop3Message] {
        try await call { try await raw.messages(cancel: $0) }
    }

    /// Retrieves a message in chunks, as they are asked for. Other calls wait until the stream was read to its end or let go of.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for a number below 1.
    public func retrieve(_ number: Int, progress: ProgressHandler? = nil) async throws(PostsealError) -> MessageStream {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            MessageStream(
                raw: try await raw.retrieve(number: Int32(clamping: number), progress: listener, cancel: $0))
        }
    }

    /// Retrieves a whole message of at most 64 MiB.
    ///
    /// - Throws: ``ErrorCode/limitExceeded`` for a larger one. And as ``retrieve(_:progress:)``.
    public func message(_ number: Int, progress: ProgressHandler? = nil) async throws(PostsealError) -> Message {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            Message(raw: try await raw.message(number: Int32(clamping: number), progress: listener, cancel: $0))
        }
    }

    /// Retrieves messages one after the other, in their order, as they are asked for: the fast way to many. Nothing is sent before the first one is asked for.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for a message that is none.
    public func retrieveAll(
        _ messages: [Pop3Message], progress: ProgressHandler? = nil
    ) throws(PostsealError) -> Pop3Retrieval {
        try call {
            Pop3Retrieval(raw: try raw.retrieveAll(messages: messages, progress: ForeignProgress.listener(progress)))
        }
    }

    /// The header of a message and the first lines of its body.
    ///
    /// - Throws: ``ErrorCode/unsupported`` where the server announces no TOP. And as ``retrieve(_:progress:)``.
    public func top(_ number: Int, lines: Int = 0) async throws(PostsealError) -> Data {
        try await call {
            try await raw.top(number: Int32(clamping: number), lines: Int32(clamping: lines), cancel: $0)
        }
    }

    /// Marks a message as deleted; ``quit()`` has the server remove it.
    public func delete(_ number: Int) async throws(PostsealError) {
        try await call { try await raw.delete(number: Int32(clamping: number), cancel: $0) }
    }

    /// Marks messages as deleted, in few round trips. Returns what went wrong with each, in their order; `nil` where nothing did.
    @discardableResult
    public func deleteAll(_ numbers: [Int]) async throws(PostsealError) -> [Failure?] {
        try await call { try await raw.deleteAll(numbers: numbers.map { Int32(clamping: $0) }, cancel: $0) }
    }

    /// Takes the marks off all messages.
    public func reset() async throws(PostsealError) {
        try await call { try await raw.reset(cancel: $0) }
    }

    /// Does nothing, and keeps the server from ending an idle session.
    public func noop() async throws(PostsealError) {
        try await call { try await raw.noop(cancel: $0) }
    }

    /// Ends the session, has the server remove the messages that were marked as deleted, and tells what became of them.
    ///
    /// - Throws: ``ErrorCode/closed`` where the session had ended before: then nothing was removed.
    @discardableResult
    public func quit() async throws(PostsealError) -> Pop3Update {
        try await call { try await raw.quit(cancel: $0) }
    }

    /// Ends the session without removing anything. May be called more than once, never waits for long, and does its work in a cancelled task too.
    public func close() async throws(PostsealError) {
        try await finish { try await raw.close() }
    }

    /// Whether the session has ended.
    public var isClosed: Bool { raw.isClosed() }
}

/// Which messages of a maildrop were fetched before, for those who leave them on the server. An app keeps one list for each maildrop.
public final class SeenUids: Sendable {
    private let raw: PostsealFFI.SeenUids

    /// A list as it was saved by ``save()``; nothing at all is an empty list.
    ///
    /// - Throws: ``ErrorCode/invalidInput``, naming the line, where it is no such list.
    public init(_ saved: Data = Data()) throws(PostsealError) {
        raw = try call { try .load(data: saved) }
    }

    /// The list as lines of text, to be kept.
    public func save() -> Data { raw.save() }

    /// Those messages of a listing that were not seen yet. A message without a unique id can't be remembered: it is always new.
    public func newMessages(in listing: [Pop3Message]) throws(PostsealError) -> [Pop3Message] {
        try call { try raw.newMessages(listing: listing) }
    }

    /// Whether a message was marked before.
    public func hasSeen(_ message: Pop3Message) throws(PostsealError) -> Bool {
        try call { try raw.hasSeen(message: message) }
    }

    /// Marks a message as seen now; the time of an earlier mark stays. Returns whether it is remembered, as one without a unique id can't be.
    @discardableResult
    public func mark(_ message: Pop3Message) throws(PostsealError) -> Bool {
        try call { try raw.mark(message: message) }
    }

    /// Those messages of a listing that were first seen at least so long ago.
    public func messagesToDelete(
        in listing: [Pop3Message], after keep: Duration
    ) throws(PostsealError) -> [Pop3Message] {
        try call { try raw.toDelete(listing: listing, keep: keep.seconds) }
    }

    /// Forgets the messages that are no longer in a listing, which must be a complete one: else they would be new again.
    public func forget(notIn listing: [Pop3Message]) throws(PostsealError) {
        try call { try raw.forgetGone(listing: listing) }
    }

    /// How many messages are remembered.
    public var count: Int { Int(raw.count()) }
}
