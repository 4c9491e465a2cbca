import PostsealFFI

/// Takes what sessions do, one event at a time: the host and port that the app gave, words of this library, numbers and codes; never a secret, an address, or
/// anything of a message or of a server's text.
///
/// It is called by the session, which waits meanwhile: it must return soon, and never call the library.
public typealias LogHandler = @Sendable (LogEvent) -> Void

/// The app's handler, as the library calls it.
final class ForeignLog: LogSink {
    private let handler: LogHandler

    /// Nothing, where there is no handler.
    static func sink(_ handler: LogHandler?) -> ForeignLog? {
        handler.map(ForeignLog.init)
    }

    private init(_ handler: @escaping LogHandler) {
        self.handler = handler
    }

    func log(event: LogEvent) {
        handler(event)
    }
}
