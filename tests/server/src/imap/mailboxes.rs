//! CREATE, DELETE, RENAME, SUBSCRIBE and STATUS.

use super::name;
use super::parser::{Failure, Parser, Reply, bad, no, string};
use super::session::Session;
use crate::store::{Account, Mailbox};

/// The mailbox attributes that CREATE takes in USE (RFC 6154).
pub(super) const ROLES: [&str; 7] =
    ["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash"];

impl Session<'_> {
    pub(super) fn create(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let name = rest.mailbox()?;
        let role = self.role(&mut rest)?;
        rest.end()?;
        let name = name.strip_suffix('/').unwrap_or(&name);
        if name.is_empty() || name.split('/').any(str::is_empty) {
            return no("[CANNOT] an empty level in the name");
        }
        self.on_account(|account| {
            if account.mailbox(name).is_some() {
                return no("[ALREADYEXISTS] there is such a mailbox");
            }
            account.create(name, role.as_deref());
            Ok("created".to_owned())
        })
    }

    /// `(USE (\Sent))`, if it is there.
    fn role(&self, rest: &mut Parser<'_>) -> Result<Option<String>, Failure> {
        if !rest.eat(b' ') {
            return Ok(None);
        }
        self.needs("CREATE-SPECIAL-USE")?;
        rest.expect(b'(')?;
        if rest.keyword()? != "USE" {
            return bad("unknown parameter of CREATE");
        }
        rest.space()?;
        let roles = rest.list(Parser::flag)?;
        rest.expect(b')')?;
        let known = |role: &String| ROLES.iter().find(|known| known.eq_ignore_ascii_case(role)).copied();
        match roles.as_slice() {
            [role] => {
                known(role).map_or_else(|| no("[USEATTR] unknown role"), |role| Ok(Some(role.to_owned())))
            }
            _ => no("[USEATTR] one role, please"),
        }
    }

    pub(super) fn delete(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let name = rest.mailbox()?;
        rest.end()?;
        if name.eq_ignore_ascii_case("INBOX") {
            return no("[CANNOT] INBOX stays");
        }
        if self.selected.as_ref().is_some_and(|selected| selected.mailbox == name) {
            self.selected = None;
        }
        self.on_account(|account| {
            let before = account.mailboxes.len();
            account.mailboxes.retain(|mailbox| mailbox.name != name);
            if account.mailboxes.len() == before {
                return no("[NONEXISTENT] no such mailbox");
            }
            Ok("deleted".to_owned())
        })
    }

    pub(super) fn rename(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let from = rest.mailbox()?;
        rest.space()?;
        let to = rest.mailbox()?;
        rest.end()?;
        self.on_account(|account| {
            if account.mailbox(&to).is_some() {
                return no("[ALREADYEXISTS] there is such a mailbox");
            }
            if from.eq_ignore_ascii_case("INBOX") {
                return rename_inbox(account, &to);
            }
            if account.mailbox(&from).is_none() {
                return no("[NONEXISTENT] no such mailbox");
            }
            for mailbox in &mut account.mailboxes {
                let tail = mailbox.name.strip_prefix(&from).filter(|t| t.is_empty() || t.starts_with('/'));
                if let Some(tail) = tail {
                    mailbox.name = format!("{to}{tail}");
                }
            }
            Ok("renamed".to_owned())
        })
    }

    pub(super) fn subscribe(&mut self, mut rest: Parser<'_>, wanted: bool) -> Reply {
        rest.space()?;
        let name = rest.mailbox()?;
        rest.end()?;
        self.on_account(|account| {
            if !wanted {
                account.subscribed.remove(&name);
                return Ok("unsubscribed".to_owned());
            }
            if account.mailbox(&name).is_none() {
                return no("[NONEXISTENT] no such mailbox");
            }
            account.subscribed.insert(name);
            Ok("subscribed".to_owned())
        })
    }

    pub(super) fn status(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let name = rest.mailbox()?;
        rest.space()?;
        let items = rest.list(Parser::keyword)?;
        rest.end()?;
        let line = self.shared.store.read(&self.user()?, |account| {
            let mailbox = account.mailbox(&name);
            mailbox
                .map_or_else(|| no("[NONEXISTENT] no such mailbox"), |mailbox| status_line(mailbox, &items))
        });
        self.wire.say(line.unwrap_or_else(|| no("no such user"))?);
        Ok("done".to_owned())
    }

    /// Changes the user's account.
    pub(super) fn on_account(&self, act: impl FnOnce(&mut Account) -> Reply) -> Reply {
        self.shared.store.change(&self.user()?, act).unwrap_or_else(|| no("no such user"))
    }
}

/// `* STATUS name (items with values)`.
pub(super) fn status_line(mailbox: &Mailbox, items: &[String]) -> Result<Vec<u8>, Failure> {
    let count =
        |wanted: fn(&crate::store::Message) -> bool| mailbox.messages.iter().filter(|m| wanted(m)).count();
    let mut values = Vec::new();
    for item in items {
        let value = match item.as_str() {
            "MESSAGES" => mailbox.messages.len(),
            "RECENT" => 0,
            "UIDNEXT" => usize::try_from(mailbox.uid_next).unwrap_or(0),
            "UIDVALIDITY" => usize::try_from(mailbox.uid_validity).unwrap_or(0),
            "UNSEEN" => count(|message| !message.flags.contains("\\Seen")),
            _ => return bad("unknown item of STATUS"),
        };
        values.push(format!("{item} {value}"));
    }
    let mut line = b"* STATUS ".to_vec();
    line.extend(string(name::encode(&mailbox.name).as_bytes()));
    line.extend(format!(" ({})", values.join(" ")).into_bytes());
    Ok(line)
}

/// INBOX stays, empty; its messages move (RFC 3501, section 6.3.5).
fn rename_inbox(account: &mut Account, to: &str) -> Reply {
    account.create(to, None);
    let messages = account.mailbox_mut("INBOX").map(|inbox| std::mem::take(&mut inbox.messages));
    if let Some(mailbox) = account.mailbox_mut(to) {
        for message in messages.unwrap_or_default() {
            mailbox.add(message.bytes, message.flags, message.received);
        }
    }
    Ok("renamed".to_owned())
}
