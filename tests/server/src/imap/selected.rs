//! The selected mailbox: what this session has been told of it, and what has happened since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use super::parser::{Failure, Parser, Reply, no};
use super::sequence::Set;
use super::session::Session;
use crate::store::{Mailbox, Message};

pub(super) struct Selected {
    pub(super) mailbox: String,
    pub(super) read_only: bool,
    uid_validity: u32,
    /// The messages as the client knows them; its sequence numbers are their places here.
    pub(super) known: Vec<Known>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) uid: u32,
    pub(super) flags: BTreeSet<String>,
}

/// What a client may set: the system flags, and keywords of its own.
const FLAGS: &str = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

impl Session<'_> {
    /// SELECT and EXAMINE (RFC 3501, section 6.3.1).
    pub(super) fn select(&mut self, mut rest: Parser<'_>, read_only: bool) -> Reply {
        rest.space()?;
        let name = rest.mailbox()?;
        rest.end()?;
        self.selected = None;
        let look = |account: &crate::store::Account| {
            let mailbox = account.mailbox(&name)?;
            let first_unseen = mailbox.messages.iter().position(|message| !message.flags.contains("\\Seen"));
            Some((mailbox.name.clone(), mailbox.uid_validity, mailbox.uid_next, known(mailbox), first_unseen))
        };
        let found = self.shared.store.read(&self.user()?, look).flatten();
        let Some((mailbox, uid_validity, uid_next, known, first_unseen)) = found else {
            return no("[NONEXISTENT] no such mailbox");
        };
        self.wire.say(format!("* FLAGS ({FLAGS})"));
        let permanent = if read_only { String::new() } else { format!("{FLAGS} \\*") };
        self.wire.say(format!("* OK [PERMANENTFLAGS ({permanent})] limited"));
        self.wire.say(format!("* {} EXISTS", known.len()));
        self.wire.say("* 0 RECENT");
        if let Some(index) = first_unseen {
            self.wire.say(format!("* OK [UNSEEN {}] first unseen", index + 1));
        }
        self.wire.say(format!("* OK [UIDVALIDITY {uid_validity}] UIDs valid"));
        self.wire.say(format!("* OK [UIDNEXT {uid_next}] next UID"));
        self.selected = Some(Selected { mailbox, read_only, uid_validity, known });
        Ok(if read_only { "[READ-ONLY] done" } else { "[READ-WRITE] done" }.to_owned())
    }

    /// CLOSE, which expunges, and UNSELECT (RFC 3691), which doesn't.
    pub(super) fn close(&mut self, expunge: bool) -> Reply {
        if !expunge {
            self.needs("UNSELECT")?;
        }
        if expunge && self.selected.as_ref().is_some_and(|selected| !selected.read_only) {
            self.change_mailbox(|mailbox| mailbox.messages.retain(|one| !one.flags.contains("\\Deleted")))?;
        }
        self.selected = None;
        Ok("done".to_owned())
    }

    /// The messages that `set` names, with their sequence numbers. Wrong sequence numbers are an error, unknown UIDs are not.
    pub(super) fn resolve(&self, set: &Set, uid: bool) -> Result<Vec<(usize, Message)>, Failure> {
        let selected = self.selected()?;
        let count = u32::try_from(selected.known.len()).unwrap_or(u32::MAX);
        if !uid && !set.within(count) {
            return Err(Failure::Bad("no message has such a number".to_owned()));
        }
        let last = selected.known.last().map_or(0, |known| known.uid);
        let by_uid = |mailbox: &Mailbox| -> BTreeMap<u32, Message> {
            mailbox.messages.iter().map(|message| (message.uid, message.clone())).collect()
        };
        let mut messages = self.read_mailbox(by_uid)?;
        let numbered = (1..).zip(&selected.known).filter(|(number, known)| {
            let number = u32::try_from(*number).unwrap_or(u32::MAX);
            if uid { set.contains(known.uid, last) } else { set.contains(number, count) }
        });
        // What another session has expunged meanwhile is left out.
        Ok(numbered.filter_map(|(number, known)| Some((number, messages.remove(&known.uid)?))).collect())
    }

    pub(super) fn selected(&self) -> Result<&Selected, Failure> {
        self.selected.as_ref().map_or_else(|| no("select a mailbox first"), Ok)
    }

    pub(super) fn read_mailbox<T>(&self, look: impl FnOnce(&Mailbox) -> T) -> Result<T, Failure> {
        let selected = self.selected()?;
        let found = self.shared.store.read(&self.user()?, |account| {
            let mailbox = account.mailbox(&selected.mailbox)?;
            (mailbox.uid_validity == selected.uid_validity).then(|| look(mailbox))
        });
        found.flatten().map_or_else(|| no("[NONEXISTENT] the mailbox is gone"), Ok)
    }

    /// As [`Session::read_mailbox`], to change it; refused after EXAMINE.
    pub(super) fn change_mailbox<T>(&self, act: impl FnOnce(&mut Mailbox) -> T) -> Result<T, Failure> {
        let selected = self.selected()?;
        if selected.read_only {
            return no("[READ-ONLY] the mailbox is selected read-only");
        }
        let found = self.shared.store.change(&self.user()?, |account| {
            let mailbox = account.mailbox_mut(&selected.mailbox)?;
            (mailbox.uid_validity == selected.uid_validity).then(|| act(mailbox))
        });
        found.flatten().map_or_else(|| no("[NONEXISTENT] the mailbox is gone"), Ok)
    }

    /// Remembers flags that the client has been told, or has set itself in silence.
    pub(super) fn know_flags(&mut self, number: usize, flags: &BTreeSet<String>) {
        let known = self.selected.as_mut().and_then(|selected| selected.known.get_mut(number - 1));
        if let Some(known) = known {
            known.flags.clone_from(flags);
        }
    }

    /// Adds alerts and what has happened to the mailbox to the reply. A mailbox that is gone or was rebuilt ends the session.
    pub(super) fn report(&mut self, expunges: bool) {
        if self.over {
            return;
        }
        let alerts = self.shared.alerts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for alert in alerts.iter().skip(self.alerts) {
            self.wire.say(format!("* OK [ALERT] {alert}"));
        }
        self.alerts = alerts.len();
        if self.selected.is_none() {
            return;
        }
        let Ok(current) = self.read_mailbox(known) else {
            self.wire.say("* BYE the mailbox was replaced");
            self.over = true;
            return;
        };
        if let Some(selected) = &mut self.selected {
            for line in selected.catch_up(current, expunges) {
                self.wire.say(line);
            }
        }
    }
}

impl Selected {
    /// Takes in the mailbox as it is now, and says what is to be told.
    fn catch_up(&mut self, current: Vec<Known>, expunges: bool) -> Vec<String> {
        let mut lines = Vec::new();
        let now: BTreeMap<u32, BTreeSet<String>> =
            current.into_iter().map(|message| (message.uid, message.flags)).collect();
        if expunges {
            for index in (0..self.known.len()).rev() {
                if self.known.get(index).is_some_and(|one| !now.contains_key(&one.uid)) {
                    self.known.remove(index);
                    lines.push(format!("* {} EXPUNGE", index + 1));
                }
            }
        }
        let last = self.known.last().map_or(0, |one| one.uid);
        for (number, known) in (1..).zip(&mut self.known) {
            if let Some(flags) = now.get(&known.uid).filter(|&flags| *flags != known.flags) {
                known.flags.clone_from(flags);
                lines.push(format!("* {number} FETCH (UID {} FLAGS ({}))", known.uid, show_flags(flags)));
            }
        }
        let fresh = now.into_iter().filter(|(uid, _)| *uid > last);
        let before = self.known.len();
        self.known.extend(fresh.map(|(uid, flags)| Known { uid, flags }));
        if self.known.len() > before {
            lines.push(format!("* {} EXISTS", self.known.len()));
        }
        lines
    }
}

pub(super) fn show_flags(flags: &BTreeSet<String>) -> String {
    flags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn known(mailbox: &Mailbox) -> Vec<Known> {
    mailbox.messages.iter().map(|message| Known { uid: message.uid, flags: message.flags.clone() }).collect()
}
