import Foundation
import PostsealFFI

/// A message, parsed. Broken mail is read as far as it goes; only what goes past a limit is refused.
public struct Message: Sendable {
    let raw: PostsealFFI.Message

    init(raw: PostsealFFI.Message) {
        self.raw = raw
    }

    /// Parses the bytes of a message.
    ///
    /// - Throws: ``ErrorCode/limitExceeded`` for one of more than 64 MiB, 1,000 parts, or a nesting of 32.
    public init(_ data: Data) throws(PostsealError) {
        raw = try call { try .parse(data: data) }
    }

    /// Parses a message from a file.
    ///
    /// - Throws: As ``init(_:)``, and where the file can't be read.
    public init(contentsOf file: URL) async throws(PostsealError) {
        raw = try await call { try await .fromPath(path: file.path, cancel: $0) }
    }

    /// The message as it came. Large ones are better saved by ``save(to:)``.
    public var data: Data { raw.data() }

    /// How many bytes the message has.
    public var size: Int { Int(raw.size()) }

    /// Writes the message to a file, which must not exist yet.
    public func save(to file: URL) async throws(PostsealError) {
        try await call { try await raw.save(path: file.path, cancel: $0) }
    }

    /// The header fields, in their order.
    public var headers: [HeaderField] { raw.headers() }

    /// The value of the first header field of that name, in any case, decoded.
    public func header(_ name: String) -> String? { raw.header(name: name) }

    /// Who the message says it is from.
    public var from: AddressList { raw.from() }

    /// Who the message says sent it on behalf of ``from``.
    public var sender: AddressList { raw.sender() }

    /// Where replies should go.
    public var replyTo: AddressList { raw.replyTo() }

    /// The recipients in the `To` field.
    public var to: AddressList { raw.to() }

    /// The recipients in the `Cc` field.
    public var cc: AddressList { raw.cc() }

    /// The entries of every address field of that name.
    public func addresses(_ name: String) -> AddressList { raw.addresses(name: name) }

    /// When the message says it was written; `nil` where it doesn't say, or makes no sense.
    public var date: MessageDate? { raw.date() }

    /// The subject, decoded, on one line.
    public var subject: String? { raw.subject() }

    /// The identifier of the message, without angle brackets, where it has a valid one.
    public var messageID: String? { raw.messageId() }

    /// The messages to which this one replies.
    public var inReplyTo: [String] { raw.inReplyTo() }

    /// The messages of the same conversation, the oldest first.
    public var references: [String] { raw.references() }

    /// The text body: the first text that is no file.
    public var text: String? { raw.textBody()?.text }

    /// The text body, with its charset and whether all of it could be decoded.
    public var textBody: Text? { raw.textBody() }

    /// The HTML body, as it was sent: it may hold anything, so clean it before it is shown. With a text body beside it the two are alternatives of one another.
    public var htmlBody: Text? { raw.htmlBody() }

    /// What the HTML body shows by its Content-ID.
    public var inlineParts: [Attachment] { raw.inlineParts().map(Attachment.init(raw:)) }

    /// Everything that is neither body nor inline part; an attached message is one attachment.
    public var attachments: [Attachment] { raw.attachments().map(Attachment.init(raw:)) }

    /// The message as a part: the root of the part tree.
    public var root: Part { Part(raw: raw.root()) }

    /// All parts in the order in which they begin, from the root on; those of attached messages included.
    public var parts: [Part] { raw.parts().map(Part.init(raw:)) }
}

/// A part of a message: a container of parts, or a leaf with data. The message itself is one, too.
public struct Part: Sendable {
    let raw: PostsealFFI.Part

    init(raw: PostsealFFI.Part) {
        self.raw = raw
    }

    /// The media type with its parameters, such as `text/plain; charset=utf-8`.
    public var mediaType: String { raw.mediaType() }

    /// A parameter of the media type, decoded, such as `charset`.
    public func parameter(_ name: String) -> String? { raw.parameter(name: name) }

    /// The kind of disposition, `inline` or `attachment` mostly, in lower case.
    public var disposition: String? { raw.disposition() }

    /// The file name, made safe to use below a folder.
    public var fileName: String? { raw.fileName() }

    /// The Content-ID, by which HTML refers to the part.
    public var contentID: String? { raw.contentId() }

    /// How the body is encoded.
    public var transferEncoding: TransferEncoding { raw.transferEncoding() }

    /// The parts right inside this one.
    public var children: [Part] { raw.children().map(Part.init(raw:)) }

    /// The container around this part; `nil` for the message itself.
    public var parent: Part? { raw.parent().map(Part.init(raw:)) }

    /// Whether a `multipart/…` ends with its closing delimiter. Where it doesn't, something may have been cut off.
    public var isClosed: Bool { raw.isClosed() }

    /// The header fields, in their order.
    public var headers: [HeaderField] { raw.headers() }

    /// The value of the first header field of that name, in any case, decoded.
    public func header(_ name: String) -> String? { raw.header(name: name) }

    /// The part exactly as it stands in the message: its header section, the empty line, and its body.
    public var source: Data { raw.raw() }

    /// The header section as it stands, with the empty line that ends it.
    public var sourceOfHeader: Data { raw.rawHeader() }

    /// The body as it stands, still in its transfer encoding.
    public var sourceOfBody: Data { raw.rawBody() }

    /// The body with its transfer encoding undone; of a container, the body as it stands.
    public var data: Data { raw.data() }

    /// The body as text, in the charset that the part names.
    public var text: Text { raw.text() }

    /// The part as a file.
    public var attachment: Attachment { Attachment(raw: raw.toAttachment()) }
}
