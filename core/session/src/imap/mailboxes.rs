use super::command::Command;
use super::engine::Engine;
use super::name::MailboxName;
use super::response::Data;
use super::session::ImapSession;
use super::uid::UidValidity;
use crate::Error;

/// The numbers of a mailbox that is not selected (RFC 9051, section 6.3.11). What the server doesn't say is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailboxStatus {
    /// How many messages there are.
    pub messages: Option<u32>,
    /// How many of them were not read.
    pub unseen: Option<u32>,
    /// The UID that the next message will have at least.
    pub uid_next: Option<u32>,
    /// Under which UIDVALIDITY its UIDs have their meaning.
    pub uid_validity: Option<UidValidity>,
}

impl ImapSession {
    /// Asks for the numbers of a mailbox without selecting it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox.
    pub async fn status(&self, mailbox: &MailboxName) -> Result<MailboxStatus, Error> {
        let mailbox = mailbox.clone();
        self.run(move |engine| Box::pin(status(engine, mailbox))).await
    }

    /// Makes a mailbox, with its parents where the server does that (RFC 9051, section 6.3.4).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with the response code `ALREADYEXISTS` where there is one, if the server says so.
    pub async fn create(&self, mailbox: &MailboxName) -> Result<(), Error> {
        self.about("CREATE", mailbox).await
    }

    /// Removes a mailbox with all messages in it (RFC 9051, section 6.3.5).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox, if the server says so.
    pub async fn delete(&self, mailbox: &MailboxName) -> Result<(), Error> {
        let mailbox = mailbox.clone();
        self.run(move |engine| {
            Box::pin(async move {
                engine.leave(&mailbox).await?;
                engine.run(Command::new("DELETE").mailbox(&mailbox)).await.map(drop)
            })
        })
        .await
    }

    /// Gives a mailbox, and all below it, another name (RFC 9051, section 6.3.6). Renaming INBOX moves its messages away and
    /// leaves it empty.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for no such mailbox; [`Error::Refused`] where the new name is taken, both if the server says so.
    pub async fn rename(&self, from: &MailboxName, to: &MailboxName) -> Result<(), Error> {
        let (from, to) = (from.clone(), to.clone());
        self.run(move |engine| {
            Box::pin(async move {
                engine.leave(&from).await?;
                engine.run(Command::new("RENAME").mailbox(&from).mailbox(&to)).await.map(drop)
            })
        })
        .await
    }

    /// Adds a mailbox to those that the user wants to see (RFC 9051, section 6.3.7).
    ///
    /// # Errors
    ///
    /// Those of every method.
    pub async fn subscribe(&self, mailbox: &MailboxName) -> Result<(), Error> {
        self.about("SUBSCRIBE", mailbox).await
    }

    /// Takes a mailbox from those that the user wants to see (RFC 9051, section 6.3.8).
    ///
    /// # Errors
    ///
    /// Those of every method.
    pub async fn unsubscribe(&self, mailbox: &MailboxName) -> Result<(), Error> {
        self.about("UNSUBSCRIBE", mailbox).await
    }

    async fn about(&self, name: &'static str, mailbox: &MailboxName) -> Result<(), Error> {
        let command = Command::new(name).mailbox(mailbox);
        self.run(move |engine| Box::pin(async move { engine.run(command).await.map(drop) })).await
    }

    /// Tells the server who asks and returns what it says of itself (ID, RFC 2971): names in lower case, and values. Both sides'
    /// words are for statistics and error reports; nothing depends on them.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where the server has no ID.
    pub async fn id(&self, client: &[(&str, &str)]) -> Result<Vec<(String, String)>, Error> {
        if client.len() > 30 || client.iter().any(|(name, value)| name.len() > 30 || value.len() > 1024) {
            return Err(Error::invalid(
                "client",
                "RFC 2971 allows 30 fields, names of 30 and values of 1024 bytes",
            ));
        }
        if client
            .iter()
            .any(|(name, value)| [name, value].iter().any(|text| text.chars().any(char::is_control)))
        {
            return Err(Error::invalid("client", "it holds a control character"));
        }
        let mut command = Command::new("ID");
        if client.is_empty() {
            command = command.arg("NIL");
        } else {
            command.text(" (");
            for (index, (name, value)) in client.iter().enumerate() {
                command.text(if index == 0 { "" } else { " " });
                command.push_string(name.as_bytes());
                command.text(" ");
                command.push_string(value.as_bytes());
            }
            command.text(")");
        }
        self.run(move |engine| {
            Box::pin(async move {
                if !engine.has("ID") {
                    return Err(Error::Unsupported { extension: "ID" });
                }
                let mut data = engine.run(command).await?.into_data();
                let fields =
                    data.find_map(|data| if let Data::Id(fields) = data { Some(fields) } else { None });
                Ok(fields.unwrap_or_default())
            })
        })
        .await
    }
}

async fn status(engine: &mut Engine, mailbox: MailboxName) -> Result<MailboxStatus, Error> {
    let command = Command::new("STATUS").mailbox(&mailbox).arg("(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)");
    let mut status = MailboxStatus::default();
    for data in engine.run(command).await?.into_data() {
        let Data::Status(name, items) = data else { continue };
        if name != mailbox {
            continue;
        }
        for (item, number) in items {
            let number = u32::try_from(number).ok();
            match item.as_str() {
                "MESSAGES" => status.messages = number,
                "UNSEEN" => status.unseen = number,
                "UIDNEXT" => status.uid_next = number,
                "UIDVALIDITY" => status.uid_validity = number.and_then(UidValidity::new),
                _ => {}
            }
        }
    }
    Ok(status)
}
