//! Modified UTF-7 (RFC 3501, section 5.1.3).

/// The Unicode form of a mailbox name on the wire; `None` where it isn't well formed.
pub(super) fn decode(wire: &[u8]) -> Option<String> {
    let mut name = String::new();
    let mut rest = std::str::from_utf8(wire).ok().filter(|text| text.is_ascii())?;
    while let Some((plain, after)) = rest.split_once('&') {
        name.push_str(plain);
        let (encoded, tail) = after.split_once('-')?;
        if encoded.is_empty() {
            name.push('&');
        } else {
            name.push_str(&decode_run(encoded)?);
        }
        rest = tail;
    }
    name.push_str(rest);
    // One spelling only: what could be written plainly must be.
    (encode(&name).as_bytes() == wire && !name.contains(char::is_control)).then_some(name)
}

/// The wire form of a mailbox name.
pub(super) fn encode(name: &str) -> String {
    let (mut wire, mut run) = (String::new(), Vec::new());
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut wire, &mut run);
            wire.push(c);
            if c == '&' {
                wire.push('-');
            }
        } else {
            run.extend(c.encode_utf16(&mut [0; 2]).iter().copied());
        }
    }
    flush(&mut wire, &mut run);
    wire
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Writes the collected UTF-16 as `&` Base64 `-`.
fn flush(wire: &mut String, run: &mut Vec<u16>) {
    if run.is_empty() {
        return;
    }
    let bits: Vec<u8> =
        run.iter().flat_map(|unit| (0..16).rev().map(move |bit| (unit >> bit & 1) as u8)).collect();
    wire.push('&');
    for sextet in bits.chunks(6) {
        let value = sextet.iter().fold(0, |value, bit| value << 1 | usize::from(*bit)) << (6 - sextet.len());
        wire.push(char::from(ALPHABET.get(value).copied().unwrap_or(b'A')));
    }
    wire.push('-');
    run.clear();
}

fn decode_run(encoded: &str) -> Option<String> {
    let mut bits = Vec::new();
    for byte in encoded.bytes() {
        let value = ALPHABET.iter().position(|&letter| letter == byte)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let unit = |bits: &[bool]| bits.iter().fold(0_u16, |unit, &bit| unit << 1 | u16::from(bit));
    let units: Vec<u16> = bits.chunks_exact(16).map(unit).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("A & B", "A &- B"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(name));
        }
        for wrong in ["Entw&APw", "&AGE-", "Entwürfe", "&Jjo!", "&APw-&APw-", "a\tb"] {
            assert_eq!(decode(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
