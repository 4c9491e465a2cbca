use postseal_message::mime::Mailbox;
use postseal_session::{Credentials, Server};

/// One person's mail account: who they are, where their mail is submitted and where it is fetched.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) mailbox: Mailbox,
    pub(crate) submission: Login,
    pub(crate) incoming: Option<Incoming>,
    pub(crate) sent_copy: SentCopy,
}

/// A server, and what to log in with.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) server: Server,
    pub(crate) credentials: Credentials,
}

/// Where mail is fetched.
#[derive(Debug, Clone)]
pub(crate) enum Incoming {
    Imap(Login),
    Pop3(Login),
}

/// Whether the sender's own copy of a sent message is filed in the mailbox with the role *Sent*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SentCopy {
    /// File it, except where the submission server is known to do so itself (Gmail).
    #[default]
    Automatic,
    /// File it always.
    Always,
    /// Never file it.
    Never,
}

impl Account {
    /// An account that submits mail to `smtp`; it fetches none until [`Account::imap`] or [`Account::pop3`] is called.
    #[must_use]
    pub fn new(mailbox: Mailbox, smtp: Server, credentials: Credentials) -> Self {
        let submission = Login { server: smtp, credentials };
        Self { mailbox, submission, incoming: None, sent_copy: SentCopy::default() }
    }

    /// Fetches mail by IMAP from `server`.
    #[must_use]
    pub fn imap(mut self, server: Server, credentials: Credentials) -> Self {
        self.incoming = Some(Incoming::Imap(Login { server, credentials }));
        self
    }

    /// Fetches mail by POP3 from `server`.
    #[must_use]
    pub fn pop3(mut self, server: Server, credentials: Credentials) -> Self {
        self.incoming = Some(Incoming::Pop3(Login { server, credentials }));
        self
    }

    /// Says whether own copies are filed in *Sent*.
    #[must_use]
    pub const fn sent_copy(mut self, choice: SentCopy) -> Self {
        self.sent_copy = choice;
        self
    }

    pub(crate) const fn has_imap(&self) -> bool {
        matches!(self.incoming, Some(Incoming::Imap(_)))
    }

    /// Whose account it is.
    #[must_use]
    pub const fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }
}
