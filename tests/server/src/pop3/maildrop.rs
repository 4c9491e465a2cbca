//! A user's INBOX, held by one session: a snapshot, with the marks of DELE.

use std::collections::BTreeSet;

use crate::server::Shared;
use crate::store::Message;

/// Locked as long as it lives (RFC 1939, section 4).
pub(super) struct Maildrop<'a> {
    shared: &'a Shared,
    user: String,
    uid_validity: u32,
    messages: Vec<Message>,
    deleted: BTreeSet<u32>,
}

impl<'a> Maildrop<'a> {
    /// Takes the lock; `None` while another session holds it.
    pub(super) fn lock(shared: &'a Shared, user: &str) -> Option<Self> {
        let taken = shared.store.change(user, |account| {
            if std::mem::replace(&mut account.locked, true) {
                return None;
            }
            let inbox = account.mailbox("INBOX")?;
            Some((inbox.uid_validity, inbox.messages.clone()))
        });
        let (uid_validity, messages) = taken.flatten()?;
        Some(Self { shared, user: user.to_owned(), uid_validity, messages, deleted: BTreeSet::new() })
    }

    /// The messages that aren't marked as deleted, with their numbers.
    pub(super) fn messages(&self) -> impl Iterator<Item = (usize, &Message)> {
        (1..).zip(&self.messages).filter(|(_, message)| !self.deleted.contains(&message.uid))
    }

    pub(super) fn message(&self, number: usize) -> Option<&Message> {
        self.messages().find(|(of, _)| *of == number).map(|(_, message)| message)
    }

    /// The unique id: it changes when the mailbox is rebuilt.
    pub(super) fn unique_id(&self, message: &Message) -> String {
        format!("{}.{}", self.uid_validity, message.uid)
    }

    pub(super) fn mark(&mut self, uid: u32) {
        self.deleted.insert(uid);
    }

    pub(super) fn unmark_all(&mut self) {
        self.deleted.clear();
    }

    /// The UPDATE state: removes what is marked; false when the mailbox isn't the same any more.
    pub(super) fn update(&self) -> bool {
        let removed = self.shared.store.change(&self.user, |account| {
            let inbox =
                account.mailbox_mut("INBOX").filter(|inbox| inbox.uid_validity == self.uid_validity)?;
            inbox.messages.retain(|message| !self.deleted.contains(&message.uid));
            Some(())
        });
        self.deleted.is_empty() || removed.flatten().is_some()
    }
}

impl Drop for Maildrop<'_> {
    fn drop(&mut self) {
        self.shared.store.change(&self.user, |account| account.locked = false);
    }
}
