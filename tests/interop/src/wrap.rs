//! PGP/MIME (RFC 3156) by string operations alone.

/// The boundary of everything put together here; it stands in no content of a test.
const BOUNDARY: &str = "=_interop_boundary";

/// A `multipart/encrypted` message (RFC 3156, section 4) with the header lines given, around an armored OpenPGP message.
#[must_use]
pub fn encrypted(headers: &str, message: &[u8]) -> Vec<u8> {
    let head = format!(
        "{headers}MIME-Version: 1.0\r\n\
         Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\"{BOUNDARY}\"\r\n\r\n\
         --{BOUNDARY}\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n\
         --{BOUNDARY}\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\r\n"
    );
    around(&head, &crlf(message))
}

/// A `multipart/signed` message (RFC 3156, section 5) with the header lines given: `part`, with its own headers and CRLF line ends, and
/// an armored detached signature by SHA-512 over exactly that.
#[must_use]
pub fn signed(headers: &str, part: &[u8], signature: &[u8]) -> Vec<u8> {
    let head = format!(
        "{headers}MIME-Version: 1.0\r\n\
         Content-Type: multipart/signed; micalg=pgp-sha512; protocol=\"application/pgp-signature\";\r\n boundary=\"{BOUNDARY}\"\r\n\r\n\
         --{BOUNDARY}\r\n"
    );
    let between = format!(
        "\r\n--{BOUNDARY}\r\nContent-Type: application/pgp-signature; name=\"signature.asc\"\r\n\r\n"
    );
    around(&head, &[part, between.as_bytes(), &crlf(signature)].concat())
}

/// A `text/plain` message with the header lines given and this body, for OpenPGP that stands inline.
#[must_use]
pub fn inline(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{headers}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    [head.as_bytes(), &crlf(body)].concat()
}

/// The parts of a multipart message, each with its headers, without the line break before the boundary; nothing where it is none.
#[must_use]
pub fn parts(message: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(message);
    let Some((_, rest)) = text.split_once("boundary=") else { return Vec::new() };
    let boundary: String = match rest.strip_prefix('"') {
        Some(quoted) => quoted.chars().take_while(|c| *c != '"').collect(),
        None => rest.chars().take_while(|c| !c.is_whitespace() && *c != ';').collect(),
    };
    let pieces = split(message, format!("\r\n--{boundary}").as_bytes());
    // The first piece is the message's own header, the last what follows the closing boundary.
    let inner = pieces.iter().skip(1).take(pieces.len().saturating_sub(2));
    inner.map(|piece| piece.strip_prefix(b"\r\n").unwrap_or(piece).to_vec()).collect()
}

/// What follows the headers of a part.
#[must_use]
pub fn body(part: &[u8]) -> Vec<u8> {
    split(part, b"\r\n\r\n").get(1..).unwrap_or_default().join(b"\r\n\r\n".as_slice())
}

fn around(head: &str, content: &[u8]) -> Vec<u8> {
    [head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// With CRLF line ends; GnuPG writes LF.
fn crlf(text: &[u8]) -> Vec<u8> {
    split(text, b"\n")
        .iter()
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .collect::<Vec<_>>()
        .join(b"\r\n".as_slice())
}

fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(separator.len()).position(|window| window == separator) {
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after.get(separator.len()..).unwrap_or_default();
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_comes_apart() {
        let part = b"Content-Type: text/plain\r\n\r\none\r\n\r\ntwo\r\n";
        let message = signed("Subject: s\r\n", part, b"-----BEGIN\nx\n-----END\n");
        let parts = parts(&message);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts.first().map(Vec::as_slice), Some(part.as_slice()));
        assert_eq!(body(part), b"one\r\n\r\ntwo\r\n");
        assert_eq!(parts.last().map(|part| body(part)), Some(b"-----BEGIN\r\nx\r\n-----END\r\n".to_vec()));
    }
}
