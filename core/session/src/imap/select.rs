use super::dialogue::{Answer, Event};
use super::flag::Flag;
use super::response::{Code, Data};
use super::uid::UidValidity;
use crate::Error;

/// What a server says of a mailbox when it is selected (RFC 9051, section 6.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selected {
    /// Under which UIDVALIDITY its UIDs have their meaning.
    pub uid_validity: UidValidity,
    /// The UID that the next message will have at least, where the server says.
    pub uid_next: Option<u32>,
    /// How many messages there are.
    pub exists: u32,
    /// The flags that messages in it have or can have.
    pub flags: Vec<Flag>,
    /// The flags that can be changed for good; all of [`Selected::flags`] where the server doesn't say.
    pub permanent_flags: Vec<Flag>,
    /// Whether new keywords can be made by using them.
    pub allows_new_keywords: bool,
    /// Whether nothing can be changed: it was examined, or the server allows no more.
    pub read_only: bool,
}

impl Selected {
    pub(super) fn read(answer: Answer, read_only: bool) -> Result<Self, Error> {
        let (mut validity, mut uid_next, mut permanent) = (None, None, None);
        let (mut exists, mut flags) = (0, Vec::new());
        for event in answer.data {
            match event {
                Event::Code(Code::UidValidity(value)) => validity = UidValidity::new(value),
                Event::Code(Code::UidNext(value)) => uid_next = Some(value),
                Event::Code(Code::PermanentFlags(flags, may_be_made)) => {
                    permanent = Some((flags, may_be_made))
                }
                Event::Data(Data::Exists(count)) => exists = count,
                Event::Data(Data::Flags(list)) => flags = list,
                _ => {}
            }
        }
        // A server without it gives its UIDs no lasting meaning: there is nothing that a handle could hold.
        let uid_validity = validity.ok_or(Error::Unsupported { extension: "UIDVALIDITY" })?;
        let (permanent_flags, allows_new_keywords) = permanent.unwrap_or_else(|| (flags.clone(), true));
        Ok(Self { uid_validity, uid_next, exists, flags, permanent_flags, allows_new_keywords, read_only })
    }
}
