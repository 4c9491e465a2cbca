use std::collections::HashSet;

use super::command::Command;
use super::engine::Engine;
use super::name::MailboxName;
use super::response::{Data, ListData};
use super::session::ImapSession;
use crate::Error;

/// A mailbox as the server lists it (RFC 9051, section 7.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxInfo {
    /// Its name, with its parents.
    pub name: MailboxName,
    /// What stands between the levels of its name; `None` where there are none.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages; some names are there for their children only.
    pub selectable: bool,
    /// Whether the user has subscribed to it.
    pub subscribed: bool,
    /// Whether it has children.
    pub has_children: bool,
}

/// What a mailbox is for: as the server says (SPECIAL-USE, RFC 6154), or guessed from its name where the server gives no mailbox this
/// role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Where mail arrives.
    Inbox,
    /// Messages that were sent.
    Sent,
    /// Messages that are being written.
    Drafts,
    /// What was thrown away.
    Trash,
    /// Spam.
    Junk,
    /// What was put aside for good.
    Archive,
    /// Every message there is, by the server's making.
    All,
    /// Every flagged message, by the server's making.
    Flagged,
    /// What the server deems important (RFC 8457).
    Important,
}

/// The attributes that name a role.
const ATTRIBUTES: [(&str, Role); 8] = [
    ("\\sent", Role::Sent),
    ("\\drafts", Role::Drafts),
    ("\\trash", Role::Trash),
    ("\\junk", Role::Junk),
    ("\\archive", Role::Archive),
    ("\\all", Role::All),
    ("\\flagged", Role::Flagged),
    ("\\important", Role::Important),
];

/// Names that servers and mail programs give to mailboxes with a role, in lower case; split at `|`; what
/// comes first is preferred.
const NAMES: [(Role, &str); 5] = [
    (
        Role::Sent,
        "sent|sent items|sent messages|sent mail|gesendet|gesendete objekte|gesendete elemente|\
         envoyés|messages envoyés|éléments envoyés|enviados|elementos enviados|itens enviados|\
         inviata|posta inviata|verzonden|verzonden items|skickat|skickade objekt|wysłane|\
         отправленные|已发送|送信済み",
    ),
    (
        Role::Drafts,
        "drafts|draft|entwürfe|brouillons|borradores|rascunhos|bozze|concepten|utkast|\
         wersje robocze|szkice|черновики|草稿|下書き",
    ),
    (
        Role::Trash,
        "trash|deleted items|deleted messages|deleted|bin|papierkorb|gelöschte objekte|\
         gelöschte elemente|corbeille|éléments supprimés|papelera|elementos eliminados|lixeira|\
         cestino|prullenbak|papperskorgen|kosz|корзина|удаленные|已删除|ゴミ箱",
    ),
    (
        Role::Junk,
        "junk|spam|junk e-mail|junk email|junk mail|bulk mail|spamverdacht|junk-e-mail|\
         courrier indésirable|indésirables|correo no deseado|lixo eletrônico|posta indesiderata|\
         ongewenste e-mail|skräppost|wiadomości-śmieci|спам|垃圾邮件|迷惑メール",
    ),
    (
        Role::Archive,
        "archive|archives|archiv|archiviert|archivo|arquivo|archivio|archief|arkiv|archiwum|\
         архив|归档|アーカイブ",
    ),
];

impl ImapSession {
    /// Lists every mailbox (RFC 9051, section 6.3.9), in the server's order.
    ///
    /// A name that could not be sent back (with a line end or NUL in it) is left out.
    ///
    /// # Errors
    ///
    /// Those of every method.
    pub async fn list(&self) -> Result<Vec<MailboxInfo>, Error> {
        self.run(|engine| Box::pin(list(engine))).await
    }
}

async fn list(engine: &mut Engine) -> Result<Vec<MailboxInfo>, Error> {
    let command = Command::new("LIST").arg("\"\" \"*\"");
    // One command tells all where the server has LIST-EXTENDED (RFC 5258); what is subscribed is a second question elsewhere.
    if engine.has("LIST-EXTENDED") || engine.has("IMAP4REV2") {
        let special = if engine.has("SPECIAL-USE") || engine.has("IMAP4REV2") { " SPECIAL-USE" } else { "" };
        let command = command.arg(format_args!("RETURN (SUBSCRIBED CHILDREN{special})"));
        let listed = engine.run(command).await?.into_data();
        return Ok(describe(listed.filter_map(listing).collect(), None));
    }
    let listed = engine.run(command).await?.into_data().filter_map(listing).collect();
    let subscribed = engine.run(Command::new("LSUB").arg("\"\" \"*\"")).await?.into_data();
    Ok(describe(listed, Some(subscribed.filter_map(listing).map(|data| data.name).collect())))
}

fn listing(data: Data) -> Option<ListData> {
    match data {
        Data::List(listing) | Data::Subscribed(listing) => Some(listing),
        _ => None,
    }
}

/// Puts the answers together; without `subscribed`, the attributes say what is.
fn describe(listed: Vec<ListData>, subscribed: Option<HashSet<MailboxName>>) -> Vec<MailboxInfo> {
    let mut seen = HashSet::new();
    let parents: HashSet<String> = listed.iter().flat_map(parents).collect();
    let describe_one = |data: ListData| {
        let has = |attribute: &str| data.attributes.iter().any(|found| found == attribute);
        let by_attribute = ATTRIBUTES.iter().find(|(attribute, _)| has(attribute)).map(|&(_, role)| role);
        MailboxInfo {
            role: if data.name.is_inbox() { Some(Role::Inbox) } else { by_attribute },
            selectable: !has("\\noselect") && !has("\\nonexistent"),
            subscribed: subscribed
                .as_ref()
                .map_or_else(|| has("\\subscribed"), |set| set.contains(&data.name)),
            has_children: has("\\haschildren") || parents.contains(data.name.as_str()),
            delimiter: data.delimiter,
            name: data.name,
        }
    };
    let listed = listed.into_iter().filter(|data| seen.insert(data.name.clone()));
    let mut mailboxes: Vec<MailboxInfo> = listed.map(describe_one).collect();
    guess_roles(&mut mailboxes);
    mailboxes
}

/// Every name above this one.
fn parents(data: &ListData) -> Vec<String> {
    let Some(delimiter) = data.delimiter else {
        return Vec::new();
    };
    let name = data.name.as_str();
    name.match_indices(delimiter).filter_map(|(at, _)| name.get(..at)).map(str::to_owned).collect()
}

/// Gives each role that nobody has to the first mailbox with a fitting name, at the top or directly below the inbox.
fn guess_roles(mailboxes: &mut [MailboxInfo]) {
    for (role, names) in NAMES {
        if mailboxes.iter().any(|mailbox| mailbox.role == Some(role)) {
            continue;
        }
        let found = names.split('|').find_map(|name| {
            mailboxes.iter().position(|mailbox| {
                mailbox.role.is_none() && mailbox.selectable && plain_name(mailbox).as_deref() == Some(name)
            })
        });
        if let Some(mailbox) = found.and_then(|index| mailboxes.get_mut(index)) {
            mailbox.role = Some(role);
        }
    }
}

/// The name in lower case, without `INBOX` before it; `None` for one deeper down.
fn plain_name(mailbox: &MailboxInfo) -> Option<String> {
    let name = mailbox.name.as_str().to_lowercase();
    let Some(delimiter) = mailbox.delimiter else {
        return Some(name);
    };
    let name = match name.split_once(delimiter) {
        Some(("inbox", rest)) => rest.to_owned(),
        _ => name,
    };
    (!name.contains(delimiter)).then_some(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn listed(entries: &[(&str, &str)]) -> Vec<ListData> {
        let entry = |(attributes, name): &(&str, &str)| ListData {
            attributes: attributes.split_whitespace().map(str::to_owned).collect(),
            delimiter: Some('/'),
            name: MailboxName::new(name).unwrap(),
        };
        entries.iter().map(entry).collect()
    }

    fn roles(entries: &[(&str, &str)]) -> Vec<(String, Role)> {
        let found = describe(listed(entries), None).into_iter();
        found.filter_map(|mailbox| Some((mailbox.name.to_string(), mailbox.role?))).collect()
    }

    #[test]
    fn roles_come_from_attributes_first_and_from_names_after() {
        let found = roles(&[
            ("", "inbox"),
            ("", "Sent"),
            ("\\sent", "Gesendet von allen"),
            ("", "INBOX/Entwürfe"),
            ("", "Work/Trash"),
            ("\\noselect", "Junk"),
            ("", "Spam"),
            ("\\all", "All Mail"),
        ]);
        let expected = [
            ("INBOX", Role::Inbox),
            ("Gesendet von allen", Role::Sent),
            ("INBOX/Entwürfe", Role::Drafts),
            ("Spam", Role::Junk),
            ("All Mail", Role::All),
        ];
        assert_eq!(found, expected.map(|(name, role)| (name.to_owned(), role)));
    }

    #[test]
    fn a_guessed_role_is_given_once() {
        assert_eq!(
            roles(&[("", "Sent Items"), ("", "Sent"), ("", "Отправленные")]),
            [("Sent".to_owned(), Role::Sent)]
        );
    }

    #[test]
    fn children_are_seen_without_the_servers_help() {
        let found =
            describe(listed(&[("", "A"), ("", "A/B/C"), ("\\haschildren \\noselect", "D"), ("", "A")]), None);
        let seen: Vec<_> =
            found.iter().map(|info| (info.name.as_str(), info.has_children, info.selectable)).collect();
        assert_eq!(seen, [("A", true, true), ("A/B/C", false, true), ("D", true, false)]);
    }
}
