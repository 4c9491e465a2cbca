//! APPEND (RFC 3501, section 6.3.11; RFC 4315).

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::date;
use super::parser::{Failure, Parser, Reply, bad, no};
use super::session::Session;

impl Session<'_> {
    pub(super) fn append(&mut self, mut rest: Parser<'_>) -> Reply {
        rest.space()?;
        let name = rest.mailbox()?;
        rest.space()?;
        let flags = self.flags(&mut rest)?;
        let received = received(&mut rest)?;
        let bytes = rest.literal()?;
        rest.end()?;
        let uid_plus = self.needs("UIDPLUS").is_ok();
        self.on_account(|account| {
            let Some(mailbox) = account.mailbox_mut(&name) else {
                return no("[TRYCREATE] no such mailbox");
            };
            let uid = mailbox.add(bytes.into(), flags, received);
            let code = format!("[APPENDUID {} {uid}] ", mailbox.uid_validity);
            Ok(format!("{}appended", if uid_plus { code.as_str() } else { "" }))
        })
    }

    fn flags(&self, rest: &mut Parser<'_>) -> Result<BTreeSet<String>, Failure> {
        if rest.peek() != Some(b'(') {
            return Ok(BTreeSet::new());
        }
        let flags = rest.list(Parser::flag)?;
        rest.space()?;
        Ok(flags.into_iter().filter(|flag| !flag.eq_ignore_ascii_case("\\Recent")).collect())
    }
}

fn received(rest: &mut Parser<'_>) -> Result<SystemTime, Failure> {
    if rest.peek() != Some(b'"') {
        return Ok(SystemTime::now());
    }
    let text = rest.string()?;
    rest.space()?;
    date::parse(&String::from_utf8_lossy(&text)).map_or_else(|| bad("not a date-time"), Ok)
}
