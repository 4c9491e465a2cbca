//! What changes messages: flags, copies, moves, expunges.

use super::command::Command;
use super::dialogue::Answer;
use super::engine::{Access, Engine};
use super::flag::{Flag, flag_list};
use super::name::MailboxName;
use super::response::{Code, Ranges};
use super::session::ImapSession;
use super::uid::{Uid, UidSet, UidValidity};
use crate::Error;

/// How flags are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlagChange {
    /// These are set, others stay.
    Add(Vec<Flag>),
    /// These are taken away, others stay.
    Remove(Vec<Flag>),
    /// These are set, others are taken away.
    Replace(Vec<Flag>),
}

/// Which message became which, where the server tells (UIDPLUS, RFC 4315): the handle in the old mailbox, and the one in the new.
/// Empty where it doesn't.
pub type Moved = Vec<(Uid, Uid)>;

/// Very large sets go in several commands: where one of them is refused, what those before it did stands.
impl ImapSession {
    /// Changes the flags of messages (RFC 9051, section 6.4.6). Those that are not there any more are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::UidValidityChanged`]; [`Error::NotFound`] for no such mailbox; [`Error::InvalidInput`] where a flag is one of the
    /// server's own that no client can set.
    pub async fn store(
        &self,
        mailbox: &MailboxName,
        uids: &UidSet,
        change: &FlagChange,
    ) -> Result<(), Error> {
        let (sign, flags) = match change {
            FlagChange::Add(flags) => ("+", flags),
            FlagChange::Remove(flags) => ("-", flags),
            FlagChange::Replace(flags) => ("", flags),
        };
        let how = format!("{sign}FLAGS.SILENT {}", flag_list(flags)?);
        let (mailbox, uids) = (mailbox.clone(), uids.clone());
        self.run(move |engine| {
            Box::pin(async move {
                engine.enter(&mailbox, Access::Write, Some(uids.validity())).await?;
                engine.for_each(&uids, |piece| Command::new("UID STORE").arg(piece).arg(&how)).await.map(drop)
            })
        })
        .await
    }

    /// Copies messages to another mailbox (RFC 9051, section 6.4.7).
    ///
    /// # Errors
    ///
    /// [`Error::UidValidityChanged`]; [`Error::NotFound`] where one of the mailboxes is not there.
    pub async fn copy(&self, mailbox: &MailboxName, uids: &UidSet, to: &MailboxName) -> Result<Moved, Error> {
        let (mailbox, uids, to) = (mailbox.clone(), uids.clone(), to.clone());
        self.run(move |engine| {
            Box::pin(async move {
                engine.enter(&mailbox, Access::Read, Some(uids.validity())).await?;
                engine.for_each(&uids, |piece| Command::new("UID COPY").arg(piece).mailbox(&to)).await
            })
        })
        .await
    }

    /// Moves messages to another mailbox: in one step where the server has MOVE (RFC 6851), by COPY, STORE and UID EXPUNGE where it
    /// has UIDPLUS. Where it has neither, the messages are copied and stay behind with `\Deleted`: an EXPUNGE would remove what
    /// others marked, too. [`ImapSession::expunge`] does it when that is wanted.
    ///
    /// # Errors
    ///
    /// [`Error::UidValidityChanged`]; [`Error::NotFound`] where one of the mailboxes is not there.
    pub async fn move_to(
        &self,
        mailbox: &MailboxName,
        uids: &UidSet,
        to: &MailboxName,
    ) -> Result<Moved, Error> {
        let (mailbox, uids, to) = (mailbox.clone(), uids.clone(), to.clone());
        self.run(move |engine| Box::pin(move_messages(engine, mailbox, uids, to))).await
    }

    /// Removes every message of the mailbox that is marked `\Deleted`, whoever marked it (RFC 9051, section 6.4.3).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox.
    pub async fn expunge(&self, mailbox: &MailboxName) -> Result<(), Error> {
        let mailbox = mailbox.clone();
        self.run(move |engine| {
            Box::pin(async move {
                engine.enter(&mailbox, Access::Write, None).await?;
                engine.run(Command::new("EXPUNGE")).await.map(drop)
            })
        })
        .await
    }

    /// Removes those of the messages that are marked `\Deleted` (UID EXPUNGE, RFC 4315).
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where the server has no UIDPLUS: [`ImapSession::expunge`] would remove others, too.
    /// [`Error::UidValidityChanged`]; [`Error::NotFound`] for no such mailbox.
    pub async fn expunge_uids(&self, mailbox: &MailboxName, uids: &UidSet) -> Result<(), Error> {
        let (mailbox, uids) = (mailbox.clone(), uids.clone());
        self.run(move |engine| {
            Box::pin(async move {
                if !engine.can_expunge_uids() {
                    return Err(Error::Unsupported { extension: "UIDPLUS" });
                }
                engine.enter(&mailbox, Access::Write, Some(uids.validity())).await?;
                engine.expunge_uids(&uids).await
            })
        })
        .await
    }

    /// Removes messages: marks them `\Deleted`, and removes them where the server can remove them alone (UIDPLUS). Returns whether it
    /// could; where not, they stay behind marked, for a later [`ImapSession::expunge`].
    ///
    /// Once begun it is done to its end, whether or not anybody waits.
    ///
    /// # Errors
    ///
    /// [`Error::UidValidityChanged`]; [`Error::NotFound`] for no such mailbox.
    pub async fn remove(&self, mailbox: &MailboxName, uids: &UidSet) -> Result<bool, Error> {
        let (mailbox, uids) = (mailbox.clone(), uids.clone());
        self.run(move |engine| {
            Box::pin(async move {
                engine.enter(&mailbox, Access::Write, Some(uids.validity())).await?;
                engine.remove(&uids).await
            })
        })
        .await
    }
}

impl Engine {
    fn can_expunge_uids(&self) -> bool {
        self.has("UIDPLUS") || self.has("IMAP4REV2")
    }

    async fn expunge_uids(&mut self, uids: &UidSet) -> Result<(), Error> {
        self.for_each(uids, |piece| Command::new("UID EXPUNGE").arg(piece)).await.map(drop)
    }

    /// Marks messages of the selected mailbox, and removes them where that can be done to them alone; whether it could.
    async fn remove(&mut self, uids: &UidSet) -> Result<bool, Error> {
        let mark = |piece| Command::new("UID STORE").arg(piece).arg("+FLAGS.SILENT (\\Deleted)");
        self.for_each(uids, mark).await?;
        let can_remove = self.can_expunge_uids();
        if can_remove {
            self.expunge_uids(uids).await?;
        }
        Ok(can_remove)
    }

    /// Runs a command for each piece of a large set; the pairs that the answers name.
    async fn for_each(
        &mut self,
        uids: &UidSet,
        command: impl Fn(String) -> Command + Send,
    ) -> Result<Moved, Error> {
        let mut pairs = Moved::new();
        for piece in uids.pieces() {
            let answer = self.run_about(command(piece), |uid| uids.contains_number(uid)).await?;
            pairs.extend(moved(&answer, uids));
        }
        Ok(pairs)
    }
}

async fn move_messages(
    engine: &mut Engine,
    mailbox: MailboxName,
    uids: UidSet,
    to: MailboxName,
) -> Result<Moved, Error> {
    engine.enter(&mailbox, Access::Write, Some(uids.validity())).await?;
    if engine.has("MOVE") || engine.has("IMAP4REV2") {
        return engine.for_each(&uids, |piece| Command::new("UID MOVE").arg(piece).mailbox(&to)).await;
    }
    let copied = engine.for_each(&uids, |piece| Command::new("UID COPY").arg(piece).mailbox(&to)).await?;
    engine.remove(&uids).await?;
    Ok(copied)
}

/// The pairs of a COPYUID, wherever it stands: MOVE gives it in an untagged OK. What was not asked for is not among them.
fn moved(answer: &Answer, asked: &UidSet) -> Moved {
    let pairs = answer.codes().find_map(|code| match code {
        Code::CopyUid(there, from, to) => Some((UidValidity::new(*there)?, from, to)),
        _ => None,
    });
    let Some((there, from, to)) = pairs else {
        return Moved::new();
    };
    // The two sets say the same number of messages; where they don't, none of it can be trusted.
    if count(from) != count(to) || count(from) > MAX_MOVED {
        return Moved::new();
    }
    let numbers = |ranges: &Ranges| ranges.iter().cloned().flatten().collect::<Vec<u32>>();
    let pairs = numbers(from).into_iter().zip(numbers(to));
    let pairs =
        pairs.filter_map(|(old, new)| Some((Uid::new(asked.validity(), old)?, Uid::new(there, new)?)));
    pairs.filter(|(old, _)| asked.contains(*old)).collect()
}

/// The most pairs that one COPYUID may name: its ranges could be made to stand for billions.
const MAX_MOVED: u64 = super::guard::MAX_RESPONSES;

fn count(ranges: &Ranges) -> u64 {
    ranges.iter().map(|range| u64::from(range.end() - range.start()) + 1).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn pairs(from: Ranges, to: Ranges) -> Vec<(u32, u32)> {
        let answer = Answer { data: Vec::new(), code: Some(Code::CopyUid(8, from, to)) };
        let asked = UidSet::starting_at(Uid::new(UidValidity::new(7).unwrap(), 1).unwrap());
        of(&answer, &asked)
    }

    fn of(answer: &Answer, asked: &UidSet) -> Vec<(u32, u32)> {
        moved(answer, asked).into_iter().map(|(old, new)| (old.number(), new.number())).collect()
    }

    #[test]
    fn handles_are_paired_only_where_they_fit() {
        assert_eq!(pairs(vec![1..=2, 5..=5], vec![10..=12]), [(1, 10), (2, 11), (5, 12)]);
        assert_eq!(pairs(vec![1..=2], vec![10..=10]), []);
        let answer = Answer { data: Vec::new(), code: Some(Code::CopyUid(8, vec![1..=2], vec![10..=11])) };
        let second = Uid::new(UidValidity::new(7).unwrap(), 2).unwrap();
        assert_eq!(of(&answer, &second.into()), [(2, 11)], "the other was not asked for");
        assert_eq!(pairs(vec![1..=u32::MAX], vec![1..=u32::MAX]), []);
        let most = u32::try_from(MAX_MOVED).unwrap();
        assert_eq!(pairs(vec![1..=most], vec![1..=most]).len(), 250_000);
        assert_eq!(pairs(vec![1..=most + 1], vec![1..=most + 1]), []);
    }
}
