//! What a reader does to messages: mark, move, delete.

use postseal_session::imap::{Flag, FlagChange, MailboxName, Role, Uid};
use postseal_session::{ImapSession, Pop3Update, UniqueId};

use crate::{Error, MailClient, MessageHandle};

/// What became of a message that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deleted {
    /// It lies in the mailbox with the role *Trash*; with its handle there, where the server tells.
    Trashed(Option<MessageHandle>),
    /// It is gone for good.
    Removed,
    /// It is marked as deleted, is listed no more, and goes with the mailbox's next expunge: the server can't remove a single message,
    /// and to remove all that are marked would take what others marked, too.
    Marked,
}

impl MailClient {
    /// Marks a message as read, or as not read (IMAP). One that is no longer there is passed over.
    ///
    /// # Errors
    ///
    /// Those of [`MailClient::change_flags`].
    pub async fn mark_read(&self, handle: &MessageHandle, is_read: bool) -> Result<(), Error> {
        let flags = vec![Flag::Seen];
        let change = if is_read { FlagChange::Add(flags) } else { FlagChange::Remove(flags) };
        self.change_flags(handle, &change).await
    }

    /// Changes the flags of a message (IMAP). One that is no longer there is passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Session`], with UIDVALIDITY changed where the mailbox was rebuilt; [`Error::NotConfigured`] for an account without IMAP,
    /// or a handle of POP3, which has no flags.
    pub async fn change_flags(&self, handle: &MessageHandle, change: &FlagChange) -> Result<(), Error> {
        let (mailbox, uid) = in_mailbox(handle)?;
        Ok(self.imap().await?.store(mailbox, &uid.into(), change).await?)
    }

    /// Moves a message to another mailbox (IMAP), and returns its handle there where the server tells.
    ///
    /// # Errors
    ///
    /// As for [`MailClient::change_flags`].
    pub async fn move_to(
        &self,
        handle: &MessageHandle,
        mailbox: &MailboxName,
    ) -> Result<Option<MessageHandle>, Error> {
        let (from, uid) = in_mailbox(handle)?;
        move_one(&self.imap().await?, from, uid, mailbox).await
    }

    /// Deletes a message: by IMAP it goes to the mailbox with the role *Trash*, or for good where it lies there already or there is no
    /// such mailbox; by POP3 it is gone for good, and the session ends.
    ///
    /// # Errors
    ///
    /// [`Error::MessageGone`] where a maildrop does not have it any more; [`Error::Session`], with UIDVALIDITY changed where the mailbox
    /// was rebuilt; [`Error::NotConfigured`] where the account has no server of the handle's kind.
    ///
    /// # Cancel safety
    ///
    /// When the wait is dropped, the message is deleted or is not; nothing else happens to it.
    pub async fn delete(&self, handle: &MessageHandle) -> Result<Deleted, Error> {
        match handle {
            MessageHandle::Imap { mailbox, uid } => {
                let session = self.imap().await?;
                let listed = session.list().await?;
                let trash = listed.into_iter().find(|listed| listed.role == Some(Role::Trash));
                match trash.filter(|trash| trash.name != *mailbox) {
                    Some(trash) => move_one(&session, mailbox, *uid, &trash.name).await.map(Deleted::Trashed),
                    None => remove(&session, mailbox, *uid).await,
                }
            }
            MessageHandle::Pop3 { id } => self.remove_from_maildrop(id).await,
        }
    }

    async fn remove_from_maildrop(&self, id: &UniqueId) -> Result<Deleted, Error> {
        let session = self.pop3(false).await?;
        let listed = session.messages().await?;
        let found = listed.iter().find(|message| message.uid.as_ref() == Some(id));
        session.delete(found.ok_or(Error::MessageGone)?.number).await?;
        // Only the end of the session removes it (RFC 1939, section 6).
        match session.quit().await? {
            Pop3Update::Failed(refusal) => Err(postseal_session::Error::Refused(refusal).into()),
            Pop3Update::Unknown(error) => Err(error.into()),
            _ => Ok(Deleted::Removed),
        }
    }
}

fn in_mailbox(handle: &MessageHandle) -> Result<(&MailboxName, Uid), Error> {
    match handle {
        MessageHandle::Imap { mailbox, uid } => Ok((mailbox, *uid)),
        MessageHandle::Pop3 { .. } => Err(Error::NotConfigured { protocol: "IMAP" }),
    }
}

async fn move_one(
    session: &ImapSession,
    from: &MailboxName,
    uid: Uid,
    to: &MailboxName,
) -> Result<Option<MessageHandle>, Error> {
    let moved = session.move_to(from, &uid.into(), to).await?;
    Ok(moved.into_iter().next().map(|(_, uid)| MessageHandle::Imap { mailbox: to.clone(), uid }))
}

async fn remove(session: &ImapSession, mailbox: &MailboxName, uid: Uid) -> Result<Deleted, Error> {
    let is_gone = session.remove(mailbox, &uid.into()).await?;
    Ok(if is_gone { Deleted::Removed } else { Deleted::Marked })
}
