use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

/// Every user's mailboxes. One lock around all of them: this is a test server.
#[derive(Debug)]
pub(crate) struct Store {
    accounts: Mutex<Vec<Account>>,
    /// Ticks with every change, for those who wait in IDLE.
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) address: String,
    pub(crate) password: String,
    pub(crate) token: Option<String>,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) subscribed: BTreeSet<String>,
    /// Whether a POP3 session holds the maildrop (RFC 1939, section 4).
    pub(crate) locked: bool,
    /// Grows with each mailbox that is made: a name that is used again gets another UIDVALIDITY.
    next_validity: u32,
}

#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) name: String,
    /// The SPECIAL-USE attribute (RFC 6154), such as `\Sent`.
    pub(crate) role: Option<String>,
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) messages: Vec<Message>,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) uid: u32,
    pub(crate) flags: BTreeSet<String>,
    pub(crate) received: SystemTime,
    pub(crate) bytes: Arc<[u8]>,
}

/// A message in a mailbox, as the server's operator could read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// The user's address.
    pub user: String,
    /// The mailbox, by its Unicode name.
    pub mailbox: String,
    /// Its UID in the mailbox.
    pub uid: u32,
    /// Its flags, such as `\Seen`.
    pub flags: Vec<String>,
    /// Its bytes, exactly.
    pub bytes: Vec<u8>,
}

impl StoredMessage {
    /// The value of a header field, unfolded, as it stands there; the first of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        crate::mime::field(crate::mime::split_header(&self.bytes).0, name)
    }
}

/// The mailboxes that a new user has besides INBOX, with their roles.
const FOLDERS: [(&str, &str); 5] = [
    ("Archive", "\\Archive"),
    ("Drafts", "\\Drafts"),
    ("Junk", "\\Junk"),
    ("Sent", "\\Sent"),
    ("Trash", "\\Trash"),
];

impl Store {
    pub(crate) fn new() -> Self {
        Self { accounts: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Adds a user with the usual mailboxes; for one who is there already, sets the password.
    pub(crate) fn add_user(&self, address: &str, password: &str) {
        let known = self.change(address, |account| account.password = password.to_owned());
        if known.is_none() {
            self.lock().push(Account::new(address, password));
        }
    }

    /// Reads the account of `address`, if there is one. Addresses compare without regard to case.
    pub(crate) fn read<T>(&self, address: &str, look: impl FnOnce(&Account) -> T) -> Option<T> {
        self.lock().iter().find(|account| account.is(address)).map(look)
    }

    /// Changes the account of `address`, if there is one, and wakes those who wait for changes.
    pub(crate) fn change<T>(&self, address: &str, act: impl FnOnce(&mut Account) -> T) -> Option<T> {
        let result = self.lock().iter_mut().find(|account| account.is(address)).map(act);
        self.touch();
        result
    }

    /// Wakes those who wait for changes.
    pub(crate) fn touch(&self) {
        self.changed.send_modify(|tick| *tick += 1);
    }

    /// The user's address in the form it was added, when `check` accepts the account.
    pub(crate) fn log_in(&self, address: &str, check: impl FnOnce(&Account) -> bool) -> Option<String> {
        self.read(address, |account| check(account).then(|| account.address.clone())).flatten()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Every message of every user.
    pub(crate) fn all(&self) -> Vec<StoredMessage> {
        let accounts = self.lock();
        let boxes = accounts.iter().flat_map(|a| a.mailboxes.iter().map(move |mailbox| (a, mailbox)));
        boxes
            .flat_map(|(a, mailbox)| mailbox.messages.iter().map(move |message| (a, mailbox, message)))
            .map(|(account, mailbox, message)| StoredMessage {
                user: account.address.clone(),
                mailbox: mailbox.name.clone(),
                uid: message.uid,
                flags: message.flags.iter().cloned().collect(),
                bytes: message.bytes.to_vec(),
            })
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn new(address: &str, password: &str) -> Self {
        let mut account = Self {
            address: address.to_owned(),
            password: password.to_owned(),
            token: None,
            mailboxes: Vec::new(),
            subscribed: BTreeSet::from(["INBOX".to_owned()]),
            locked: false,
            next_validity: 1000,
        };
        account.create("INBOX", None);
        for (name, role) in FOLDERS {
            account.create(name, Some(role));
        }
        account
    }

    /// Makes an empty mailbox.
    pub(crate) fn create(&mut self, name: &str, role: Option<&str>) {
        let uid_validity = self.new_validity();
        self.mailboxes.push(Mailbox {
            name: name.to_owned(),
            role: role.map(str::to_owned),
            uid_validity,
            uid_next: 1,
            messages: Vec::new(),
        });
    }

    /// A mailbox by its Unicode name; `INBOX` in any case (RFC 3501, section 5.1).
    pub(crate) fn mailbox(&self, name: &str) -> Option<&Mailbox> {
        self.mailboxes.iter().find(|mailbox| mailbox.is(name))
    }

    /// As [`Account::mailbox`], to change it.
    pub(crate) fn mailbox_mut(&mut self, name: &str) -> Option<&mut Mailbox> {
        self.mailboxes.iter_mut().find(|mailbox| mailbox.is(name))
    }

    /// A UIDVALIDITY that no mailbox had before.
    pub(crate) fn new_validity(&mut self) -> u32 {
        self.next_validity += 1;
        self.next_validity
    }

    fn is(&self, address: &str) -> bool {
        self.address.to_lowercase() == address.to_lowercase()
    }
}

impl Mailbox {
    /// Adds a message, and says which UID it got.
    pub(crate) fn add(&mut self, bytes: Arc<[u8]>, flags: BTreeSet<String>, received: SystemTime) -> u32 {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.messages.push(Message { uid, flags, received, bytes });
        uid
    }

    /// Gives the mailbox another UIDVALIDITY and its messages new UIDs, as a server does that lost its index.
    pub(crate) fn rebuild(&mut self, uid_validity: u32) {
        self.uid_validity = uid_validity;
        self.uid_next = 1;
        for message in &mut self.messages {
            message.uid = self.uid_next;
            self.uid_next += 1;
        }
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || (self.name == "INBOX" && name.eq_ignore_ascii_case("INBOX"))
    }
}
