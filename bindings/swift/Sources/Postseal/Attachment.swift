import Foundation
import PostsealFFI

/// A file that travels with a message: its name, its type, its bytes.
public struct Attachment: Sendable {
    let raw: PostsealFFI.Attachment

    /// An attachment of bytes at hand. Its media type is `application/octet-stream` where none is given.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` names what can't be used: a file name with a control character in it, a media type that is none.
    public init(
        _ data: Data, fileName: String? = nil, mediaType: String? = nil, contentID: String? = nil
    ) throws(PostsealError) {
        raw = try call {
            try PostsealFFI.Attachment(data: data, fileName: fileName, mediaType: mediaType, contentId: contentID)
        }
    }

    /// An attachment from a file of at most 32 MiB; its name and media type are those that the path says.
    ///
    /// - Throws: ``ErrorCode/notFound`` and ``ErrorCode/file`` where it can't be read, ``ErrorCode/limitExceeded`` where it is longer, ``ErrorCode/invalidInput`` where it
    ///   is no file.
    public init(contentsOf file: URL) async throws(PostsealError) {
        raw = try await call { try await .fromPath(path: file.path, cancel: $0) }
    }

    init(raw: PostsealFFI.Attachment) {
        self.raw = raw
    }

    /// The bytes of the file. Large ones are better saved by ``save(to:)``.
    public var data: Data { raw.data() }

    /// How many bytes the file has.
    public var size: Int { Int(raw.size()) }

    /// The file name. In a message that came it is safe to use below a folder: no path separators, no control characters.
    public var fileName: String? { raw.fileName() }

    /// The media type with its parameters, such as `text/plain; charset=utf-8`.
    public var mediaType: String { raw.mediaType() }

    /// The Content-ID, by which an HTML body refers to it as `cid:…`.
    public var contentID: String? { raw.contentId() }

    /// Writes the bytes to a file, which must not exist yet.
    ///
    /// - Throws: ``ErrorCode/alreadyExists`` and ``ErrorCode/file`` where it can't be written.
    public func save(to file: URL) async throws(PostsealError) {
        try await call { try await raw.save(path: file.path, cancel: $0) }
    }
}
