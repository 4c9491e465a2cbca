//! Containers of parts, written straight to where they belong.

use super::super::ContentType;
use super::parameters;

/// Writes a container of parts (RFC 2046, section 5.1.1), each part straight to where it belongs.
pub(crate) struct Multipart<'a> {
    out: &'a mut Vec<u8>,
    boundary: &'a str,
    is_empty: bool,
}

impl<'a> Multipart<'a> {
    /// Begins a container with its `Content-Type`, which comes without its boundary, and no other field.
    pub(crate) fn begin(out: &'a mut Vec<u8>, content_type: ContentType, boundary: &'a str) -> Self {
        let content_type = parameters::content_type(&content_type.with("boundary", boundary));
        out.extend_from_slice(content_type.as_bytes());
        out.extend_from_slice(b"\r\n");
        Self::new(out, boundary)
    }

    /// Begins the body of a container, whose fields and empty line are in `out`.
    pub(super) fn new(out: &'a mut Vec<u8>, boundary: &'a str) -> Self {
        Self { out, boundary, is_empty: true }
    }

    /// Begins the next part, which is to be appended to what this gives. `boundary` must not stand in it.
    pub(crate) fn next(&mut self) -> &mut Vec<u8> {
        self.end_part();
        self.is_empty = false;
        self.out.extend_from_slice(format!("--{}\r\n", self.boundary).as_bytes());
        self.out
    }

    /// Ends the container.
    pub(crate) fn end(mut self) {
        self.end_part();
        self.out.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
    }

    fn end_part(&mut self) {
        if !self.is_empty {
            self.out.extend_from_slice(b"\r\n");
        }
    }
}
