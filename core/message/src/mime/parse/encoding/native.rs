//! By encoding_rs.

/// An encoding that can be decoded safely.
pub(in crate::mime::parse) struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding of a label, in any case and with spaces around it. None for one that is unknown, or that the standard retired.
    pub(in crate::mime::parse) fn of(label: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()).map(Self)
    }

    pub(in crate::mime::parse) fn windows_1252() -> Self {
        Self(encoding_rs::WINDOWS_1252)
    }

    /// Whether octets mean what an escape sequence before them says.
    pub(in crate::mime::parse) fn is_stateful(&self) -> bool {
        self.0 == encoding_rs::ISO_2022_JP
    }

    /// A whole text, and whether something in it means nothing. A byte order mark at its start says more than the label, and is none of it.
    pub(in crate::mime::parse) fn decode(&self, bytes: &[u8]) -> (String, bool) {
        let (text, _, malformed) = self.0.decode(bytes);
        (text.into_owned(), malformed)
    }

    /// A piece of a text, in which U+FEFF is a character like any other.
    pub(in crate::mime::parse) fn decode_piece(&self, bytes: &[u8]) -> String {
        self.0.decode_without_bom_handling(bytes).0.into_owned()
    }
}
