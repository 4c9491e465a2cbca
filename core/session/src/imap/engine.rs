//! What the session's task works with: the dialogue, and which mailbox is selected.

use super::command::Command;
use super::dialogue::{Answer, Dialogue, Event};
use super::fetch::Fetched;
use super::gather::Gather;
use super::name::MailboxName;
use super::response::{Code, Data};
use super::select::Selected;
use super::uid::UidValidity;
use super::watch::Watcher;
use crate::Error;

#[derive(Debug)]
pub(super) struct Engine {
    pub(super) dialogue: Dialogue,
    pub(super) selection: Option<Selection>,
    pub(super) watcher: Option<Watcher>,
}

/// The mailbox that is selected.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) mailbox: MailboxName,
    pub(super) access: Access,
    pub(super) facts: Selected,
}

/// How a mailbox is selected: EXAMINE leaves everything as it is, SELECT is needed for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Read,
    Write,
}

impl Engine {
    pub(super) const fn new(dialogue: Dialogue) -> Self {
        Self { dialogue, selection: None, watcher: None }
    }

    /// Runs a command, and notes what the server tells of the selected mailbox meanwhile.
    pub(super) async fn run(&mut self, command: Command) -> Result<Answer, Error> {
        self.run_about(command, |_| false).await
    }

    /// The same for a command about some UIDs: what is told of those is its answer, and no news.
    pub(super) async fn run_about(
        &mut self,
        command: Command,
        is_meant: impl Fn(u32) -> bool + Send,
    ) -> Result<Answer, Error> {
        let mut data = Vec::new();
        let outcome = self.dialogue.run_into(command, &mut data).await;
        for event in &data {
            match event {
                Event::Data(Data::Fetch(message)) if message.uid.is_some_and(&is_meant) => {}
                news => self.note(news),
            }
        }
        Ok(Answer { code: outcome?, data })
    }

    /// Runs a FETCH. What comes goes to `gather`, which knows what is news.
    pub(super) async fn run_fetch<F>(
        &mut self,
        command: Command,
        mut gather: Gather<'_, F>,
    ) -> Result<(), Error>
    where
        F: FnMut(Fetched) + Send,
    {
        let outcome = self.dialogue.run_into(command, &mut gather).await;
        let news = if outcome.is_ok() { gather.finish() } else { gather.give_up() };
        news.iter().for_each(|event| self.note(event));
        outcome.map(drop)
    }

    /// Takes in what the server tells of the selected mailbox.
    pub(super) fn note(&mut self, event: &Event) {
        let (Some(selection), Event::Data(data)) = (&mut self.selection, event) else {
            return;
        };
        let watcher = self.watcher.as_mut().filter(|watcher| watcher.mailbox == selection.mailbox);
        match data {
            Data::Exists(exists) => selection.facts.exists = *exists,
            Data::Expunge => selection.facts.exists = selection.facts.exists.saturating_sub(1),
            _ => {}
        }
        if let Some(watcher) = watcher {
            watcher.note(data);
        }
    }

    /// Selects `mailbox` unless it is, with at least this access.
    ///
    /// # Errors
    ///
    /// [`Error::UidValidityChanged`] where its UIDVALIDITY is not the one that the caller's UIDs have.
    pub(super) async fn enter(
        &mut self,
        mailbox: &MailboxName,
        access: Access,
        validity: Option<UidValidity>,
    ) -> Result<&Selected, Error> {
        let is_in = |selection: &Selection| selection.mailbox == *mailbox && selection.access >= access;
        if !self.selection.as_ref().is_some_and(is_in) {
            self.select(mailbox, access).await?;
        }
        let Some(Selection { facts, .. }) = &self.selection else {
            return Err(Error::internal("no mailbox is selected"));
        };
        match validity {
            Some(expected) if expected != facts.uid_validity => Err(Error::UidValidityChanged {
                expected: expected.value(),
                actual: facts.uid_validity.value(),
            }),
            _ => Ok(facts),
        }
    }

    /// Selects `mailbox` for a look at all that is there: where it was selected before, the server need not tell what came since
    /// until it is asked (RFC 9051, section 7).
    ///
    /// # Errors
    ///
    /// As for [`Engine::enter`].
    pub(super) async fn enter_anew(
        &mut self,
        mailbox: &MailboxName,
        validity: Option<UidValidity>,
    ) -> Result<UidValidity, Error> {
        let was_in = self.selection.as_ref().is_some_and(|selection| selection.mailbox == *mailbox);
        let validity = self.enter(mailbox, Access::Read, validity).await?.uid_validity;
        if was_in {
            self.run(Command::new("NOOP")).await?;
        }
        Ok(validity)
    }

    /// Selects `mailbox` (RFC 9051, sections 6.3.2 and 6.3.3), even where it is already.
    pub(super) async fn select(&mut self, mailbox: &MailboxName, access: Access) -> Result<&Selected, Error> {
        // A failed SELECT leaves nothing selected.
        self.selection = None;
        let name = if access == Access::Write { "SELECT" } else { "EXAMINE" };
        let answer = self.dialogue.run(Command::new(name).mailbox(mailbox)).await?;
        let read_only = access == Access::Read || answer.codes().any(|code| *code == Code::ReadOnly);
        let facts = Selected::read(answer, read_only)?;
        if let Some(watcher) = &mut self.watcher
            && watcher.mailbox == *mailbox
        {
            watcher.compare(&facts);
        }
        let selection = self.selection.insert(Selection { mailbox: mailbox.clone(), access, facts });
        Ok(&selection.facts)
    }

    /// Leaves a mailbox without expunging, for what can't be done to a selected one.
    pub(super) async fn leave(&mut self, mailbox: &MailboxName) -> Result<(), Error> {
        if self.selection.as_ref().is_none_or(|selection| selection.mailbox != *mailbox) {
            return Ok(());
        }
        self.selection = None;
        if self.dialogue.capabilities.has("UNSELECT") {
            self.dialogue.run(Command::new("UNSELECT")).await?;
        }
        Ok(())
    }

    /// Whether the server offers `extension`.
    pub(super) fn has(&self, extension: &str) -> bool {
        self.dialogue.capabilities.has(extension)
    }
}
