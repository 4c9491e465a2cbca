import PostsealFFI

/// Is told how far a long piece of work has come: so many bytes, of how many where that is known.
///
/// It is called at most once for every 16 KB, by a thread of the library: it must return soon, and never call the library.
public typealias ProgressHandler = @Sendable (_ done: Int, _ total: Int?) -> Void

/// The app's handler, as the library calls it.
final class ForeignProgress: ProgressListener {
    private let handler: ProgressHandler

    /// Nothing, where there is no handler.
    static func listener(_ handler: ProgressHandler?) -> ForeignProgress? {
        handler.map(ForeignProgress.init)
    }

    private init(_ handler: @escaping ProgressHandler) {
        self.handler = handler
    }

    func progress(done: Int64, total: Int64?) {
        handler(Int(done), total.map(Int.init))
    }
}
