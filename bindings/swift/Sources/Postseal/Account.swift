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
