import PostsealFFI

/// Messages, fetched batch by batch as they are asked for; made by ``ImapSession/fetch(_:in:items:progress:)``.
///
/// ```swift
/// for try await message in try session.fetch(uids, in: "INBOX", items: FetchItems(flags: true, header: true)) {
///     print(message.uid, message.flags ?? [])
/// }
/// ```
///
/// There is one pass: a second iterator goes on where the first one was. Breaking out of the loop fetches no more; letting go of the stream drains the batch
/// under way. It throws ``ErrorCode/uidValidityChanged`` where the mailbox was rebuilt, ``ErrorCode/notFound`` where it is gone, and what ends a session.
public struct FetchStream: AsyncSequence, Sendable {
    public typealias Element = Fetched
    public typealias Failure = PostsealError

    let raw: PostsealFFI.FetchStream

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(raw: raw)
    }

    /// Ends the stream, and a wait that is under way. May be called more than once.
    public func stop() async {
        await raw.stop()
    }

    /// Takes the messages out, those that are here already in one go.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let raw: PostsealFFI.FetchStream
        private var ready = [Fetched]().makeIterator()

        init(raw: PostsealFFI.FetchStream) {
            self.raw = raw
        }

        public mutating func next() async throws(PostsealError) -> Fetched? {
            if let message = ready.next() {
                return message
            }
            let stream = raw
            ready = try await call { try await stream.nextBatch(most: 64, cancel: $0) }.makeIterator()
            return ready.next()
        }
    }
}

/// A mailbox that is being watched; made by ``ImapSession/watch(_:)``. What adds up while nobody asks is told once.
///
/// ```swift
/// for try await change in try await session.watch("INBOX") {
///     if case .exists(let count) = change { print("\(count) messages") }
/// }
/// ```
///
/// It goes on until ``stop()`` is called or it is let go of. It throws what ended the watch: the failure of the session, ``ErrorCode/uidValidityChanged`` or
/// ``ErrorCode/notFound`` where the mailbox was rebuilt or removed. Cancelling the task that waits loses nothing.
public struct Watch: AsyncSequence, Sendable {
    public typealias Element = Change
    public typealias Failure = PostsealError

    let raw: PostsealFFI.Watch

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(raw: raw)
    }

    /// Ends the watch, and a wait that is under way. May be called more than once.
    public func stop() async {
        await raw.stop()
    }

    /// Waits for changes, for as long as it takes.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let raw: PostsealFFI.Watch

        public mutating func next() async throws(PostsealError) -> Change? {
            let watch = raw
            return try await call { try await watch.next(cancel: $0) }
        }
    }
}
