//! What a session claims of each of its steps, and how the server's world stands after it.

use std::fmt::Debug;

use postseal_test_server::{Accepted, Protocol, StoredMessage, TestServer};

use super::{ALICE, Error};

/// The pages of one session, written as it goes.
pub(super) struct Diary<'a> {
    server: &'a TestServer,
    protocol: Protocol,
    pub(super) pages: Vec<Page>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    pub(super) step: &'static str,
    pub(super) claim: Claim,
    /// The world after it.
    pub(super) world: World,
}

/// What the session says of a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Claim {
    /// It was done, and this is its result.
    Done(String),
    /// It was not done.
    NotDone(Error),
    /// It was done, or not.
    Unknown(Error),
}

/// All that a session can change on the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct World {
    stored: Vec<StoredMessage>,
    mailboxes: Vec<(String, bool)>,
    accepted: Vec<Accepted>,
}

impl World {
    pub(super) fn of(server: &TestServer) -> Self {
        Self { stored: server.stored(), mailboxes: server.mailboxes(ALICE), accepted: server.accepted() }
    }

    /// Whether every message of an earlier world is still there, in whatever mailbox.
    pub(super) fn keeps_all_of(&self, earlier: &Self) -> bool {
        let is_kept = |message: &StoredMessage| self.stored.iter().any(|kept| kept.bytes == message.bytes);
        earlier.stored.iter().all(is_kept)
    }
}

impl<'a> Diary<'a> {
    pub(super) const fn new(server: &'a TestServer, protocol: Protocol) -> Self {
        Self { server, protocol, pages: Vec::new() }
    }

    pub(super) const fn server(&self) -> &TestServer {
        self.server
    }

    /// Notes a step whose result tells that it was done. An IMAP command that broke off may have been carried out all the same;
    /// everywhere else an error means that nothing was done.
    pub(super) fn note<T: Debug>(
        &mut self,
        step: &'static str,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        let claim = match &outcome {
            Ok(result) => Claim::Done(format!("{result:?}")),
            Err(error) if self.protocol == Protocol::Imap && !error.keeps_session() => {
                Claim::Unknown(error.clone())
            }
            Err(error) => Claim::NotDone(error.clone()),
        };
        self.claim(step, claim);
        outcome
    }

    /// The same for a step whose result has nothing to compare.
    pub(super) fn reach<T>(&mut self, step: &'static str, outcome: Result<T, Error>) -> Result<T, Error> {
        let (value, outcome) = match outcome {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.note(step, outcome).map(|()| value.unwrap())
    }

    pub(super) fn claim(&mut self, step: &'static str, claim: Claim) {
        self.pages.push(Page { step, claim, world: World::of(self.server) });
    }
}
