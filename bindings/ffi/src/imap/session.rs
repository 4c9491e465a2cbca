use std::sync::Arc;

use postseal::MailboxName;
use postseal::session as core;

use super::fetch::{FetchItems, FetchStream};
use super::records::{
    Flag, FlagChange, MailboxInfo, MailboxStatus, Moved, Selected, ServerField, Uid, UidSet, flags, moved,
};
use super::search::Search;
use super::watch::Watch;
use crate::bytes::Bytes;
use crate::cancel::{cancellable, cancellable_task};
use crate::connector::{Connector, Server, TlsInfo};
use crate::credentials::Credentials;
use crate::foreign::{ProgressListener, listener};
use crate::message::Message;
use crate::numbers::Timestamp;
use crate::{CancelToken, PostsealError, runtime};

/// A session with an IMAP server, logged in. Calls may come from anywhere at once: they are done one after another. Each names its
/// mailbox as a text in Unicode; the session selects what a call is about.
#[derive(Debug, uniffi::Object)]
pub struct ImapSession(pub(super) core::ImapSession);

#[uniffi::export]
impl ImapSession {
    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// `Network`, `Timeout`, `Tls` and `Certificate` where there is no connection; `LoginRefused`; `Unsupported`.
    #[uniffi::constructor(default(cancel = None))]
    pub async fn connect(
        connector: Arc<Connector>,
        server: Server,
        credentials: Arc<Credentials>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Self>, PostsealError> {
        cancellable_task(cancel, async move {
            let connection = core::ImapConnection::open(&connector.0, &server.try_into()?).await?;
            let session = connection.log_in(&credentials.0).await.map_err(core::Error::from)?;
            Ok::<_, PostsealError>(Arc::new(Self(session)))
        })
        .await
    }

    /// What the TLS handshake agreed on.
    #[must_use]
    pub fn tls(&self) -> Option<TlsInfo> {
        self.0.tls().map(Into::into)
    }

    /// What the server offers after the login, in upper case and in order.
    #[must_use]
    pub fn capabilities(&self) -> Vec<String> {
        self.0.capabilities().iter().map(str::to_owned).collect()
    }

    /// Takes what the server wanted people to read since the last call, oldest first. Say that it comes from the server.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<String> {
        self.0.take_alerts()
    }

    /// Whether the session has ended, or was told to.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Logs out and ends the session. May be called more than once, and never waits for long.
    ///
    /// # Errors
    ///
    /// `Forked` in a forked child.
    #[uniffi::method(default(cancel = None))]
    pub async fn close(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.close()).await
    }

    /// Asks for nothing: the server tells its news, and the connection shows that it is alive.
    ///
    /// # Errors
    ///
    /// What ends a session: `Network`, `Timeout`, `Protocol`, `Closed`.
    #[uniffi::method(default(cancel = None))]
    pub async fn noop(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.noop()).await
    }

    /// Lists every mailbox, in the server's order.
    ///
    /// # Errors
    ///
    /// As for [`ImapSession::noop`].
    #[uniffi::method(default(cancel = None))]
    pub async fn list(&self, cancel: Option<Arc<CancelToken>>) -> Result<Vec<MailboxInfo>, PostsealError> {
        let listed = cancellable(cancel, self.0.list()).await?;
        Ok(listed.into_iter().map(Into::into).collect())
    }

    /// Selects a mailbox for reading and writing, and tells of it.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn select(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Selected, PostsealError> {
        cancellable(cancel, self.0.select(&MailboxName::new(mailbox)?)).await.map(Into::into)
    }

    /// The same for reading alone: nothing of the mailbox changes by it.
    ///
    /// # Errors
    ///
    /// As for [`ImapSession::select`].
    #[uniffi::method(default(cancel = None))]
    pub async fn examine(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Selected, PostsealError> {
        cancellable(cancel, self.0.examine(&MailboxName::new(mailbox)?)).await.map(Into::into)
    }

    /// Asks for the numbers of a mailbox without selecting it.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn status(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<MailboxStatus, PostsealError> {
        cancellable(cancel, self.0.status(&MailboxName::new(mailbox)?)).await.map(Into::into)
    }

    /// Makes a mailbox, with its parents where the server does that.
    ///
    /// # Errors
    ///
    /// `Refused` where there is one.
    #[uniffi::method(default(cancel = None))]
    pub async fn create(&self, mailbox: &str, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.create(&MailboxName::new(mailbox)?)).await
    }

    /// Removes a mailbox with all messages in it.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn delete(&self, mailbox: &str, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.delete(&MailboxName::new(mailbox)?)).await
    }

    /// Gives a mailbox, and all below it, another name.
    ///
    /// # Errors
    ///
    /// `NotFound` for no such mailbox; `Refused` where the new name is taken.
    #[uniffi::method(default(cancel = None))]
    pub async fn rename(
        &self,
        mailbox: &str,
        to: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.rename(&MailboxName::new(mailbox)?, &MailboxName::new(to)?)).await
    }

    /// Adds a mailbox to those that the user wants to see.
    ///
    /// # Errors
    ///
    /// As for [`ImapSession::noop`].
    #[uniffi::method(default(cancel = None))]
    pub async fn subscribe(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.subscribe(&MailboxName::new(mailbox)?)).await
    }

    /// Takes a mailbox from those that the user wants to see.
    ///
    /// # Errors
    ///
    /// As for [`ImapSession::noop`].
    #[uniffi::method(default(cancel = None))]
    pub async fn unsubscribe(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.unsubscribe(&MailboxName::new(mailbox)?)).await
    }

    /// Tells the server who asks, and returns what it says of itself (ID).
    ///
    /// # Errors
    ///
    /// `Unsupported` where the server has no ID.
    #[uniffi::method(default(cancel = None))]
    pub async fn id(
        &self,
        client: Vec<ServerField>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<ServerField>, PostsealError> {
        let client: Vec<_> = client.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
        let server = cancellable(cancel, self.0.id(&client)).await?;
        Ok(server.into_iter().map(|(name, value)| ServerField { name, value }).collect())
    }

    /// Puts a message into a mailbox, byte by byte as given. Returns its handle where the server tells.
    ///
    /// `received` becomes the message's internal date; the server takes the present time where nothing is given.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Refused` for no such mailbox; `InvalidInput` for a message with a NUL in it.
    #[uniffi::method(default(flags = [], received = None, progress = None, cancel = None))]
    pub async fn append(
        &self,
        mailbox: &str,
        message: Bytes,
        flags: Vec<Flag>,
        received: Option<Timestamp>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Option<Uid>, PostsealError> {
        let (mailbox, flags) = (MailboxName::new(mailbox)?, self::flags(flags)?);
        let session = self.0.with_progress(listener(progress));
        let uid =
            cancellable(cancel, session.append(&mailbox, message.0, &flags, received.map(|time| time.0)))
                .await?;
        Ok(uid.map(Into::into))
    }

    /// Searches a mailbox as it is now; the handles come in ascending order.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Refused` for no such mailbox; `UidValidityChanged` where the search names UIDs of another UIDVALIDITY.
    #[uniffi::method(default(cancel = None))]
    pub async fn search(
        &self,
        mailbox: &str,
        search: Arc<Search>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<Uid>, PostsealError> {
        let mailbox = MailboxName::new(mailbox)?;
        let found = cancellable(cancel, self.0.search(&mailbox, &search.0)).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// Fetches messages in ascending order of their UIDs, without marking them as read. Nothing happens before the first
    /// [`FetchStream::next`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` where the mailbox, the set or the items can't be used.
    #[uniffi::method(default(progress = None))]
    pub fn fetch(
        &self,
        mailbox: &str,
        uids: UidSet,
        items: FetchItems,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Arc<FetchStream>, PostsealError> {
        let (mailbox, uids, items) = (MailboxName::new(mailbox)?, uids.try_into()?, items.try_into()?);
        Ok(FetchStream::new(self.0.with_progress(listener(progress)).fetch(&mailbox, &uids, &items)))
    }

    /// Fetches one whole message, without marking it as read. It stays on this side until its parts are asked for.
    ///
    /// # Errors
    ///
    /// `NotFound` where it is not there; `UidValidityChanged`; `InvalidInput` where it is larger than 64 MiB.
    #[uniffi::method(default(progress = None, cancel = None))]
    pub async fn message(
        &self,
        mailbox: &str,
        uid: Uid,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Message>, PostsealError> {
        let (mailbox, uid) = (MailboxName::new(mailbox)?, uid.try_into()?);
        let bytes =
            cancellable(cancel, self.0.with_progress(listener(progress)).message(&mailbox, uid)).await?;
        runtime::compute(move || Message::taking(bytes)).await
    }

    /// Changes the flags of messages. Those that are not there any more are passed over.
    ///
    /// # Errors
    ///
    /// `UidValidityChanged`; `NotFound` or `Refused` for no such mailbox; `InvalidInput` where a flag can't be set.
    #[uniffi::method(default(cancel = None))]
    pub async fn store(
        &self,
        mailbox: &str,
        uids: UidSet,
        change: FlagChange,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        let (mailbox, uids, change) = (MailboxName::new(mailbox)?, uids.try_into()?, change.try_into()?);
        cancellable(cancel, self.0.store(&mailbox, &uids, &change)).await
    }

    /// Copies messages to another mailbox.
    ///
    /// # Errors
    ///
    /// `UidValidityChanged`; `NotFound` or `Refused` where one of the mailboxes is not there.
    #[uniffi::method(default(cancel = None))]
    pub async fn copy(
        &self,
        mailbox: &str,
        uids: UidSet,
        to: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<Moved>, PostsealError> {
        let (mailbox, uids, to) = (MailboxName::new(mailbox)?, uids.try_into()?, MailboxName::new(to)?);
        cancellable(cancel, self.0.copy(&mailbox, &uids, &to)).await.map(moved)
    }

    /// Moves messages to another mailbox. Where the server has neither MOVE nor UIDPLUS they are copied, and stay behind marked as
    /// deleted.
    ///
    /// # Errors
    ///
    /// As for [`ImapSession::copy`].
    #[uniffi::method(default(cancel = None))]
    pub async fn move_to(
        &self,
        mailbox: &str,
        uids: UidSet,
        to: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<Moved>, PostsealError> {
        let (mailbox, uids, to) = (MailboxName::new(mailbox)?, uids.try_into()?, MailboxName::new(to)?);
        cancellable(cancel, self.0.move_to(&mailbox, &uids, &to)).await.map(moved)
    }

    /// Removes every message of the mailbox that is marked as deleted, whoever marked it.
    ///
    /// # Errors
    ///
    /// `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn expunge(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.expunge(&MailboxName::new(mailbox)?)).await
    }

    /// Removes those of the messages that are marked as deleted.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the server has no UIDPLUS; `UidValidityChanged`; `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn expunge_uids(
        &self,
        mailbox: &str,
        uids: UidSet,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        let (mailbox, uids) = (MailboxName::new(mailbox)?, uids.try_into()?);
        cancellable(cancel, self.0.expunge_uids(&mailbox, &uids)).await
    }

    /// Watches a mailbox: by IDLE, or by asking every minute where the server has none. Other calls on this session go on meanwhile.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where this session watches a mailbox already; `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn watch(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Watch>, PostsealError> {
        cancellable(cancel, self.0.watch(&MailboxName::new(mailbox)?)).await.map(Watch::new)
    }
}
