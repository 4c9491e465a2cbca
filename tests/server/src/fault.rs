use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::options::Protocol;

/// One thing that the server does wrong, at one place of a conversation.
///
/// Read it as a sentence: [`Fault::before`]`(".").`[`cut`](Place::cut)`()` accepts a message and cuts the line before it says so.
/// A step is named by its number (`3`: the third command; `0`: the greeting) or by how its command begins (`"RCPT"`, `"UID FETCH"`; IMAP
/// tags don't count). The end of message data is a step of its own, `"."`.
///
/// A fault holds for every matching step of every connection, unless it is limited with [`Fault::times`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    place: Place,
    effect: Effect,
    times: usize,
}

/// Where a [`Fault`] strikes; its methods say with which [`Effect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The command is not carried out; the effect replaces the reply.
    InsteadOf(Step),
    /// The command is carried out; the effect comes before its reply.
    Before(Step),
    /// The effect comes after the reply, bytes in the same segment as the reply.
    After(Step),
    /// Once the server has sent so many bytes on a connection (after decryption).
    AtByte(usize),
}

/// A step of a conversation; see [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The nth command; 0 is the greeting.
    Nth(usize),
    /// Commands that begin with this text, in any case, up to the end of a word.
    Command(String),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The connection ends, without a TLS `close_notify`.
    Cut,
    /// The connection stays open, and nothing more is read or written.
    Stall,
    /// The server sends these bytes.
    Say(Vec<u8>),
    /// The server sends this reply line (in IMAP with the command's tag).
    Refuse(String),
    /// From here on every byte that the server sends, except CR and LF, has its top bit flipped.
    Garble,
    /// From here on the server pauses for this long before each byte that it sends.
    Trickle(Duration),
    /// The server sends the opening, and then the same again and again, until the client hangs up. The transcript has no more of it
    /// than the opening.
    Flood {
        /// What comes first, once.
        opening: Vec<u8>,
        /// What has no end.
        again: Vec<u8>,
    },
}

impl Fault {
    /// Instead of carrying the command out and replying.
    pub fn instead_of(step: impl Into<Step>) -> Place {
        Place::InsteadOf(step.into())
    }

    /// After the command was carried out, before its reply is sent.
    pub fn before(step: impl Into<Step>) -> Place {
        Place::Before(step.into())
    }

    /// After the reply.
    pub fn after(step: impl Into<Step>) -> Place {
        Place::After(step.into())
    }

    /// Once the server has sent `offset` bytes on a connection, counted before encryption.
    #[must_use]
    pub fn at_byte(offset: usize) -> Place {
        Place::AtByte(offset)
    }

    /// Lets the fault strike `times` times in the life of the server, and no more.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}

impl Place {
    /// Cuts the connection here.
    #[must_use]
    pub fn cut(self) -> Fault {
        self.with(Effect::Cut)
    }

    /// Stalls here for ever.
    #[must_use]
    pub fn stall(self) -> Fault {
        self.with(Effect::Stall)
    }

    /// Sends `bytes` here, exactly as they are. Empty bytes in place of a reply: the command is passed over in silence.
    #[must_use]
    pub fn say(self, bytes: impl Into<Vec<u8>>) -> Fault {
        self.with(Effect::Say(bytes.into()))
    }

    /// Sends the reply line `text` here: `451 4.3.0 later` in SMTP, `NO later` in IMAP, `-ERR later` in POP3.
    #[must_use]
    pub fn refuse(self, text: &str) -> Fault {
        self.with(Effect::Refuse(text.to_owned()))
    }

    /// Sends garbage from here on.
    #[must_use]
    pub fn garble(self) -> Fault {
        self.with(Effect::Garble)
    }

    /// Sends byte by byte from here on, with a pause before each.
    #[must_use]
    pub fn trickle(self, pause: Duration) -> Fault {
        self.with(Effect::Trickle(pause))
    }

    /// Sends `opening`, and then `again` for ever.
    #[must_use]
    pub fn flood(self, opening: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Fault {
        self.with(Effect::Flood { opening: opening.into(), again: again.into() })
    }

    fn with(self, effect: Effect) -> Fault {
        Fault { place: self, effect, times: usize::MAX }
    }
}

impl From<&str> for Step {
    fn from(command: &str) -> Self {
        Self::Command(command.to_owned())
    }
}

impl From<usize> for Step {
    fn from(number: usize) -> Self {
        Self::Nth(number)
    }
}

impl Step {
    fn matches(&self, number: usize, command: &[u8]) -> bool {
        match self {
            Self::Nth(n) => *n == number,
            Self::Command(start) => command.split_at_checked(start.len()).is_some_and(|(head, tail)| {
                head.eq_ignore_ascii_case(start.as_bytes())
                    && tail.first().is_none_or(|byte| matches!(byte, b' ' | b':'))
            }),
        }
    }
}

/// The faults of a server, for all its connections.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<(Protocol, Fault)>>);

/// What the faults make of one step.
#[derive(Debug, Default)]
pub(crate) struct Twist {
    pub(crate) instead: Option<Effect>,
    pub(crate) before: Vec<Effect>,
    pub(crate) after: Vec<Effect>,
}

impl Faults {
    pub(crate) fn add(&self, protocol: Protocol, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((protocol, fault));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What happens at the step `number` of a connection, a command that begins with `command`.
    pub(crate) fn at_step(&self, protocol: Protocol, number: usize, command: &[u8]) -> Twist {
        let mut twist = Twist::default();
        for (of, fault) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            let (Place::InsteadOf(step) | Place::Before(step) | Place::After(step)) = &fault.place else {
                continue;
            };
            if *of != protocol || fault.times == 0 || !step.matches(number, command) {
                continue;
            }
            fault.times -= 1;
            let effect = fault.effect.clone();
            match fault.place {
                Place::InsteadOf(_) => twist.instead = Some(effect),
                Place::Before(_) => twist.before.push(effect),
                Place::After(_) | Place::AtByte(_) => twist.after.push(effect),
            }
        }
        twist
    }

    /// The first effect due while the server's output grows from `sent` by `more` bytes, and after how many of them.
    pub(crate) fn at_byte(&self, protocol: Protocol, sent: usize, more: usize) -> Option<(usize, Effect)> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |(of, fault): &&mut (Protocol, Fault)| match fault.place {
            Place::AtByte(at) => *of == protocol && fault.times > 0 && (sent..sent + more).contains(&at),
            _ => false,
        };
        let (_, fault) = faults.iter_mut().filter(due).min_by_key(|(_, fault)| fault.offset())?;
        fault.times -= 1;
        Some((fault.offset() - sent, fault.effect.clone()))
    }
}

impl Fault {
    fn offset(&self) -> usize {
        match self.place {
            Place::AtByte(offset) => offset,
            _ => usize::MAX,
        }
    }
}
