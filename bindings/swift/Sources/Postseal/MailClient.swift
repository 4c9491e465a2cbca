import Foundation
import PostsealFFI

/// One person's mail account: who they are, where their mail is submitted and where it is fetched.
public struct Account: Sendable {
    /// Whose account it is.
    public var mailbox: Mailbox
    /// Where mail is submitted.
    public var submission: Login
    /// Where mail is fetched. Without it the account only sends.
    public var incoming: Incoming?
    /// Whether own copies are filed in *Sent*.
    public var sentCopy: SentCopy

    /// A server, and what to log in with.
    public struct Login: Sendable {
        /// The server.
        public var server: Server
        /// What to log in with.
        public var credentials: Credentials

        /// A login.
        public init(_ server: Server, as credentials: Credentials) {
            self.server = server
            self.credentials = credentials
        }

        var raw: PostsealFFI.Login {
            PostsealFFI.Login(server: server, credentials: credentials.raw)
        }
    }

    /// Where mail is fetched.
    public enum Incoming: Sendable {
        /// By IMAP.
        case imap(Login)
        /// By POP3.
        case pop3(Login)
    }

    /// An account.
    public init(mailbox: Mailbox, submission: Login, incoming: Incoming? = nil, sentCopy: SentCopy = .automatic) {
        self.mailbox = mailbox
        self.submission = submission
        self.incoming = incoming
        self.sentCopy = sentCopy
    }

    var raw: PostsealFFI.Account {
        var account = PostsealFFI.Account(mailbox: mailbox, submission: submission.raw, sentCopy: sentCopy)
        switch incoming {
        case .imap(let login): account.imap = login.raw
        case .pop3(let login): account.pop3 = login.raw
        case nil: break
        }
        return account
    }
}

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
    /// The protection is never less than asked for: where one recipient has no usable key nothing is sent at all. **Any error means that nothing was sent**; once a
    /// copy was handed over there is a report. Where the task is cancelled, a copy that is being transmitted goes out; the copies after it, and the one for *Sent*, don't.
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
    public func open(_ message: MessageHandle, progress: ProgressHandler? = nil) async throws(PostsealError) -> Opened {
        let listener = ForeignProgress.listener(progress)
        return try await call {
            Opened(raw: try await raw.open(handle: message, progress: listener, cancel: $0))
        }
    }

    /// Ends all sessions politely. The client stays usable: it connects again when there is something to do.
    public func close() async throws(PostsealError) {
        try await finish { try await raw.close() }
    }
}
