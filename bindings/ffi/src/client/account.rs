use std::sync::Arc;

use postseal as core;

use crate::PostsealError;
use crate::connector::Server;
use crate::credentials::Credentials;
use crate::values::Mailbox;

/// One person's mail account: who they are, where their mail is submitted and where it is fetched.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Account {
    /// Whose account it is.
    pub mailbox: Mailbox,
    /// Where mail is submitted.
    pub submission: Login,
    /// Where mail is fetched by IMAP. Without it and without POP3, the account only sends.
    #[uniffi(default)]
    pub imap: Option<Login>,
    /// Where mail is fetched by POP3; it counts where there is no IMAP.
    #[uniffi(default)]
    pub pop3: Option<Login>,
    /// Whether own copies are filed in *Sent*; where the server doesn't do so itself, where nothing is given.
    #[uniffi(default)]
    pub sent_copy: Option<SentCopy>,
}

/// A server, and what to log in with.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Login {
    /// The server.
    pub server: Server,
    /// What to log in with.
    pub credentials: Arc<Credentials>,
}

impl TryFrom<Account> for core::Account {
    type Error = PostsealError;

    fn try_from(account: Account) -> Result<Self, PostsealError> {
        let Account { mailbox, submission, imap, pop3, sent_copy } = account;
        let credentials = |login: &Login| login.credentials.0.clone();
        let sent_copy = sent_copy.map_or(core::SentCopy::default(), Into::into);
        let (sender, own) = (mailbox.core("mailbox")?, credentials(&submission));
        let account = Self::new(sender, submission.server.try_into()?, own).sent_copy(sent_copy);
        Ok(match (imap, pop3) {
            (Some(login), _) => {
                let own = credentials(&login);
                account.imap(login.server.try_into()?, own)
            }
            (None, Some(login)) => {
                let own = credentials(&login);
                account.pop3(login.server.try_into()?, own)
            }
            (None, None) => account,
        })
    }
}

/// Whether the sender's own copy of a sent message is filed in the mailbox with the role *Sent*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SentCopy {
    /// File it, except where the submission server is known to do so itself.
    Automatic,
    /// File it always.
    Always,
    /// Never file it.
    Never,
}

impl From<SentCopy> for core::SentCopy {
    fn from(choice: SentCopy) -> Self {
        match choice {
            SentCopy::Automatic => Self::Automatic,
            SentCopy::Always => Self::Always,
            SentCopy::Never => Self::Never,
        }
    }
}
