use std::sync::Arc;

use super::field::check_text;
use super::{ContentType, FieldError, MessageId};

/// The longest file name that is written or handed out, in octets: what common file systems take.
const MAX_FILE_NAME: usize = 255;

/// A file that travels with a message: its name, its type, its bytes.
///
/// ```
/// use postseal_message::mime::{Attachment, ContentType};
/// let report = Attachment::named("Übersicht.pdf", ContentType::parse("application/pdf")?, b"%PDF-1.7")?;
/// assert_eq!(report.file_name(), Some("Übersicht.pdf"));
/// assert!(Attachment::named("a\r\nb", ContentType::octet_stream(), b"").is_err());
/// # Ok::<(), postseal_message::mime::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    file_name: Option<String>,
    content_type: ContentType,
    content_id: Option<MessageId>,
    /// Shared, since a draft is cloned with its files.
    data: Arc<Vec<u8>>,
}

impl Attachment {
    /// An attachment without a file name, such as an image inside an HTML body.
    ///
    /// # Errors
    ///
    /// [`FieldError::Form`] for a `multipart/…` type: that is a container of parts, not data.
    pub fn new(content_type: ContentType, data: impl Into<Vec<u8>>) -> Result<Self, FieldError> {
        if content_type.is_multipart() {
            return Err(FieldError::Form { expected: "a media type of data, not a container of parts" });
        }
        Ok(Self::from_parts(None, content_type, None, data.into()))
    }

    /// An attachment with a file name, in Unicode.
    ///
    /// # Errors
    ///
    /// [`FieldError`]: an empty or too long name, a control character in it, or a `multipart/…` type.
    pub fn named(
        file_name: &str,
        content_type: ContentType,
        data: impl Into<Vec<u8>>,
    ) -> Result<Self, FieldError> {
        check_text(file_name)?;
        if file_name.is_empty() {
            return Err(FieldError::Empty);
        }
        if file_name.len() > MAX_FILE_NAME {
            return Err(FieldError::TooLong { limit: MAX_FILE_NAME });
        }
        Ok(Self { file_name: Some(file_name.to_owned()), ..Self::new(content_type, data)? })
    }

    /// What a parsed message holds: the file name is clean already.
    pub(super) fn from_parts(
        file_name: Option<String>,
        content_type: ContentType,
        content_id: Option<MessageId>,
        data: Vec<u8>,
    ) -> Self {
        Self { file_name, content_type, content_id, data: Arc::new(data) }
    }

    /// With a Content-ID, by which an HTML body refers to it as `cid:…` (RFC 2392).
    #[must_use]
    pub fn with_content_id(self, content_id: MessageId) -> Self {
        Self { content_id: Some(content_id), ..self }
    }

    /// The file name. In an attachment of a parsed message it is safe to use below a directory: no path separators, no
    /// control characters, nothing that reorders its letters on a screen.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &ContentType {
        &self.content_type
    }

    /// The Content-ID.
    #[must_use]
    pub fn content_id(&self) -> Option<&MessageId> {
        self.content_id.as_ref()
    }

    /// The bytes of the file.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes of the file: without a copy, unless a clone of this holds them too.
    #[must_use]
    pub fn into_data(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.data)
    }
}

/// Makes a file name from a message safe for a file system and a screen; `None` where nothing is left of it.
///
/// Path separators and characters that Windows reserves become `_`; control characters and the marks that change the direction
/// of text (with which `exe.fdp` shows as `pdf.exe`) go; so do dots and spaces at either end.
pub(super) fn safe_file_name(name: &str) -> Option<String> {
    let cleaned: String = name
        .chars()
        .filter(|&c| !super::field::is_forbidden(c) && !is_invisible(c))
        .map(|c| if "/\\<>:\"|?*".contains(c) { '_' } else { c })
        .collect();
    let trimmed = cleaned.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let name = shortened(trimmed);
    if name.is_empty() {
        return None;
    }
    Some(if is_device(name.split('.').next().unwrap_or_default()) { format!("_{name}") } else { name })
}

/// Marks without a shape of their own: directions, joiners, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Names that Windows gives to devices, whatever extension follows.
fn is_device(stem: &str) -> bool {
    let stem = stem.trim_end().to_ascii_lowercase();
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || matches!(stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt")), Some(n) if n.len() == 1 && n != "0"
            && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Cuts a long name before its extension. One octet is left for what [`safe_file_name`] may put in front.
fn shortened(name: &str) -> String {
    let limit = MAX_FILE_NAME - 1;
    if name.len() <= limit {
        return name.to_owned();
    }
    let extension =
        name.rfind('.').and_then(|at| name.get(at..)).filter(|text| text.len() <= 32).unwrap_or("");
    let end = name.floor_char_boundary(limit - extension.len());
    format!("{}{extension}", name.get(..end).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_can_neither_break_a_header_nor_be_a_container() {
        let octets = ContentType::octet_stream;
        for character in ['\r', '\n', '\0', '\u{2028}'] {
            let error = Attachment::named(&format!("a{character}b"), octets(), b"");
            assert_eq!(error, Err(FieldError::Forbidden { character }));
        }
        assert_eq!(Attachment::named("", octets(), b""), Err(FieldError::Empty));
        assert!(Attachment::named(&"x".repeat(MAX_FILE_NAME), octets(), b"").is_ok());
        assert_eq!(
            Attachment::named(&"x".repeat(MAX_FILE_NAME + 1), octets(), b""),
            Err(FieldError::TooLong { limit: MAX_FILE_NAME })
        );
        assert_eq!(
            Attachment::new(ContentType::parse("multipart/mixed").unwrap(), b""),
            Err(FieldError::Form { expected: "a media type of data, not a container of parts" })
        );
    }

    #[test]
    fn file_names_of_others_are_made_safe() {
        for (name, safe) in [
            ("report.pdf", Some("report.pdf")),
            ("Übersicht 2024.pdf", Some("Übersicht 2024.pdf")),
            ("../../etc/passwd", Some("_.._etc_passwd")),
            ("C:\\Windows\\x.dll", Some("C__Windows_x.dll")),
            ("annual\u{202e}fdp.exe", Some("annualfdp.exe")),
            ("a\0b\r\nc\u{1b}.txt", Some("abc.txt")),
            (".ssh", Some("ssh")),
            ("trailing. . ", Some("trailing")),
            ("con.txt", Some("_con.txt")),
            ("COM7", Some("_COM7")),
            ("comma.txt", Some("comma.txt")),
            ("..", None),
            ("\u{200f}", None),
            ("", None),
        ] {
            assert_eq!(safe_file_name(name).as_deref(), safe, "{name:?}");
        }
        let long = safe_file_name(&format!("{}.pdf", "ü".repeat(300))).unwrap();
        assert!(long.len() <= MAX_FILE_NAME && long.ends_with("ü.pdf"), "{long}");
    }
}
