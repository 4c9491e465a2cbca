/// What a message may have at most to be parsed. Whoever sends a message controls all of these; past one, parsing stops with the
/// [`MimeError`](super::super::MimeError) that names it.
///
/// ```
/// use postseal_message::mime::{Limits, Message, MimeError};
/// let limits = Limits { message_bytes: 10, ..Limits::default() };
/// let refused = Message::parse(b"Subject: too long", &limits).unwrap_err();
/// assert_eq!(refused, MimeError::MessageTooLong { bytes: 17, limit: 10 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole message.
    pub message_bytes: usize,
    /// Containers around a part: `multipart/…` and messages inside messages.
    pub depth: usize,
    /// Parts in all, containers and the message itself included.
    pub parts: usize,
    /// Fields in the header section of one part.
    pub headers: usize,
    /// Octets in the header section of one part.
    pub header_bytes: usize,
}

impl Limits {
    /// The default of [`Limits::message_bytes`]: 64 MiB, more than the large providers take.
    pub const MESSAGE_BYTES: usize = 64 * 1024 * 1024;
    /// The default of [`Limits::depth`].
    pub const DEPTH: usize = 32;
    /// The default of [`Limits::parts`].
    pub const PARTS: usize = 1000;
    /// The default of [`Limits::headers`].
    pub const HEADERS: usize = 1000;
    /// The default of [`Limits::header_bytes`]: 256 KiB.
    pub const HEADER_BYTES: usize = 256 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: Self::MESSAGE_BYTES,
            depth: Self::DEPTH,
            parts: Self::PARTS,
            headers: Self::HEADERS,
            header_bytes: Self::HEADER_BYTES,
        }
    }
}
