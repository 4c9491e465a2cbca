use postseal_types::Address;

use crate::{Error, Refusal};

/// What became of a message, and of each of its recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// What became of the message.
    pub message: Delivery,
    /// What the server said of each recipient, in the order of the envelope.
    pub recipients: Vec<RecipientOutcome>,
}

/// What became of a message. There are three answers, not two: see [`Delivery::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The server has taken it over, for the recipients that it accepted.
    Sent {
        /// What the server said, often the name of the message in its queue.
        text: String,
    },
    /// It was not sent to anybody.
    NotSent(NotSent),
    /// It was handed over whole, but the server's answer was lost: the message may be on its way or not. Sending it again may
    /// deliver it twice, not sending it again may lose it (RFC 1047): a person, or a look at what arrived, decides.
    Unknown {
        /// What lost the answer.
        because: Error,
    },
}

/// Why a message was sent to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// The server refused the message as a whole: its sender, its size, its content.
    Refused(Refusal),
    /// The server refused every recipient, or one of them where all were asked for.
    Recipients,
}

/// What the server said of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientOutcome {
    /// The recipient.
    pub address: Address,
    /// The server's answer.
    pub outcome: Acceptance,
}

/// The server's answer to a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// Accepted: it gets the message where that is [`Delivery::Sent`].
    Accepted,
    /// Refused. Where the sender was refused already, it is that refusal.
    Refused(Refusal),
}

impl Receipt {
    /// Whether the server has the message, for at least one recipient.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self.message, Delivery::Sent { .. })
    }

    /// Whether the server has the message, for every recipient.
    #[must_use]
    pub fn is_sent_to_all(&self) -> bool {
        self.is_sent() && self.refused().next().is_none()
    }

    /// The recipients that the server refused, and how.
    pub fn refused(&self) -> impl Iterator<Item = (&Address, &Refusal)> {
        self.recipients.iter().filter_map(|recipient| match &recipient.outcome {
            Acceptance::Accepted => None,
            Acceptance::Refused(refusal) => Some((&recipient.address, refusal)),
        })
    }
}
