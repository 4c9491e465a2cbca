import Foundation
import PostsealFFI

/// A message to be composed. Everything in it is checked when it is sealed.
///
/// ```swift
/// var draft = Draft(from: "Alice <alice@example.org>", to: ["bob@example.org"], subject: "Tonight")
/// draft.text = "Eight, at the harbour."
/// ```
public struct Draft: Sendable {
    /// Who the message is from.
    public var from: Mailbox
    /// The recipients in the `To` field.
    public var to: [Mailbox]
    /// The recipients in the `Cc` field.
    public var cc: [Mailbox]
    /// Recipients of whom nobody else learns.
    public var bcc: [Mailbox]
    /// Where replies should go.
    public var replyTo: [Mailbox] = []
    /// The subject.
    public var subject: String?
    /// The text body. Any line breaks will do.
    public var text: String?
    /// The HTML body. With a text body beside it the reader's program chooses between the two.
    public var html: String?
    /// Files.
    public var attachments: [Attachment]
    /// What is shown within the body: by its Content-ID, where the HTML body refers to it as `cid:…`.
    public var inline: [Attachment] = []
    /// The identifiers of the messages to which this one is a reply.
    public var inReplyTo: [String] = []
    /// The identifiers of the messages of the same conversation, the oldest first.
    public var references: [String] = []
    /// Any other header fields.
    public var headers: [HeaderField] = []
    /// When it was written; now, in UTC, where it is `nil`.
    public var date: MessageDate?
    /// Its identifier; a random one in the domain of the sender where it is `nil`.
    public var messageID: String?

    /// A draft. What is seldom needed is set afterwards.
    public init(
        from: Mailbox, to: [Mailbox] = [], cc: [Mailbox] = [], bcc: [Mailbox] = [], subject: String? = nil, text: String? = nil,
        html: String? = nil, attachments: [Attachment] = []
    ) {
        self.from = from
        self.to = to
        self.cc = cc
        self.bcc = bcc
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
    }

    /// The same draft, checked, with a date and an identifier: it can be sealed twice as the same message.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` names the first field that can't be used.
    public func checked() throws(PostsealError) -> Draft {
        let checked = try call { try checkDraft(draft: raw) }
        var draft = self
        draft.date = checked.date
        draft.messageID = checked.messageId
        return draft
    }

    /// Composes the draft as it is, without protection: to be kept among the drafts, say. It is sealed to be sent.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` names the first field that can't be used.
    public func composed() async throws(PostsealError) -> Message {
        try await call { Message(raw: try await composeDraft(draft: raw, cancel: $0)) }
    }

    var raw: PostsealFFI.Draft {
        PostsealFFI.Draft(
            from: from, to: to, cc: cc, bcc: bcc, replyTo: replyTo, subject: subject, text: text, html: html,
            attachments: attachments.map(\.raw), inline: inline.map(\.raw), inReplyTo: inReplyTo, references: references,
            headers: headers, date: date, messageId: messageID)
    }
}
