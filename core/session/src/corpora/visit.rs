//! What a client does on a server, and how it went, step by step in words that a table can hold.

use std::fmt::Debug;
use std::time::Duration;

use postseal_types::{Address, AddressError, Envelope};

use crate::imap::{FetchItems, ImapConnection, ImapSession, MailboxName, Search, UidSet};
use crate::wire::{Secure, Wire};
use crate::{
    Acceptance, Connector, Credentials, Delivery, Error, NotSent, Pop3Connection, Pop3Session, Receipt,
    Refusal, Runtime, Security, SendOptions, Server, SmtpConnection, SmtpSession, Timeouts,
};

/// Long enough for a busy machine; what stalls has to be waited for.
pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(10),
    handshake: Duration::from_secs(6),
    token: Duration::from_secs(6),
    progress: Duration::from_secs(6),
    final_reply: Duration::from_secs(6),
    close: Duration::from_secs(1),
};

/// No visit takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Smtp,
    Imap,
    Pop3,
}

impl Protocol {
    /// The protocol that a path of folders names.
    pub(crate) fn of(path: &str) -> Option<Self> {
        path.split('/').find_map(|folder| match folder {
            "smtp" => Some(Self::Smtp),
            "imap" => Some(Self::Imap),
            "pop3" => Some(Self::Pop3),
            _ => None,
        })
    }
}

/// How to get at the server.
pub(crate) enum Way {
    /// A stream on which TLS is up.
    Wire(Wire<Secure>),
    /// By TCP.
    Network(Connector, Server),
}

/// What to do once somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// SMTP: send a message; an empty sender is nobody, as in bounces.
    Send { from: String, to: Vec<String>, message: Vec<u8> },
    /// IMAP: list the mailboxes.
    List,
    /// IMAP: make a mailbox.
    Create(String),
    /// IMAP: say who asks.
    Id,
    /// IMAP: watch the inbox, and do something else meanwhile.
    Watch,
    /// IMAP, POP3: get every message of the inbox.
    Fetch,
    /// POP3: count.
    Stat,
    /// POP3: get one message.
    Retrieve(u32),
    /// End the session; what is done afterwards finds it closed.
    Close,
    /// IMAP, POP3, SMTP: ask for a sign of life.
    Noop,
}

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    /// What was done, and what came of it.
    pub(crate) steps: Vec<String>,
    /// What went wrong last.
    pub(crate) error: Option<Error>,
    /// The messages that were fetched.
    pub(crate) messages: Vec<Vec<u8>>,
    /// All that the library tells of the server after TLS, outside of errors.
    pub(crate) shown: String,
}

impl Visit {
    /// Notes how a step went, in the words of `said` where it went well.
    fn note<T>(
        &mut self,
        step: &str,
        outcome: Result<T, Error>,
        said: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match outcome {
            Ok(outcome) => {
                let said = said(&outcome);
                self.steps.push(if said.is_empty() { step.to_owned() } else { format!("{step}: {said}") });
                Some(outcome)
            }
            Err(error) => {
                self.steps.push(format!("{step}: {}", words(&error)));
                self.error = Some(error);
                None
            }
        }
    }

    fn done(&mut self, step: &str, outcome: Result<(), Error>) -> Option<()> {
        self.note(step, outcome, |()| String::new())
    }

    fn show(&mut self, fact: &impl Debug) {
        self.shown.push_str(&format!("{fact:?}\n"));
    }
}

/// An error as its code, its text, and what the text leaves out.
fn words(error: &Error) -> String {
    let refusal = match error {
        Error::Refused(refusal) | Error::LoginRefused(refusal) => codes(refusal),
        _ => String::new(),
    };
    format!("{}: {error}{refusal}", error.code())
}

/// The codes of a refusal, in brackets.
fn codes(refusal: &Refusal) -> String {
    let code = refusal.code.map(|code| format!(" [{code}]")).unwrap_or_default();
    let enhanced = refusal.enhanced.map(|code| format!(" [{code}]")).unwrap_or_default();
    let response = refusal.response_code.as_ref().map(|code| format!(" [{code}]")).unwrap_or_default();
    format!("{code}{enhanced}{response}")
}

/// Opens a connection, logs in where there are credentials, does what is to be done, and takes leave; for as long as it goes well.
pub(crate) async fn visit(protocol: Protocol, way: Way, who: Option<&Credentials>, deeds: &[Deed]) -> Visit {
    let mut visit = Visit::default();
    let visiting = async {
        match protocol {
            Protocol::Smtp => visit.smtp(way, who, deeds).await,
            Protocol::Imap => visit.imap(way, who, deeds).await,
            Protocol::Pop3 => visit.pop3(way, who, deeds).await,
        }
    };
    // Each step has a deadline, so that this one is never reached.
    _ = tokio::time::timeout(PATIENCE, visiting).await.unwrap();
    visit
}

impl Visit {
    async fn smtp(&mut self, way: Way, who: Option<&Credentials>, deeds: &[Deed]) -> Option<()> {
        let opened = match way {
            Way::Wire(wire) => {
                SmtpConnection::begin(wire, Security::Tls, Runtime::current().unwrap(), TIMEOUTS).await
            }
            Way::Network(connector, server) => SmtpConnection::open(&connector, &server).await,
        };
        let connection = self.note("open", opened, |_| String::new())?;
        self.show(&(connection.tls(), connection.extensions()));
        let Some(who) = who else {
            connection.close().await;
            return None;
        };
        let logged_in = connection.log_in(who).await.map_err(Error::from);
        let session = self.note("log in", logged_in, |_| String::new())?;
        self.show(session.extensions());
        for deed in deeds {
            self.submit(&session, deed).await;
        }
        self.done("close", session.close().await)
    }

    async fn imap(&mut self, way: Way, who: Option<&Credentials>, deeds: &[Deed]) -> Option<()> {
        let opened = match way {
            Way::Wire(wire) => {
                ImapConnection::over(wire, &Runtime::current().unwrap(), TIMEOUTS, false).await
            }
            Way::Network(connector, server) => ImapConnection::open(&connector, &server).await,
        };
        let connection = self.note("open", opened, |_| String::new())?;
        self.show(&(connection.tls(), connection.capabilities(), connection.is_preauthenticated()));
        let logged_in = connection.log_in(who?).await.map_err(Error::from);
        let session = self.note("log in", logged_in, |_| String::new())?;
        self.show(session.capabilities());
        for deed in deeds {
            self.read_imap(&session, deed).await;
        }
        self.show(&session.take_alerts());
        self.done("close", session.close().await)
    }

    async fn pop3(&mut self, way: Way, who: Option<&Credentials>, deeds: &[Deed]) -> Option<()> {
        let opened = match way {
            Way::Wire(wire) => Pop3Connection::begin(Runtime::current().unwrap(), wire, true, TIMEOUTS).await,
            Way::Network(connector, server) => Pop3Connection::open(&connector, &server).await,
        };
        let connection = self.note("open", opened, |_| String::new())?;
        self.show(&(connection.tls(), connection.capabilities()));
        let logged_in = connection.log_in(who?).await.map_err(Error::from);
        let session = self.note("log in", logged_in, |_| String::new())?;
        self.show(session.capabilities());
        for deed in deeds {
            self.read_pop3(&session, deed).await;
        }
        self.done("close", session.close().await)
    }
}

impl Visit {
    async fn submit(&mut self, session: &SmtpSession, deed: &Deed) {
        match deed {
            Deed::Send { from, to, message } => {
                let sent = match envelope(from, to) {
                    Ok(envelope) => session.send(&envelope, message.clone(), &SendOptions::default()).await,
                    Err(error) => Err(Error::invalid("address", error.to_string())),
                };
                self.note("send", sent, receipt);
            }
            Deed::Noop => _ = self.done("noop", session.noop().await),
            Deed::Close => _ = self.done("close", session.close().await),
            other => panic!("SMTP can't {other:?}"),
        }
    }

    async fn read_imap(&mut self, session: &ImapSession, deed: &Deed) {
        match deed {
            Deed::List => {
                let listed = session.list().await;
                self.note("list", listed, |mailboxes| {
                    let names: Vec<_> = mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
                    names.join(" ")
                });
            }
            Deed::Create(name) => {
                let created = match MailboxName::new(name) {
                    Ok(mailbox) => session.create(&mailbox).await,
                    Err(error) => Err(error),
                };
                _ = self.done("create", created);
            }
            Deed::Id => {
                let told = session.id(&[("name", "Postseal")]).await;
                self.note("id", told, |fields| {
                    let fields: Vec<_> =
                        fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    fields.join(" ")
                });
            }
            Deed::Watch => {
                let watching = session.watch(&MailboxName::inbox()).await;
                let _watch = self.note("watch", watching, |_| String::new());
                _ = self.done("noop", session.noop().await);
            }
            Deed::Fetch => {
                let fetched = fetch(session).await;
                self.messages = self.note("fetch", fetched, |messages| count(messages)).unwrap_or_default();
            }
            Deed::Noop => _ = self.done("noop", session.noop().await),
            Deed::Close => _ = self.done("close", session.close().await),
            other => panic!("IMAP can't {other:?}"),
        }
    }

    async fn read_pop3(&mut self, session: &Pop3Session, deed: &Deed) {
        match deed {
            Deed::Stat => {
                let counted = session.stat().await;
                let said =
                    |drop: &crate::Maildrop| format!("{} messages, {} octets", drop.messages, drop.octets);
                self.note("stat", counted, said);
            }
            Deed::Retrieve(number) => {
                let retrieved = session.retrieve_to_vec(*number, 1 << 20).await;
                let retrieved =
                    self.note("retrieve", retrieved, |message| format!("{} bytes", message.len()));
                self.messages.extend(retrieved);
            }
            Deed::Fetch => {
                let fetched = retrieve(session).await;
                self.messages = self.note("fetch", fetched, |messages| count(messages)).unwrap_or_default();
            }
            Deed::Noop => _ = self.done("noop", session.noop().await),
            Deed::Close => _ = self.done("close", session.close().await),
            other => panic!("POP3 can't {other:?}"),
        }
    }
}

fn envelope(from: &str, to: &[String]) -> Result<Envelope, AddressError> {
    let from = if from.is_empty() { None } else { Some(Address::parse(from)?) };
    let to = to.iter().map(|text| Address::parse(text)).collect::<Result<_, _>>()?;
    Ok(Envelope { from, to })
}

fn count(messages: &[Vec<u8>]) -> String {
    format!("{} messages", messages.len())
}

/// Every message of the inbox.
async fn fetch(session: &ImapSession) -> Result<Vec<Vec<u8>>, Error> {
    let inbox = MailboxName::inbox();
    let uids = session.search(&inbox, &Search::all()).await?;
    let mut messages = Vec::new();
    if uids.is_empty() {
        return Ok(messages);
    }
    let mut stream = session.fetch(&inbox, &UidSet::of(uids)?, &FetchItems::new().whole());
    while let Some(message) = stream.next().await {
        messages.extend(message?.whole);
    }
    Ok(messages)
}

/// Every message of the maildrop.
async fn retrieve(session: &Pop3Session) -> Result<Vec<Vec<u8>>, Error> {
    let mut messages = Vec::new();
    for message in session.messages().await? {
        messages.push(session.retrieve_to_vec(message.number, 1 << 20).await?);
    }
    Ok(messages)
}

/// What became of the message and of each recipient.
fn receipt(receipt: &Receipt) -> String {
    let message = match &receipt.message {
        Delivery::Sent { text } => format!("sent ({text})"),
        Delivery::NotSent(NotSent::Refused(refusal)) => {
            format!("not sent: {} said {}{}", refusal.command, refusal.text, codes(refusal))
        }
        Delivery::NotSent(NotSent::Recipients) => "not sent".to_owned(),
        Delivery::Unknown { because } => format!("unknown: {}", words(because)),
    };
    let each = receipt.recipients.iter().map(|recipient| match &recipient.outcome {
        Acceptance::Accepted => format!("; {} accepted", recipient.address),
        Acceptance::Refused(refusal) => {
            format!("; {} refused: {}{}", recipient.address, refusal.text, codes(refusal))
        }
    });
    message + &each.collect::<String>()
}
