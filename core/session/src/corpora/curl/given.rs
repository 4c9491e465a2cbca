//! The texts that curl is given, and the types of ours that they are for: none of them takes a line end.

use postseal_types::Address;

use super::case::{Case, Operation, Protocol};
use crate::imap::MailboxName;
use crate::{Credentials, Error};

/// A text of a command line, by what it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    User(String),
    Password(String),
    Token(String),
    Address(String),
    Mailbox(String),
    /// A number, a section, a search: with ours no text at all.
    Selector(String),
}

impl Given {
    /// The texts with a line end in them, of all operations.
    pub(super) fn with_line_ends(case: &Case) -> Vec<Self> {
        let all = case.operations().flat_map(|operation| Self::of(operation, case.protocol));
        all.filter(|given| given.text().contains(['\r', '\n'])).collect()
    }

    fn of(operation: Operation<'_>, protocol: Protocol) -> Vec<Self> {
        let mut all = Vec::new();
        for login in operation.options(&["-u", "--user"]) {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            all.extend([Self::User(user.to_owned()), Self::Password(password.to_owned())]);
        }
        let options = |names: &[&str]| operation.options(names).into_iter().map(str::to_owned);
        all.extend(options(&["--oauth2-bearer"]).map(Self::Token));
        all.extend(options(&["--mail-from", "--mail-rcpt"]).map(Self::Address));
        for url in operation.urls() {
            all.extend(url.user.map(Self::User));
            all.extend(url.password.map(Self::Password));
            let mut path = url.path.into_iter();
            match protocol {
                Protocol::Imap => all.extend(path.next().map(Self::Mailbox)),
                Protocol::Pop3 => {}
                // It is the client's name for itself, which is always the same with ours.
                Protocol::Smtp => continue,
            }
            all.extend(path.map(Self::Selector));
        }
        all
    }

    fn text(&self) -> &str {
        match self {
            Self::User(text)
            | Self::Password(text)
            | Self::Token(text)
            | Self::Address(text)
            | Self::Mailbox(text)
            | Self::Selector(text) => text,
        }
    }

    /// Makes of it what the library takes.
    pub(super) fn hand_over(&self) -> Result<(), Error> {
        match self {
            Self::User(user) => Credentials::password(user, "secret").map(drop),
            Self::Password(password) => Credentials::password("user", password.as_str()).map(drop),
            Self::Token(token) => Credentials::token("user", token.as_str()).map(drop),
            Self::Address(address) => {
                Address::parse(address).map(drop).map_err(|_| Error::invalid("address", "it is none"))
            }
            Self::Mailbox(name) => MailboxName::new(name).map(drop),
            Self::Selector(_) => Err(Error::invalid("selector", "it holds a line end")),
        }
    }
}
