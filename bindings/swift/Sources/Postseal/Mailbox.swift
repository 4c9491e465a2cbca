import PostsealFFI

extension Mailbox {
    /// Reads `a@b`, `<a@b>`, `Name <a@b>` or `"Name" <a@b>`.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for anything but exactly one mailbox.
    public init(parsing text: String) throws(PostsealError) {
        self = try call { try parseMailbox(text: text) }
    }
}

/// `"Bob <bob@example.org>"` is a mailbox. A literal that is none is refused when the draft is sealed.
extension Mailbox: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        self = (try? parseMailbox(text: text)) ?? Mailbox(address: text)
    }
}

extension Mailbox: CustomStringConvertible {
    public var description: String {
        name.map { "\($0) <\(address)>" } ?? address
    }
}
