//! As much of MIME as an IMAP server needs: the part tree with its exact bytes (RFC 2045, RFC 2046).

/// A part of a message. Everything is borrowed: its bytes are the message's.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    /// The header with the empty line behind it.
    pub(crate) header: &'a [u8],
    pub(crate) body: &'a [u8],
    /// Type and subtype in capitals.
    pub(crate) kind: (String, String),
    /// The parameters of the content type.
    pub(crate) params: Vec<(String, String)>,
    /// The parts of a multipart.
    pub(crate) children: Vec<Part<'a>>,
    /// The message inside a `message/rfc822`.
    pub(crate) message: Option<Box<Part<'a>>>,
}

/// Deeper than this, parts are leaves.
const MAX_DEPTH: usize = 30;

impl<'a> Part<'a> {
    /// Takes a whole message apart.
    pub(crate) fn parse(message: &'a [u8]) -> Self {
        Self::at_depth(message, 0, ("TEXT", "PLAIN"))
    }

    fn at_depth(bytes: &'a [u8], depth: usize, default: (&str, &str)) -> Self {
        let (header, body) = split_header(bytes);
        let field = field(header, "Content-Type");
        let (value, params) = parameters(&field.unwrap_or_default());
        let kind = match value.split_once('/') {
            Some((kind, subtype)) => (kind.trim().to_ascii_uppercase(), subtype.trim().to_ascii_uppercase()),
            None => (default.0.to_owned(), default.1.to_owned()),
        };
        let mut part = Self { header, body, kind, params, children: Vec::new(), message: None };
        if depth == MAX_DEPTH {
            return part;
        }
        if part.is("MULTIPART", None) {
            let default = if part.kind.1 == "DIGEST" { ("MESSAGE", "RFC822") } else { default };
            let boundary = part.param("boundary").unwrap_or_default().to_owned();
            let children = pieces(body, &boundary);
            part.children =
                children.into_iter().map(|piece| Self::at_depth(piece, depth + 1, default)).collect();
        } else if part.is("MESSAGE", Some("RFC822")) {
            part.message = Some(Box::new(Self::at_depth(body, depth + 1, ("TEXT", "PLAIN"))));
        }
        part
    }

    pub(crate) fn is(&self, kind: &str, subtype: Option<&str>) -> bool {
        self.kind.0 == kind && subtype.is_none_or(|subtype| self.kind.1 == subtype)
    }

    /// The value of a parameter of the content type.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A header field, unfolded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        field(self.header, name)
    }

    /// The body without its transfer encoding.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        match self.field("Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase().as_str() {
            "base64" => {
                let clean: Vec<u8> =
                    self.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                crate::sasl::decode(&clean).unwrap_or_else(|| self.body.to_vec())
            }
            "quoted-printable" => unquote(self.body, false),
            _ => self.body.to_vec(),
        }
    }
}

/// The header with its empty line, and what follows.
pub(crate) fn split_header(bytes: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = bytes.strip_prefix(b"\r\n") {
        return (b"\r\n", body);
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// The fields of a header: each with its name and all of its bytes, folding and final CRLF included.
pub(crate) fn fields(header: &[u8]) -> Vec<(String, &[u8])> {
    let mut fields = Vec::new();
    let mut rest = header;
    while !rest.is_empty() && rest != b"\r\n" {
        let continues = |at: usize| rest.get(at + 2).is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        let mut ends = rest.windows(2).enumerate().filter(|(_, pair)| *pair == b"\r\n").map(|(at, _)| at);
        let end = ends.find(|&at| !continues(at)).map_or(rest.len(), |at| at + 2);
        let (field, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let colon = field.iter().position(|&byte| byte == b':').unwrap_or(0);
        let name = String::from_utf8_lossy(field.get(..colon).unwrap_or_default()).trim_end().to_owned();
        fields.push((name, field));
        rest = tail;
    }
    fields
}

/// The value of the first field of this name, unfolded and trimmed.
pub(crate) fn field(header: &[u8], name: &str) -> Option<String> {
    let (_, raw) = fields(header).into_iter().find(|(of, _)| of.eq_ignore_ascii_case(name))?;
    let colon = raw.iter().position(|&byte| byte == b':')?;
    let value = String::from_utf8_lossy(raw.get(colon + 1..)?).replace("\r\n", "");
    Some(value.trim().to_owned())
}

/// A value with parameters (RFC 2045, section 5.1): `attachment; filename="a b.txt"`.
pub(crate) fn parameters(field: &str) -> (String, Vec<(String, String)>) {
    let mut pieces = split_outside_quotes(field, ';').into_iter();
    let value = pieces.next().unwrap_or_default().trim().to_owned();
    let params = pieces.filter_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        Some((name.trim().to_owned(), unquoted(value.trim())))
    });
    (value, params.collect())
}

/// The text between `separator`s that stand neither in quotes nor in angle brackets nor in comments.
pub(crate) fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | '<' if !quoted => depth += 1,
            ')' | '>' if !quoted => depth = depth.saturating_sub(1),
            _ if c == separator && !quoted && depth == 0 => {
                pieces.push(text.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(text.get(start..).unwrap_or_default());
    pieces
}

/// The content of a quoted string; other text as it is.
pub(crate) fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut chars = inner.chars();
    let mut plain = String::new();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

/// The text of a header field with its encoded words decoded (RFC 2047): UTF-8 and Latin-1.
pub(crate) fn decode_words(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("=?") {
        let mut parts = after.splitn(4, '?');
        let word = (parts.next(), parts.next(), parts.next(), parts.next());
        let decoded = match word {
            (Some(charset), Some(encoding), Some(data), Some(tail)) => {
                tail.strip_prefix('=').and_then(|tail| Some((decode_word(charset, encoding, data)?, tail)))
            }
            _ => None,
        };
        let Some((word, tail)) = decoded else {
            plain.push_str(before);
            plain.push_str("=?");
            rest = after;
            continue;
        };
        // Blanks between two encoded words are not part of the text.
        if !before.trim().is_empty() || plain.is_empty() {
            plain.push_str(before);
        }
        plain.push_str(&word);
        rest = tail;
    }
    plain + rest
}

fn decode_word(charset: &str, encoding: &str, data: &str) -> Option<String> {
    let bytes = match encoding {
        "B" | "b" => crate::sasl::decode(data.as_bytes())?,
        "Q" | "q" => unquote(data.as_bytes(), true),
        _ => return None,
    };
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
        _ => None,
    }
}

/// Undoes quoted-printable (RFC 2045, section 6.7), in header fields with `_` for blanks.
fn unquote(text: &[u8], in_header: bool) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::new(), text);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'=' if tail.starts_with(b"\r\n") => rest = tail.get(2..).unwrap_or_default(),
            b'=' => {
                let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => {
                        plain.push(byte);
                        rest = tail.get(2..).unwrap_or_default();
                    }
                    None => plain.push(byte),
                }
            }
            b'_' if in_header => plain.push(b' '),
            _ => plain.push(byte),
        }
    }
    plain
}

/// The bytes between the boundary lines of a multipart body; the CRLF before a boundary belongs to it.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let (mut pieces, mut start, mut at) = (Vec::new(), None, 0);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.windows(2).position(|pair| pair == b"\r\n").map_or(rest.len(), |end| end + 2);
        let line = rest.get(..length).unwrap_or_default();
        if let Some(tail) = line.strip_prefix(delimiter.as_bytes()).map(<[u8]>::trim_ascii)
            && matches!(tail, b"" | b"--")
        {
            if let Some(from) = start {
                let end = at.saturating_sub(2).max(from);
                pieces.push(body.get(from..end).unwrap_or_default());
            }
            start = Some(at + length);
            if tail == b"--" {
                return pieces;
            }
        }
        at += length;
    }
    pieces.extend(start.and_then(|from| body.get(from..)));
    pieces
}
