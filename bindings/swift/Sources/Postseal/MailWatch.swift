import PostsealFFI

/// A mailbox that is watched for mail; made by ``MailClient/watch(_:)``.
///
/// ```swift
/// for try await change in try await client.watch("INBOX") {
///     if case .arrived(let messages) = change { messages.forEach { print($0.from) } }
/// }
/// ```
///
/// It goes on until ``close()`` is called or it is let go of. What it throws ended its session, and not the watch: another iterator connects anew, and tells what came
/// meanwhile. Cancelling the task that waits loses nothing.
public struct MailWatch: AsyncSequence, Sendable {
    public typealias Element = MailboxChange
    public typealias Failure = PostsealError

    let raw: PostsealFFI.MailWatch

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(raw: raw)
    }

    /// Ends the watch, a wait that is under way, and, politely, its session. May be called more than once, and does its work in a cancelled task too.
    public func close() async throws(PostsealError) {
        try await finish { try await raw.close() }
    }

    /// Waits for changes, for as long as it takes.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let raw: PostsealFFI.MailWatch

        public mutating func next() async throws(PostsealError) -> MailboxChange? {
            let watch = raw
            return try await call { try await watch.next(cancel: $0) }
        }
    }
}
