//! STORE, COPY, MOVE and EXPUNGE.

use std::collections::BTreeSet;

use super::parser::{Failure, Parser, Reply, bad, no};
use super::selected::show_flags;
use super::sequence;
use super::session::Session;
use crate::store::Message;

/// What STORE does with the flags that it names.
#[derive(Debug, Clone, Copy)]
enum How {
    Set,
    Add,
    Remove,
}

impl Session<'_> {
    pub(super) fn store(&mut self, mut rest: Parser<'_>, uid: bool) -> Reply {
        let set = rest.set()?;
        rest.space()?;
        let how = match rest.peek() {
            Some(b'+') => How::Add,
            Some(b'-') => How::Remove,
            _ => How::Set,
        };
        let _ = rest.eat(b'+') || rest.eat(b'-');
        let silent = match rest.keyword()?.as_str() {
            "FLAGS" => false,
            "FLAGS.SILENT" => true,
            _ => return bad("unknown item of STORE"),
        };
        rest.space()?;
        let flags: BTreeSet<String> = flag_list(&mut rest)?.into_iter().collect();
        if let Some(unknown) = flags.iter().find(|flag| is_unknown_system(flag)) {
            return bad(&format!("no such flag: {unknown}"));
        }
        for (number, message) in self.resolve(&set, uid)? {
            let Some(now) = self.set_flags(message.uid, how, &flags)? else {
                continue;
            };
            self.know_flags(number, &now);
            if !silent {
                let uid_item = if uid { format!("UID {} ", message.uid) } else { String::new() };
                self.wire.say(format!("* {number} FETCH ({uid_item}FLAGS ({}))", show_flags(&now)));
            }
        }
        Ok("stored".to_owned())
    }

    /// Marks a message as seen, and returns its flags.
    pub(super) fn mark_seen(&self, uid: u32) -> Result<Option<BTreeSet<String>>, Failure> {
        self.set_flags(uid, How::Add, &BTreeSet::from(["\\Seen".to_owned()]))
    }

    fn set_flags(
        &self,
        uid: u32,
        how: How,
        flags: &BTreeSet<String>,
    ) -> Result<Option<BTreeSet<String>>, Failure> {
        self.change_mailbox(|mailbox| {
            let message = mailbox.messages.iter_mut().find(|message| message.uid == uid)?;
            match how {
                How::Set => message.flags.clone_from(flags),
                How::Add => message.flags.extend(flags.iter().cloned()),
                How::Remove => message.flags.retain(|flag| !flags.contains(flag)),
            }
            Some(message.flags.clone())
        })
    }

    /// COPY, and MOVE (RFC 6851), with COPYUID (RFC 4315).
    pub(super) fn copy(&mut self, mut rest: Parser<'_>, uid: bool, and_remove: bool) -> Reply {
        if and_remove {
            self.needs("MOVE")?;
        }
        let set = rest.set()?;
        rest.space()?;
        let name = rest.mailbox()?;
        rest.end()?;
        let messages: Vec<Message> =
            self.resolve(&set, uid)?.into_iter().map(|(_, message)| message).collect();
        if and_remove {
            // Refuses a mailbox that is selected read-only, before anything is copied.
            self.change_mailbox(|_| ())?;
        }
        let sources: Vec<u32> = messages.iter().map(|message| message.uid).collect();
        let (validity, targets) = self.copy_to(&name, messages)?;
        let uid_plus = self.needs("UIDPLUS").is_ok() && !sources.is_empty();
        let code = if uid_plus {
            format!("[COPYUID {validity} {} {}] ", sequence::show(&sources), sequence::show(&targets))
        } else {
            String::new()
        };
        if !and_remove {
            return Ok(format!("{code}copied"));
        }
        if uid_plus {
            self.wire.say(format!("* OK {code}moved"));
        }
        self.change_mailbox(|mailbox| mailbox.messages.retain(|message| !sources.contains(&message.uid)))?;
        Ok("moved".to_owned())
    }

    fn copy_to(&self, name: &str, messages: Vec<Message>) -> Result<(u32, Vec<u32>), Failure> {
        let copied = self.shared.store.change(&self.user()?, |account| {
            let mailbox = account.mailbox_mut(name)?;
            let add = |message: Message| mailbox.add(message.bytes, message.flags, message.received);
            let uids = messages.into_iter().map(add).collect();
            Some((mailbox.uid_validity, uids))
        });
        copied.flatten().map_or_else(|| no("[TRYCREATE] no such mailbox"), Ok)
    }

    /// EXPUNGE, and UID EXPUNGE (RFC 4315) for some of the messages only.
    pub(super) fn expunge(&mut self, mut rest: Parser<'_>, uid: bool) -> Reply {
        let only: Option<BTreeSet<u32>> = if uid {
            self.needs("UIDPLUS")?;
            let messages = self.resolve(&rest.set()?, true)?;
            Some(messages.into_iter().map(|(_, message)| message.uid).collect())
        } else {
            None
        };
        rest.end()?;
        self.change_mailbox(|mailbox| {
            mailbox.messages.retain(|message| {
                let meant = only.as_ref().is_none_or(|only| only.contains(&message.uid));
                !(meant && message.flags.contains("\\Deleted"))
            });
        })?;
        Ok("expunged".to_owned())
    }
}

/// `(flags)`, or flags without parentheses.
fn flag_list(rest: &mut Parser<'_>) -> Result<Vec<String>, Failure> {
    if rest.peek() == Some(b'(') {
        let flags = rest.list(Parser::flag)?;
        rest.end()?;
        return Ok(flags);
    }
    let mut flags = vec![rest.flag()?];
    while rest.eat(b' ') {
        flags.push(rest.flag()?);
    }
    rest.end()?;
    Ok(flags)
}

fn is_unknown_system(flag: &str) -> bool {
    let known = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];
    flag.starts_with('\\') && !known.contains(&flag)
}
