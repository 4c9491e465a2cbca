//! Modified UTF-7 (RFC 3501, section 5.1.3): printable ASCII as it is, `&` as `&-`, everything else as UTF-16 in base64 with `,`
//! for `/` and without padding. One text has exactly one form, and the decoder accepts no other.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// The form for the wire.
pub(super) fn encode(text: &str) -> String {
    let mut wire = String::with_capacity(text.len());
    let mut shifted: Vec<u16> = Vec::new();
    for c in text.chars() {
        if !matches!(c, ' '..='~') {
            shifted.extend_from_slice(c.encode_utf16(&mut [0; 2]));
            continue;
        }
        flush(&mut shifted, &mut wire);
        match c {
            '&' => wire.push_str("&-"),
            _ => wire.push(c),
        }
    }
    flush(&mut shifted, &mut wire);
    wire
}

fn flush(shifted: &mut Vec<u16>, wire: &mut String) {
    if shifted.is_empty() {
        return;
    }
    wire.push('&');
    let (mut bits, mut count) = (0_u32, 0);
    for unit in shifted.drain(..) {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            wire.push(symbol(bits >> count));
        }
    }
    if count > 0 {
        wire.push(symbol(bits << (6 - count)));
    }
    wire.push('-');
}

fn symbol(bits: u32) -> char {
    // The mask keeps the index below 64.
    ALPHABET.get((bits & 63) as usize).copied().map_or('A', char::from)
}

/// The text of a wire form; `None` where it is not the one form that [`encode`] gives.
pub(super) fn decode(wire: &[u8]) -> Option<String> {
    let wire = std::str::from_utf8(wire).ok()?;
    let mut text = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((plain, shifted)) = rest.split_once('&') {
        let (shifted, after) = shifted.split_once('-')?;
        text.push_str(plain);
        if shifted.is_empty() {
            text.push('&');
        } else {
            text.push_str(&decode_shifted(shifted)?);
        }
        rest = after;
    }
    text.push_str(rest);
    // Whatever is not canonical would be another name for the server when written back.
    (encode(&text) == wire).then_some(text)
}

fn decode_shifted(shifted: &str) -> Option<String> {
    let (mut bits, mut count) = (0_u32, 0);
    let mut units = Vec::new();
    for byte in shifted.bytes() {
        let value = ALPHABET.iter().position(|&symbol| symbol == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from(bits >> count & 0xffff).ok()?);
        }
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_wire_form_go_round() {
        for (text, wire) in [
            ("INBOX", "INBOX"),
            ("", ""),
            ("R&D", "R&-D"),
            ("&", "&-"),
            ("a&-b", "a&--b"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"),
            ("😀", "&2D3eAA-"),
            ("☺!", "&Jjo-!"),
            ("\u{7f}", "&AH8-"),
            ("ü&ü", "&APw-&-&APw-"),
        ] {
            assert_eq!(encode(text), wire);
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(text), "{wire}");
        }
    }

    #[test]
    fn every_character_goes_round() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}");
            assert_eq!(decode(encode(&text).as_bytes()), Some(text));
        }
    }

    #[test]
    fn nothing_but_the_one_form_is_decoded() {
        for wire in [
            "&",
            "a&b",
            "&Jjo",
            "&AGE-",
            "&Jjo-&Jjo-",
            "&Jjp-",
            "&2D0-",
            "&3gA-",
            "&J-",
            "&Jj/-",
            "&Jjo=-",
            "ü",
            "a\tb",
            "&APwA-",
            "&AAAA",
        ] {
            assert_eq!(decode(wire.as_bytes()), None, "{wire}");
        }
        assert_eq!(decode(b"\xff"), None);
    }
}
