use crate::Address;

/// Who a message comes from and whom it goes to, as the transport sees it (RFC 5321, section 2.3.1).
///
/// The envelope is not the header: a Bcc recipient stands here and in no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The return path, where non-delivery reports go; `None` is the null reverse-path `<>` that such reports carry themselves.
    pub from: Option<Address>,
    /// The recipients, in the order in which they are given to the server.
    pub to: Vec<Address>,
}
