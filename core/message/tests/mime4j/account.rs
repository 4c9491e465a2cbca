//! mime4j's account of a message: what its own test programs write down of what they read.
//!
//! It looks like XML, but its line breaks are exact: CRLF follows each tag but for the closing ones of a text, and all else is
//! text of the message, with `&`, `<` and `>` escaped.

/// A message, or a part of one.
#[derive(Debug)]
pub(crate) struct Entity {
    /// Each field as it stands, folds included, without its last line break.
    pub(crate) fields: Vec<String>,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// A body, still in its transfer encoding.
    Raw(Vec<u8>),
    /// The name of a file that holds the body, decoded.
    Decoded(String),
    Message(Box<Entity>),
    Multipart {
        preamble: Option<Vec<u8>>,
        parts: Vec<Entity>,
        epilogue: Option<Vec<u8>>,
    },
}

/// Reads the account of a whole message.
pub(crate) fn read(account: &[u8]) -> Entity {
    let mut reader = Reader { rest: account };
    let message = reader.enclosed("message");
    assert!(reader.rest.is_empty(), "an account has one message");
    message
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn enclosed(&mut self, tag: &str) -> Entity {
        self.expect(&format!("<{tag}>\r\n"));
        let entity = self.entity();
        self.expect(&format!("</{tag}>\r\n"));
        entity
    }

    fn entity(&mut self) -> Entity {
        self.expect("<header>\r\n");
        // Octets stand for the characters of ISO 8859-1 here.
        let field = |field: Vec<u8>| field.into_iter().map(char::from).collect();
        let fields = std::iter::from_fn(|| self.text("field")).map(field).collect();
        self.expect("</header>\r\n");
        Entity { fields, content: self.content() }
    }

    fn content(&mut self) -> Content {
        if self.rest.starts_with(b"<message>") {
            return Content::Message(Box::new(self.enclosed("message")));
        }
        if self.skip("<multipart>\r\n") {
            return self.multipart();
        }
        if let Some(body) = self.text("body") {
            return Content::Raw(body);
        }
        assert!(self.skip("<text-body name=\"") || self.skip("<binary-body name=\""), "a body of any kind");
        let name = self.upto("\"/>\r\n");
        Content::Decoded(String::from_utf8(name).unwrap())
    }

    fn multipart(&mut self) -> Content {
        let preamble = self.text("preamble");
        let mut parts = Vec::new();
        while self.rest.starts_with(b"<body-part>") {
            parts.push(self.enclosed("body-part"));
        }
        let epilogue = self.text("epilogue");
        self.expect("</multipart>\r\n");
        Content::Multipart { preamble, parts, epilogue }
    }

    /// The text inside a tag, if that tag comes next.
    fn text(&mut self, tag: &str) -> Option<Vec<u8>> {
        self.skip(&format!("<{tag}>\r\n")).then(|| unescaped(&self.upto(&format!("</{tag}>\r\n"))))
    }

    fn upto(&mut self, end: &str) -> Vec<u8> {
        let length = self.rest.windows(end.len()).position(|bytes| bytes == end.as_bytes()).unwrap();
        let (text, rest) = self.rest.split_at(length);
        self.rest = &rest[end.len()..];
        text.to_vec()
    }

    fn skip(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start.as_bytes());
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, start: &str) {
        let found = String::from_utf8_lossy(&self.rest[..self.rest.len().min(40)]).into_owned();
        assert!(self.skip(start), "{found:?}, not {start:?}");
    }
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let escapes = [(&b"&amp;"[..], b'&'), (b"&lt;", b'<'), (b"&gt;", b'>')];
        let escape = escapes.into_iter().find_map(|(name, byte)| Some((rest.strip_prefix(name)?, byte)));
        let (after, byte) = escape.unwrap_or((tail, first));
        bytes.push(byte);
        rest = after;
    }
    bytes
}
