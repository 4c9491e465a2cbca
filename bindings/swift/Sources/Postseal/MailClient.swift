import Foundation
import PostsealFFI

/// One person's mail: seals and sends, lists, fetches and opens.
///
/// It connects when there is something to do, keeps its sessions, and opens a new one where one has ended. It may be used from any task, and uses what the
/// keyring holds at each call.
public final class MailClient: Sendable {
    /// The keys and certificates.
    public let keyring: Keyring
    private let raw: PostsealFFI.MailClient

    /// A client for an account, with the keys of its owner and the certificates of the people they write to.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` names what of the account can't be used.
    public init(_ account: Account, keyring: Keyring, connector: Connector) throws(PostsealError) {
        self.keyring = keyring
        raw = try call {
            try PostsealFFI.MailClient(connector: connector.raw, account: account.raw, keyring: keyring.raw)
        }
    }

    /// Seals a draft, submits every copy of it, and files the sender's own copy in *Sent*.
    ///
    /// The protection is never less than asked for: where one recipient has no usable key nothing is sent at all. **Any error but
    /// ``ErrorCode/cancelled`` means that nothing was sent**; once a copy was handed over there is a report. Where the task is cancelled, a copy that is being transmitted
    /// goes out, and those before it have gone; the copies after it, and the one for *Sent*, don't.
    ///
    /// - Throws: ``ErrorCode/keyMissing`` names every recipient without a usable key; ``ErrorCode/invalidInput``; those of a connection.
    @discardableResult
    public func send(
        _ draft: Draft, as protection: Protection = .signAndEncrypt, progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> SendReport {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            try await raw.send(draft: draft.raw, protection: protection, progress: listener, cancel: $0)
        }
    }

    /// Seals a draft as ``send(_:as:progress:)`` does, without sending it.
    public func seal(_ draft: Draft, as protection: Protection = .signAndEncrypt) async throws(PostsealError) -> Sealed {
        try await call {
            Sealed(raw: try await raw.seal(draft: draft.raw, protection: protection, cancel: $0))
        }
    }

    /// The messages in the inbox, in the server's order: the oldest first, as a rule.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for an account that fetches no mail; those of a connection.
    public func inbox() async throws(PostsealError) -> [MessageSummary] {
        try await call { try await raw.inbox(cancel: $0) }
    }

    /// The mailboxes of the account, with their roles (IMAP).
    public func mailboxes() async throws(PostsealError) -> [MailboxInfo] {
        try await call { try await raw.mailboxes(cancel: $0) }
    }

    /// The messages in a mailbox, in the server's order (IMAP).
    ///
    /// - Throws: ``ErrorCode/notFound`` or ``ErrorCode/refused`` for no such mailbox; those of a connection.
    public func messages(in mailbox: String) async throws(PostsealError) -> [MessageSummary] {
        try await call { try await raw.messages(mailbox: mailbox, cancel: $0) }
    }

    /// One page of a mailbox, the newest message first; by POP3 of the inbox alone.
    ///
    /// - Parameter before: The last message of the page before; `nil` begins with the newest.
    /// - Throws: ``ErrorCode/uidValidityChanged`` where the mailbox was rebuilt since that message was listed. And as ``messages(in:)``.
    public func page(
        of mailbox: String, before: MessageHandle? = nil, count: Int = 50
    ) async throws(PostsealError) -> Page {
        try await call {
            try await raw.page(mailbox: mailbox, before: before, count: Int32(clamping: count), cancel: $0)
        }
    }

    /// Fetches a message as it is on the server; it is not marked as read.
    ///
    /// - Throws: ``ErrorCode/notFound`` where it is no longer there; ``ErrorCode/uidValidityChanged``; those of a connection.
    public func fetch(
        _ message: MessageHandle, progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Message {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            Message(raw: try await raw.fetch(handle: message, progress: listener, cancel: $0))
        }
    }

    /// Fetches a message and opens it: decrypts, verifies and judges it.
    ///
    /// - Throws: Those of ``fetch(_:progress:)``; ``ErrorCode/keyMissing``, ``ErrorCode/wrongPassphrase``, ``ErrorCode/tampered`` and ``ErrorCode/limitExceeded``.
    public func open(
        _ message: MessageHandle, options: OpenOptions = OpenOptions(), progress: ProgressHandler? = nil
    ) async throws(PostsealError) -> Opened {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            Opened(raw: try await raw.open(handle: message, options: options.raw, progress: listener, cancel: $0))
        }
    }

    /// Marks a message as read, or as not read (IMAP).
    ///
    /// - Throws: ``ErrorCode/uidValidityChanged``; ``ErrorCode/invalidInput`` for a message of a POP3 maildrop; those of a connection.
    public func mark(_ message: MessageHandle, asRead isRead: Bool = true) async throws(PostsealError) {
        try await call { try await raw.markRead(handle: message, isRead: isRead, cancel: $0) }
    }

    /// Changes the flags of a message (IMAP).
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for a flag that can't be set. And as ``mark(_:asRead:)``.
    public func store(_ change: FlagChange, for message: MessageHandle) async throws(PostsealError) {
        try await call { try await raw.changeFlags(handle: message, change: change, cancel: $0) }
    }

    /// Moves a message to another mailbox (IMAP). Returns what names it there, where the server tells.
    ///
    /// - Throws: ``ErrorCode/notFound`` or ``ErrorCode/refused`` for no such mailbox. And as ``mark(_:asRead:)``.
    @discardableResult
    public func move(
        _ message: MessageHandle, to mailbox: String
    ) async throws(PostsealError) -> MessageHandle? {
        try await call { try await raw.moveTo(handle: message, mailbox: mailbox, cancel: $0) }
    }

    /// Deletes a message: into the trash where there is one, for good otherwise and from the trash.
    ///
    /// - Throws: ``ErrorCode/uidValidityChanged``; ``ErrorCode/notFound`` where it is no longer there; those of a connection.
    @discardableResult
    public func delete(_ message: MessageHandle) async throws(PostsealError) -> Deleted {
        try await call { try await raw.delete(handle: message, cancel: $0) }
    }

    /// Watches a mailbox for mail that comes from now on (IMAP), on a session of its own: everything else can be done meanwhile.
    ///
    /// - Throws: ``ErrorCode/invalidInput`` for an account without IMAP; those of a connection.
    public func watch(_ mailbox: String) async throws(PostsealError) -> MailWatch {
        try await call { MailWatch(raw: try await raw.watch(mailbox: mailbox, cancel: $0)) }
    }

    /// Ends all sessions politely. The client stays usable: it connects again when there is something to do.
    public func close() async throws(PostsealError) {
        try await finish { try await raw.close() }
    }
}
