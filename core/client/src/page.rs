//! Lists in pages, the newest message first.

use postseal_session::imap::{Flag, MailboxName, Search, Uid, UidSet, UidValidity};
use postseal_session::{ImapSession, UniqueId};

use crate::account::Incoming;
use crate::{Error, MailClient, MessageHandle, MessageSummary};

/// A part of a list.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page {
    /// The messages, the newest first.
    pub messages: Vec<MessageSummary>,
    /// Whether there are older ones: the next page begins before the last of these.
    pub has_more: bool,
}

impl MailClient {
    /// Up to `count` messages of a mailbox, the newest first: those that came before the message `before`, or the very newest. The
    /// message `before` itself may be gone by now.
    ///
    /// Newer is what came to the mailbox later, whatever the Date field says. By POP3 there is but the inbox; each page begins a session
    /// of its own as [`MailClient::inbox`] does, and where `before` is gone the list begins anew.
    ///
    /// ```no_run
    /// # async fn example(client: &postseal::MailClient) -> Result<(), postseal::Error> {
    /// let inbox = postseal::MailboxName::inbox();
    /// let mut page = client.page(&inbox, None, 50).await?;
    /// while page.has_more {
    ///     let Some(oldest) = page.messages.last() else { break };
    ///     page = client.page(&inbox, Some(&oldest.handle), 50).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Session`], with UIDVALIDITY changed where the mailbox was rebuilt since `before` was listed;
    /// [`Error::NotConfigured`] for an account without a server for this mailbox, or with one of another kind than that of `before`.
    pub async fn page(
        &self,
        mailbox: &MailboxName,
        before: Option<&MessageHandle>,
        count: usize,
    ) -> Result<Page, Error> {
        match (&self.account().incoming, before) {
            (Some(Incoming::Pop3(_)), None) if *mailbox == MailboxName::inbox() => {
                self.maildrop_page(None, count).await
            }
            (Some(Incoming::Pop3(_)), Some(MessageHandle::Pop3 { id }))
                if *mailbox == MailboxName::inbox() =>
            {
                self.maildrop_page(Some(id), count).await
            }
            (_, Some(MessageHandle::Pop3 { .. })) => Err(Error::NotConfigured { protocol: "POP3" }),
            (_, Some(MessageHandle::Imap { mailbox: other, .. })) if other != mailbox => {
                let reason = "it is a message of another mailbox".to_owned();
                Err(postseal_session::Error::InvalidInput { what: "before", reason }.into())
            }
            (_, Some(MessageHandle::Imap { uid, .. })) => self.mailbox_page(mailbox, Some(*uid), count).await,
            (_, None) => self.mailbox_page(mailbox, None, count).await,
        }
    }

    async fn mailbox_page(
        &self,
        mailbox: &MailboxName,
        before: Option<Uid>,
        count: usize,
    ) -> Result<Page, Error> {
        let session = self.imap().await?;
        let mut uids = newest(&session, mailbox, before, count.saturating_add(1)).await?;
        let has_more = uids.len() > count;
        uids.drain(..uids.len().saturating_sub(count));
        if uids.is_empty() {
            return Ok(Page { messages: Vec::new(), has_more });
        }
        let mut messages = MessageSummary::fetch(&session, mailbox, &UidSet::of(uids)?).await?;
        messages.reverse();
        Ok(Page { messages, has_more })
    }

    async fn maildrop_page(&self, before: Option<&UniqueId>, count: usize) -> Result<Page, Error> {
        let session = self.pop3(true).await?;
        let mut listed = session.messages().await?;
        if let Some(at) = listed.iter().position(|message| before.is_some() && message.uid.as_ref() == before)
        {
            listed.truncate(at);
        }
        let has_more = listed.len() > count;
        let mut messages = Vec::new();
        for message in listed.into_iter().rev().take(count) {
            messages.push(MessageSummary::of_maildrop(&session, message).await?);
        }
        Ok(Page { messages, has_more })
    }
}

/// The `count` newest UIDs before `before` of messages that are not marked as deleted, ascending; fewer where there are no more.
///
/// They are looked for in windows that grow, from the newest on: most mailboxes have few gaps, and to name every message of a large
/// one for each page would take megabytes.
async fn newest(
    session: &ImapSession,
    mailbox: &MailboxName,
    before: Option<Uid>,
    count: usize,
) -> Result<Vec<Uid>, Error> {
    let (validity, mut end) = match before {
        Some(uid) => (uid.validity(), uid.number()),
        None => {
            let selected = session.examine(mailbox).await?;
            // A server that does not say what comes next could have anything.
            (selected.uid_validity, selected.uid_next.unwrap_or(u32::MAX))
        }
    };
    let mut width = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(2);
    let mut found = Vec::new();
    while end > 1 && found.len() < count {
        let begin = end.saturating_sub(width).max(1);
        let wanted = Search::uids(window(validity, begin, end)?).and(Search::without_flag(Flag::Deleted));
        let mut older = session.search(mailbox, &wanted).await?;
        older.retain(|uid| (begin..end).contains(&uid.number()));
        older.append(&mut found);
        found = older;
        (end, width) = (begin, width.saturating_mul(GROWTH));
    }
    found.drain(..found.len().saturating_sub(count));
    Ok(found)
}

/// How much larger each window is than the one before.
const GROWTH: u32 = 16;

/// The UIDs from `begin` to the one before `end`.
fn window(validity: UidValidity, begin: u32, end: u32) -> Result<UidSet, Error> {
    match (Uid::new(validity, begin), Uid::new(validity, end.saturating_sub(1))) {
        (Some(first), Some(last)) => Ok(UidSet::range(first, last)?),
        _ => Ok(UidSet::all(validity)),
    }
}
