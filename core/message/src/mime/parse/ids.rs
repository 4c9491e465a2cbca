//! Message identifiers as other programs write them (RFC 5322, section 3.6.4).

use super::super::MessageId;
use super::words;

/// The identifiers in angle brackets; without any, the whole text where it is one.
pub(super) fn read(value: &[u8]) -> Vec<MessageId> {
    let text = words::unfolded(value);
    // An identifier may look like an encoded word, but some programs do make encoded words of identifiers, with their brackets.
    let text = if text.contains('<') { text } else { words::decode(value) };
    let bracketed = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    // A long identifier gets folded by some programs, which leaves a space in it.
    let ids: Vec<_> =
        bracketed.filter_map(|(id, _)| MessageId::parse(&id.replace([' ', '\t'], "")).ok()).collect();
    if ids.is_empty() { MessageId::parse(text.trim()).into_iter().collect() } else { ids }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Vec<String> {
        read(text.as_bytes()).iter().map(|id| id.as_str().to_owned()).collect()
    }

    #[test]
    fn identifiers_are_read_from_what_others_write() {
        assert_eq!(read_all(" <a@b>\r\n\t<c@d> junk <e f@g> <>"), ["a@b", "c@d", "ef@g"]);
        assert_eq!(read_all(" a@b "), ["a@b"]);
        assert_eq!(read_all("Your message of Monday"), [""; 0]);
        assert_eq!(read_all("<ü@b>"), [""; 0]);
        assert_eq!(read_all("<=?x@y?=> (a)"), ["=?x@y?="]);
        assert_eq!(read_all("=?utf-8?q?=3Ca=40?=\r\n =?utf-8?q?b=3E?="), ["a@b"]);
    }
}
