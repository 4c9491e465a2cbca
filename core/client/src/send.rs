use std::sync::Arc;

use postseal_message::mime::Draft;
use postseal_message::pgpmime::{Protection, Sealed};
use postseal_session::imap::{Flag, MailboxInfo, MailboxName, Role, Uid};
use postseal_session::{ImapSession, SendOptions};

use crate::parts::Parts;
use crate::report::{CopyReport, OwnCopy, SendReport};
use crate::{Error, MailClient, SentCopy};

impl MailClient {
    /// Seals a draft as asked for, submits every copy of it, and files the sender's own copy in *Sent*.
    ///
    /// The protection is never less than asked for: where one recipient has no usable key nothing is sent at all.
    ///
    /// # Errors
    ///
    /// [`Error::Seal`] names every recipient without a usable key. Any error means that nothing was sent; once a copy was handed
    /// over there is a [`SendReport`], which tells of each copy whether it was sent, was not, or may have been.
    ///
    /// # Cancel safety
    ///
    /// When the wait is dropped, a copy that is being transmitted goes out; the copies after it, and the one for *Sent*, don't.
    pub async fn send(&self, draft: &Draft, protection: Protection) -> Result<SendReport, Error> {
        let sealed = self.seal(draft, protection).await?;
        let own_copy = self.wanted_copy(&sealed);
        let lengths = sealed.copies.iter().map(|copy| copy.bytes.len()).chain(own_copy.map(<[u8]>::len));
        let mut parts = Parts::new(self.listener.clone(), lengths);
        let copies = self.submit(&sealed, &mut parts).await?;
        let mut report = SendReport { copies, own_copy: OwnCopy::NothingSent };
        if report.may_be_sent() {
            report.own_copy = self.file(own_copy, &mut parts).await;
            parts.finish();
        }
        Ok(report)
    }

    async fn submit(&self, sealed: &Sealed, parts: &mut Parts) -> Result<Vec<CopyReport>, Error> {
        let session = self.smtp().await?;
        let mut reports = Vec::with_capacity(sealed.copies.len());
        for copy in &sealed.copies {
            let bytes: Arc<[u8]> = copy.bytes.as_slice().into();
            let session = session.with_progress(parts.begin(bytes.len()));
            let receipt = session.send(&copy.envelope, bytes, &SendOptions::default()).await;
            match receipt {
                // Nothing has left yet: the caller gets the plain error and can simply try again.
                Err(error) if reports.is_empty() => return Err(error.into()),
                receipt => reports.push(CopyReport { envelope: copy.envelope.clone(), receipt }),
            }
        }
        // The farewell can't change what was sent.
        _ = session.close().await;
        Ok(reports)
    }

    /// The sender's own copy, where the account may want it filed.
    fn wanted_copy<'a>(&self, sealed: &'a Sealed) -> Option<&'a [u8]> {
        let account = self.account();
        sealed.own_copy().filter(|_| account.has_imap() && account.sent_copy != SentCopy::Never)
    }

    /// Files the sender's own copy. Whatever goes wrong is told, and is no reason to send again.
    async fn file(&self, copy: Option<&[u8]>, parts: &mut Parts) -> OwnCopy {
        let Some(copy) = copy else {
            return OwnCopy::NotWanted;
        };
        match self.append_to_sent(copy, parts).await {
            Ok(Some((mailbox, uid))) => OwnCopy::Filed { mailbox, uid },
            Ok(None) => OwnCopy::NotWanted,
            Err(error) => OwnCopy::Failed(error),
        }
    }

    async fn append_to_sent(
        &self,
        copy: &[u8],
        parts: &mut Parts,
    ) -> Result<Option<(MailboxName, Option<Uid>)>, Error> {
        let session = self.imap().await?;
        if self.account().sent_copy == SentCopy::Automatic && files_by_itself(&session) {
            return Ok(None);
        }
        let listed = session.list().await?;
        let sent = listed.into_iter().find(|mailbox| mailbox.role == Some(Role::Sent));
        let mailbox = match sent {
            Some(MailboxInfo { name, .. }) => name,
            None => create_sent(&session).await?,
        };
        let session = session.with_progress(parts.begin(copy.len()));
        let uid = session.append(&mailbox, copy, &[Flag::Seen], None).await?;
        Ok(Some((mailbox, uid)))
    }
}

/// Gmail puts what is submitted through it into *Sent* by itself; a second copy would stand beside the first.
fn files_by_itself(session: &ImapSession) -> bool {
    session.capabilities().has("X-GM-EXT-1")
}

async fn create_sent(session: &ImapSession) -> Result<MailboxName, Error> {
    let mailbox = MailboxName::new("Sent")?;
    session.create(&mailbox).await?;
    Ok(mailbox)
}
