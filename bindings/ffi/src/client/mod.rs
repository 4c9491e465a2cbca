//! One person's mail: the facade.

mod account;
mod listing;
mod report;
mod watch;

pub use account::{Account, Login, SentCopy};
pub use listing::{Deleted, MessageHandle, MessageSummary, Page};
pub use report::{CopyReport, OwnCopy, SendReport};
pub use watch::{MailWatch, MailboxChange};

use std::sync::Arc;

use postseal as core;
use postseal::MailboxName;

use self::listing::summaries;
use crate::cancel::cancellable_task;
use crate::connector::Connector;
use crate::foreign::{ProgressListener, listener};
use crate::imap::{FlagChange, MailboxInfo};
use crate::message::Message;
use crate::numbers::checked;
use crate::openpgp::Keyring;
use crate::pgpmime::{OpenOptions, Opened, Protection, Sealed};
use crate::pull::Pull;
use crate::values::Draft;
use crate::{CancelToken, PostsealError, runtime};

/// One person's mail: seals and sends, lists, fetches and opens. It connects when there is something to do, keeps its sessions, and opens
/// a new one where one has ended. It uses what the keyring holds at each call.
#[derive(Debug, uniffi::Object)]
pub struct MailClient {
    client: core::MailClient,
    keyring: Arc<Keyring>,
}

#[uniffi::export]
impl MailClient {
    /// A client for an account, with the keys of its owner and the certificates of the people they write to.
    ///
    /// # Errors
    ///
    /// `InvalidInput` names what of the account can't be used.
    #[uniffi::constructor]
    pub fn new(
        connector: &Connector,
        account: Account,
        keyring: Arc<Keyring>,
    ) -> Result<Arc<Self>, PostsealError> {
        let client = core::MailClient::new(&connector.0, account.try_into()?, keyring.snapshot());
        Ok(Arc::new(Self { client, keyring }))
    }

    /// The keys and certificates.
    #[must_use]
    pub fn keyring(&self) -> Arc<Keyring> {
        self.keyring.clone()
    }

    /// Seals a draft, submits every copy of it, and files the sender's own copy in *Sent*.
    ///
    /// The protection is never less than asked for: where one recipient has no usable key nothing is sent at all. Any error but
    /// `Cancelled` means that nothing was sent; once a copy was handed over there is a report. Where the call is given up, a copy that
    /// is being transmitted goes out; the copies after it, and the one for *Sent*, don't. Who has to know seals first, and sends each copy
    /// by `SmtpSession.send_copy` with an identifier, whose outcome can be asked for.
    ///
    /// # Errors
    ///
    /// `KeyMissing` names every recipient without a usable key; `InvalidInput`; those of a connection.
    #[uniffi::method(default(progress = None, cancel = None))]
    pub async fn send(
        &self,
        draft: Draft,
        protection: Protection,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<SendReport, PostsealError> {
        let (client, draft) = (self.current(progress), runtime::compute(move || draft.core()).await?);
        let sent = async move { client.send(&draft, protection.into()).await };
        cancellable_task(cancel, sent).await.map(Into::into)
    }

    /// Seals a draft as [`MailClient::send`] does, without sending it.
    ///
    /// # Errors
    ///
    /// `KeyMissing` names every recipient without a usable key; `InvalidInput` the field of the draft.
    #[uniffi::method(default(cancel = None))]
    pub async fn seal(
        &self,
        draft: Draft,
        protection: Protection,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Sealed>, PostsealError> {
        let (client, draft) = (self.current(None), runtime::compute(move || draft.core()).await?);
        let sealed = async move { client.seal(&draft, protection.into()).await };
        Ok(Sealed::new(cancellable_task(cancel, sealed).await?))
    }

    /// The messages in the inbox, in the server's order: the oldest first, as a rule.
    ///
    /// # Errors
    ///
    /// Those of a connection; `InvalidInput` for an account without IMAP and POP3.
    #[uniffi::method(default(cancel = None))]
    pub async fn inbox(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<MessageSummary>, PostsealError> {
        let client = self.client.clone();
        let messages = cancellable_task(cancel, async move { client.inbox().await }).await?;
        Ok(summaries(messages))
    }

    /// The mailboxes of the account, with their roles (IMAP).
    ///
    /// # Errors
    ///
    /// Those of a connection; `InvalidInput` for an account without IMAP.
    #[uniffi::method(default(cancel = None))]
    pub async fn mailboxes(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<MailboxInfo>, PostsealError> {
        let client = self.client.clone();
        let mailboxes = cancellable_task(cancel, async move { client.mailboxes().await }).await?;
        Ok(mailboxes.into_iter().map(Into::into).collect())
    }

    /// The messages in a mailbox, in the server's order (IMAP).
    ///
    /// # Errors
    ///
    /// Those of a connection; `InvalidInput` for an account without IMAP; `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn messages(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Vec<MessageSummary>, PostsealError> {
        let (client, mailbox) = (self.client.clone(), MailboxName::new(mailbox)?);
        let messages = cancellable_task(cancel, async move { client.messages(&mailbox).await }).await?;
        Ok(summaries(messages))
    }

    /// Fetches a message as it is on the server; it is not marked as read.
    ///
    /// # Errors
    ///
    /// `NotFound` where it is no longer there; `UidValidityChanged`; those of a connection.
    #[uniffi::method(default(progress = None, cancel = None))]
    pub async fn fetch(
        &self,
        handle: MessageHandle,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Message>, PostsealError> {
        let (client, handle) = (self.current(progress), handle.try_into()?);
        let bytes = cancellable_task(cancel, async move { client.fetch(&handle).await }).await?;
        runtime::compute(move || Message::taking(bytes)).await
    }

    /// Fetches a message and opens it: decrypts, verifies and judges it.
    ///
    /// # Errors
    ///
    /// Those of [`MailClient::fetch`]; `KeyMissing`, `WrongPassphrase`, `Tampered` and `LimitExceeded`.
    #[uniffi::method(default(options = None, progress = None, cancel = None))]
    pub async fn open(
        &self,
        handle: MessageHandle,
        options: Option<OpenOptions>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Opened>, PostsealError> {
        let (client, handle) = (self.current(progress), handle.try_into()?);
        let opened = async move {
            let options = options.unwrap_or_default();
            let passphrases = options.secrets();
            Ok::<_, PostsealError>(client.open_with(&handle, &options.core(&passphrases)?).await?)
        };
        cancellable_task(cancel, opened).await.map(Opened::new)
    }

    /// One page of a mailbox, the newest message first; by POP3 of the inbox alone.
    ///
    /// `before` is the last message of the page before; nothing begins with the newest.
    ///
    /// # Errors
    ///
    /// Those of a connection; `UidValidityChanged` where the mailbox was rebuilt since `before` was listed; `NotFound` or `Refused` for no
    /// such mailbox.
    #[uniffi::method(default(before = None, count = 50, cancel = None))]
    pub async fn page(
        &self,
        mailbox: &str,
        before: Option<MessageHandle>,
        count: i32,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Page, PostsealError> {
        let (mailbox, count) = (MailboxName::new(mailbox)?, checked(count, "count")?);
        let before = before.map(core::MessageHandle::try_from).transpose()?;
        let client = self.client.clone();
        let page = async move { client.page(&mailbox, before.as_ref(), count).await };
        cancellable_task(cancel, page).await.map(Into::into)
    }

    /// Marks a message as read, or as not read (IMAP).
    ///
    /// # Errors
    ///
    /// Those of a connection; `UidValidityChanged`; `InvalidInput` for a message of a POP3 maildrop.
    #[uniffi::method(default(cancel = None))]
    pub async fn mark_read(
        &self,
        handle: MessageHandle,
        is_read: bool,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        let (client, handle) = (self.client.clone(), handle.try_into()?);
        cancellable_task(cancel, async move { client.mark_read(&handle, is_read).await }).await
    }

    /// Changes the flags of a message (IMAP).
    ///
    /// # Errors
    ///
    /// As for [`MailClient::mark_read`]; `InvalidInput` for a flag that can't be set.
    #[uniffi::method(default(cancel = None))]
    pub async fn change_flags(
        &self,
        handle: MessageHandle,
        change: FlagChange,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        let (client, handle, change) = (self.client.clone(), handle.try_into()?, change.try_into()?);
        cancellable_task(cancel, async move { client.change_flags(&handle, &change).await }).await
    }

    /// Moves a message to another mailbox (IMAP). Returns what names it there, where the server tells.
    ///
    /// # Errors
    ///
    /// As for [`MailClient::mark_read`]; `NotFound` or `Refused` for no such mailbox.
    #[uniffi::method(default(cancel = None))]
    pub async fn move_to(
        &self,
        handle: MessageHandle,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Option<MessageHandle>, PostsealError> {
        let (client, handle) = (self.client.clone(), handle.try_into()?);
        let mailbox = MailboxName::new(mailbox)?;
        let moved = cancellable_task(cancel, async move { client.move_to(&handle, &mailbox).await }).await?;
        Ok(moved.as_ref().and_then(MessageHandle::of))
    }

    /// Deletes a message: into the trash where there is one, for good otherwise and from the trash.
    ///
    /// # Errors
    ///
    /// Those of a connection; `UidValidityChanged`; `NotFound` where it is no longer there.
    #[uniffi::method(default(cancel = None))]
    pub async fn delete(
        &self,
        handle: MessageHandle,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Deleted, PostsealError> {
        let (client, handle) = (self.client.clone(), handle.try_into()?);
        cancellable_task(cancel, async move { client.delete(&handle).await }).await.map(Into::into)
    }

    /// Watches a mailbox for mail that comes from now on (IMAP), on a session of its own: everything else can be done meanwhile.
    ///
    /// # Errors
    ///
    /// Those of a connection; `InvalidInput` for an account without IMAP.
    #[uniffi::method(default(cancel = None))]
    pub async fn watch(
        &self,
        mailbox: &str,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<MailWatch>, PostsealError> {
        let (client, mailbox) = (self.client.clone(), MailboxName::new(mailbox)?);
        let watch = cancellable_task(cancel, async move { client.watch(&mailbox).await }).await?;
        Ok(Arc::new(MailWatch(Pull::new(watch))))
    }

    /// Ends all sessions politely. The client stays usable: it connects again when there is something to do.
    ///
    /// # Errors
    ///
    /// `Forked` in a forked child.
    #[uniffi::method(default(cancel = None))]
    pub async fn close(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        let client = self.client.clone();
        cancellable_task(cancel, async move { client.close().await }).await
    }
}

impl MailClient {
    /// The client with what the keyring holds now.
    fn current(&self, progress: Option<Arc<dyn ProgressListener>>) -> core::MailClient {
        self.client.set_keyring(self.keyring.snapshot());
        self.client.with_progress(listener(progress))
    }
}
