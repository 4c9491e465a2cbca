//! Waiting for mail.

use postseal_session::ImapSession;
use postseal_session::imap::{Change, MailboxName, Search, Uid, UidSet, UidValidity, Watch};

use crate::{Error, MailClient, MessageHandle, MessageSummary};

/// A mailbox that is watched for mail; made by [`MailClient::watch`]. Dropping it ends its session.
#[derive(Debug)]
pub struct MailWatch {
    client: MailClient,
    mailbox: MailboxName,
    /// The messages from here on were not told yet.
    from: Position,
    /// `None` where the session has ended.
    watch: Option<Watch>,
    /// Whether messages may have come that were not looked for.
    is_behind: bool,
}

/// News of a mailbox.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MailboxChange {
    /// These messages have come, the oldest first.
    Arrived(Vec<MessageSummary>),
    /// Messages were removed, or their flags have changed: what is shown of the mailbox may be out of date.
    Changed,
}

/// A place between two messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    validity: UidValidity,
    /// The UID of the next message, or one below it.
    next: u32,
}

impl MailClient {
    /// Watches a mailbox for mail that comes from now on (IMAP), on a session of its own: everything else can be done meanwhile.
    ///
    /// ```no_run
    /// # async fn example(client: &postseal::MailClient) -> Result<(), postseal::Error> {
    /// use postseal::{MailboxChange, MailboxName};
    ///
    /// let mut watch = client.watch(&MailboxName::inbox()).await?;
    /// while let MailboxChange::Arrived(messages) = watch.next().await? {
    ///     for message in messages {
    ///         println!("new mail from {}", message.from);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Session`]; [`Error::NotConfigured`] for an account without IMAP.
    pub async fn watch(&self, mailbox: &MailboxName) -> Result<MailWatch, Error> {
        let session = self.new_imap().await?;
        let from = Position::end_of(&session, mailbox).await?;
        let watch = session.watch(mailbox).await?;
        let (client, mailbox) = (self.clone(), mailbox.clone());
        // Something may have come between the look at the mailbox and the watch.
        Ok(MailWatch { client, mailbox, from, watch: Some(watch), is_behind: true })
    }
}

impl MailWatch {
    /// Waits for the next change, for as long as it takes.
    ///
    /// # Errors
    ///
    /// [`Error::Session`]: what ended the session, or what the server said to a question. The watch goes on: the next call
    /// connects anew where that is needed, and tells what came meanwhile. When to call again, or whether, is up to the app;
    /// [`Error::is_retryable`] helps. Where the mailbox was rebuilt (UIDVALIDITY changed) the watch goes on from its end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait loses nothing.
    pub async fn next(&mut self) -> Result<MailboxChange, Error> {
        loop {
            match self.advance().await {
                Ok(Some(change)) => return Ok(change),
                Ok(None) => {}
                // Where its end is now only a new look at the mailbox can tell, which says so, too.
                Err(error) if is_rebuilt(&error) && self.watch.take().is_some() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the watch and its session politely.
    ///
    /// # Errors
    ///
    /// [`Error::Session`] in a forked child.
    pub async fn close(self) -> Result<(), Error> {
        match self.watch {
            Some(watch) => Ok(watch.session().close().await?),
            None => Ok(()),
        }
    }

    /// Does what is due: connects, looks for messages, or waits for the server's word.
    async fn advance(&mut self) -> Result<Option<MailboxChange>, Error> {
        let Some(watch) = &mut self.watch else {
            self.begin_anew().await?;
            return Ok(None);
        };
        if self.is_behind {
            let session = watch.session().clone();
            return self.catch_up(&session).await;
        }
        match watch.next().await {
            Ok(Change::Exists(_)) => {
                self.is_behind = true;
                Ok(None)
            }
            Ok(_) => Ok(Some(MailboxChange::Changed)),
            Err(error) => {
                self.watch = None;
                Err(error.into())
            }
        }
    }

    /// The messages that came since the last time.
    async fn catch_up(&mut self, session: &ImapSession) -> Result<Option<MailboxChange>, Error> {
        let listed = MessageSummary::fetch(session, &self.mailbox, &self.from.onwards()?).await;
        if session.is_closed() {
            self.watch = None;
        }
        let arrived = listed?;
        self.is_behind = false;
        if let Some(MessageHandle::Imap { uid, .. }) = arrived.last().map(|message| &message.handle) {
            self.from.next = uid.number().saturating_add(1);
            self.client.has_news();
        }
        Ok((!arrived.is_empty()).then_some(MailboxChange::Arrived(arrived)))
    }

    async fn begin_anew(&mut self) -> Result<(), Error> {
        let session = self.client.new_imap().await?;
        let end = Position::end_of(&session, &self.mailbox).await?;
        let expected = self.from.validity;
        if end.validity != expected {
            self.from = end;
            let (expected, actual) = (expected.value(), end.validity.value());
            return Err(postseal_session::Error::UidValidityChanged { expected, actual }.into());
        }
        self.watch = Some(session.watch(&self.mailbox).await?);
        self.is_behind = true;
        Ok(())
    }
}

impl Position {
    /// Behind the last message of a mailbox.
    async fn end_of(session: &ImapSession, mailbox: &MailboxName) -> Result<Self, Error> {
        let selected = session.examine(mailbox).await?;
        let next = match selected.uid_next {
            Some(next) => next,
            None => {
                let found = session.search(mailbox, &Search::all()).await?;
                found.last().map_or(1, |last| last.number().saturating_add(1))
            }
        };
        Ok(Self { validity: selected.uid_validity, next })
    }

    /// The messages behind it.
    fn onwards(self) -> Result<UidSet, Error> {
        let first = Uid::new(self.validity, self.next);
        let no_uid = || postseal_session::Error::InvalidInput { what: "UID", reason: "it is 0".to_owned() };
        Ok(UidSet::starting_at(first.ok_or_else(no_uid)?))
    }
}

fn is_rebuilt(error: &Error) -> bool {
    matches!(error, Error::Session(postseal_session::Error::UidValidityChanged { .. }))
}
