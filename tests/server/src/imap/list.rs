//! LIST (RFC 3501, section 6.3.8; RFC 5258; RFC 5819; RFC 6154) and LSUB.

use std::collections::BTreeSet;

use super::mailboxes::{ROLES, status_line};
use super::name;
use super::parser::{Failure, Parser, Reply, bad, no, string};
use super::session::Session;
use crate::store::Account;

/// What a LIST asks for.
#[derive(Debug, Default)]
struct Query {
    /// Only subscribed mailboxes.
    subscribed: bool,
    /// Only mailboxes with a role.
    special: bool,
    patterns: Vec<String>,
    /// Whether to say which are subscribed.
    show_subscribed: bool,
    /// Send STATUS with these items for each.
    status: Option<Vec<String>>,
}

impl Session<'_> {
    pub(super) fn list(&mut self, mut rest: Parser<'_>) -> Reply {
        let query = self.query(&mut rest)?;
        let answer = |account: &Account| answer(account, &query);
        let lines = self.shared.store.read(&self.user()?, answer).unwrap_or_else(|| no("no such user"))?;
        for line in lines {
            self.wire.say(line);
        }
        Ok("done".to_owned())
    }

    pub(super) fn lsub(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let reference = rest.pattern()?;
        rest.space()?;
        let pattern = format!("{reference}{}", rest.pattern()?);
        rest.end()?;
        let subscribed = self.shared.store.read(&self.user()?, |account| account.subscribed.clone());
        for name in subscribed.unwrap_or_default().iter().map(|name| name::encode(name)) {
            if matches(pattern.as_bytes(), name.as_bytes()) {
                self.wire.say(line("LSUB", &[], &name));
            }
        }
        Ok("done".to_owned())
    }

    fn query(&self, rest: &mut Parser<'_>) -> Result<Query, Failure> {
        let mut query = Query::default();
        rest.space()?;
        if rest.peek() == Some(b'(') {
            self.needs("LIST-EXTENDED")?;
            for option in rest.list(Parser::keyword)? {
                match option.as_str() {
                    "SUBSCRIBED" => query.subscribed = true,
                    "SPECIAL-USE" => query.special = true,
                    "REMOTE" => {}
                    _ => return bad("unknown selection option"),
                }
            }
            rest.space()?;
        }
        let reference = rest.pattern()?;
        rest.space()?;
        let patterns = if rest.peek() == Some(b'(') {
            self.needs("LIST-EXTENDED")?;
            rest.list(Parser::pattern)?
        } else {
            vec![rest.pattern()?]
        };
        query.patterns = patterns.iter().map(|pattern| format!("{reference}{pattern}")).collect();
        query.show_subscribed = query.subscribed;
        if rest.eat(b' ') {
            self.returns(rest, &mut query)?;
        }
        rest.end()?;
        Ok(query)
    }

    /// `RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES))`.
    fn returns(&self, rest: &mut Parser<'_>, query: &mut Query) -> Result<(), Failure> {
        self.needs("LIST-EXTENDED")?;
        if rest.keyword()? != "RETURN" {
            return bad("expected RETURN");
        }
        rest.space()?;
        rest.list(|item| {
            match item.keyword()?.as_str() {
                "SUBSCRIBED" => query.show_subscribed = true,
                "CHILDREN" | "SPECIAL-USE" => {}
                "STATUS" => {
                    self.needs("LIST-STATUS")?;
                    item.space()?;
                    query.status = Some(item.list(Parser::keyword)?);
                }
                _ => return bad("unknown return option"),
            }
            Ok(())
        })?;
        Ok(())
    }
}

fn answer(account: &Account, query: &Query) -> Result<Vec<Vec<u8>>, Failure> {
    if query.patterns.iter().all(String::is_empty) {
        // The question for the hierarchy separator.
        return Ok(vec![line("LIST", &["\\Noselect"], "")]);
    }
    let mut lines = Vec::new();
    for name in names(account, query.subscribed) {
        let wire = name::encode(&name);
        let mailbox = account.mailbox(&name);
        let role = mailbox.and_then(|mailbox| mailbox.role.as_deref()).filter(|role| ROLES.contains(role));
        let wanted = query.patterns.iter().any(|pattern| matches(pattern.as_bytes(), wire.as_bytes()));
        let subscribed = account.subscribed.contains(&name);
        if !wanted || (query.subscribed && !subscribed) || (query.special && role.is_none()) {
            continue;
        }
        let mut attributes = Vec::new();
        if mailbox.is_none() {
            attributes.push(if query.subscribed { "\\NonExistent" } else { "\\Noselect" });
        }
        let prefix = format!("{name}/");
        let has_children = account.mailboxes.iter().any(|other| other.name.starts_with(&prefix));
        attributes.push(if has_children { "\\HasChildren" } else { "\\HasNoChildren" });
        attributes.extend(role);
        if query.show_subscribed && subscribed {
            attributes.push("\\Subscribed");
        }
        lines.push(line("LIST", &attributes, &wire));
        if let (Some(items), Some(mailbox)) = (&query.status, mailbox) {
            lines.push(status_line(mailbox, items)?);
        }
    }
    Ok(lines)
}

/// Every name there is: the mailboxes, the levels above them, and subscriptions if asked for.
fn names(account: &Account, with_subscribed: bool) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for mailbox in &account.mailboxes {
        let levels = mailbox.name.match_indices('/').map(|(at, _)| at);
        names.extend(levels.filter_map(|at| mailbox.name.get(..at)).map(str::to_owned));
        names.insert(mailbox.name.clone());
    }
    if with_subscribed {
        names.extend(account.subscribed.iter().cloned());
    }
    names
}

fn line(response: &str, attributes: &[&str], wire_name: &str) -> Vec<u8> {
    let mut line = format!("* {response} ({}) \"/\" ", attributes.join(" ")).into_bytes();
    line.extend(string(wire_name.as_bytes()));
    line
}

/// Whether `name` fits `pattern`: `*` is anything, `%` anything within a level; INBOX in any case.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    fits(pattern, name) || (name == b"INBOX" && fits(&pattern.to_ascii_uppercase(), name))
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((wildcard @ (b'*' | b'%'), rest)) => {
            let reach = match wildcard {
                b'%' => name.iter().position(|&byte| byte == b'/').unwrap_or(name.len()),
                _ => name.len(),
            };
            (0..=reach).any(|at| name.get(at..).is_some_and(|tail| fits(rest, tail)))
        }
        Some((byte, rest)) => name.strip_prefix(&[*byte]).is_some_and(|tail| fits(rest, tail)),
    }
}
