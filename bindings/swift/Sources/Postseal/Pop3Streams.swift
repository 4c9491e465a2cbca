import Foundation
import PostsealFFI

/// A message on its way, in chunks that are pulled; made by ``Pop3Session/retrieve(_:progress:)``.
///
/// While it is neither read to its end nor let go of, the session's other calls wait: up to a minute, and then the stream is given up. It throws
/// ``ErrorCode/cancelled`` where it was given up, and what broke the session, where it broke: the message is incomplete then.
public struct MessageStream: AsyncSequence, Sendable {
    public typealias Element = Data
    public typealias Failure = PostsealError

    let raw: PostsealFFI.MessageStream

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(raw: raw)
    }

    /// Lets go of the message: the session goes on where little of it is left, and is closed otherwise. May be called more than once.
    public func stop() async {
        await raw.stop()
    }

    /// Takes the chunks, none of which is empty.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let raw: PostsealFFI.MessageStream

        public mutating func next() async throws(PostsealError) -> Data? {
            let stream = raw
            return try await call { try await stream.nextChunk(cancel: $0) }
        }
    }
}

/// Many messages, one after the other, as they are asked for; made by ``Pop3Session/retrieveAll(_:progress:)``. It may be let go of at any time.
///
/// It throws what ends the session, after all messages that came before. What concerns one message alone is in its place.
public struct Pop3Retrieval: AsyncSequence, Sendable {
    public typealias Element = Pop3Retrieved
    public typealias Failure = PostsealError

    let raw: PostsealFFI.Pop3Retrieval

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(raw: raw)
    }

    /// Ends the retrieval, and a wait that is under way. May be called more than once.
    public func stop() async {
        await raw.stop()
    }

    /// Takes the messages.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let raw: PostsealFFI.Pop3Retrieval

        public mutating func next() async throws(PostsealError) -> Pop3Retrieved? {
            let retrieval = raw
            return try await call { try await retrieval.next(cancel: $0) }
        }
    }
}
