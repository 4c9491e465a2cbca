//! What the quickstart prints.

use std::fmt::Display;

use postseal::{Draft, Opened};

use crate::Failure;

/// Prints the numbered steps of the walk, and facts under them.
#[derive(Debug, Default)]
pub(crate) struct Show {
    step: u32,
}

impl Show {
    /// Begins a step.
    pub(crate) fn step(&mut self, title: impl Display) {
        self.step += 1;
        println!("\n{:>2}. {title}", self.step);
    }

    /// A fact of the current step; further lines stand under the first.
    pub(crate) fn fact(&self, name: &str, value: impl Display) {
        for (index, line) in value.to_string().lines().enumerate() {
            println!("    {:<14} {line}", if index == 0 { name } else { "" });
        }
    }

    /// Something that must hold, or the walk stops.
    pub(crate) fn check(&self, claim: &str, holds: bool) -> Result<(), Failure> {
        println!("    [{}] {claim}", if holds { "ok" } else { "FAILED" });
        if holds { Ok(()) } else { Err(Failure::new(format!("this did not hold: {claim}"))) }
    }

    /// The first lines of a message.
    pub(crate) fn excerpt(&self, name: &str, message: &[u8], lines: usize) {
        let text = String::from_utf8_lossy(message);
        let shown: Vec<_> = text.lines().take(lines).map(|line| format!("| {line}")).collect();
        self.fact(name, shown.join("\n"));
    }

    /// Whom a message is for.
    pub(crate) fn recipients(&self, draft: &Draft) {
        self.fact("from", draft.sender());
        for mailbox in draft.open_recipients() {
            self.fact("to", mailbox);
        }
        for mailbox in draft.hidden_recipients() {
            self.fact("bcc", mailbox);
        }
    }

    /// A message that was opened, and its verdict with every reason.
    pub(crate) fn opened(&self, opened: &Opened) {
        let message = &opened.message;
        self.fact("verdict", opened.verdict.level().to_string().to_uppercase());
        for reason in opened.verdict.reasons() {
            self.fact("because", reason);
        }
        for repair in &opened.repairs {
            self.fact("repaired", repair);
        }
        for from in message.from().mailboxes() {
            self.fact("from", from);
        }
        self.fact("subject", message.subject().unwrap_or_default());
        if let Some(text) = message.text_body() {
            self.fact("text", text.as_str());
        }
        for attachment in message.attachments() {
            let name = attachment.file_name().unwrap_or("(no name)");
            self.fact(
                "attachment",
                format!("{name}, {}, {} bytes", attachment.content_type().essence(), attachment.data().len()),
            );
        }
    }
}
