use std::fmt;

/// What was put right before a message could be opened. None of it touches what was encrypted or signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repair {
    /// The parts of `multipart/encrypted` stood in a `multipart/mixed`, beside an empty text: Microsoft Exchange does that.
    MixedUp,
    /// `multipart/encrypted` stood in a `multipart/mixed`, beside an empty text.
    Wrapped,
    /// The encrypted data was the only file of an otherwise empty message.
    AttachedData,
    /// `multipart/encrypted` did not consist of a version and the data, in this order.
    EncryptedParts,
    /// Line ends were LF; what is signed has CRLF (RFC 3156, section 5).
    LineEnds,
    /// Non-breaking spaces stood in the armor of encrypted data.
    ArmorSpaces,
    /// The armor of encrypted data stood in HTML.
    HtmlArmor,
}

impl Repair {
    /// A name of the repair for programs, in kebab case: stable, and the same in every language.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::MixedUp => "mixed-up",
            Self::Wrapped => "wrapped",
            Self::AttachedData => "attached-data",
            Self::EncryptedParts => "encrypted-parts",
            Self::LineEnds => "line-ends",
            Self::ArmorSpaces => "armor-spaces",
            Self::HtmlArmor => "html-armor",
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MixedUp => "a mail server had taken its encryption wrapper apart",
            Self::Wrapped => "a mail server had put an empty text beside its encrypted part",
            Self::AttachedData => "its encrypted data came as a file",
            Self::EncryptedParts => "the parts of its encryption wrapper were not in order",
            Self::LineEnds => "its line ends were changed on the way",
            Self::ArmorSpaces => "there were non-breaking spaces in its encrypted data",
            Self::HtmlArmor => "its encrypted data had been made HTML",
        })
    }
}
