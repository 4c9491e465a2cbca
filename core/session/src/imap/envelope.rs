use super::cursor::Cursor;

/// The envelope of a message as the server took it from its headers (RFC 9051, section 7.5.2).
///
/// The texts are the headers' own bytes: a subject or name may hold RFC 2047 words, which this crate does not decode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// The Date header.
    pub date: Option<Vec<u8>>,
    /// The Subject header.
    pub subject: Option<Vec<u8>>,
    /// The From header.
    pub from: Vec<EnvelopeAddress>,
    /// The Sender header; the server puts From here where there is none.
    pub sender: Vec<EnvelopeAddress>,
    /// The Reply-To header; the server puts From here where there is none.
    pub reply_to: Vec<EnvelopeAddress>,
    /// The To header.
    pub to: Vec<EnvelopeAddress>,
    /// The Cc header.
    pub cc: Vec<EnvelopeAddress>,
    /// The Bcc header.
    pub bcc: Vec<EnvelopeAddress>,
    /// The In-Reply-To header.
    pub in_reply_to: Option<Vec<u8>>,
    /// The Message-ID header.
    pub message_id: Option<Vec<u8>>,
}

/// One address of an [`Envelope`], or a mark of a group: with no host it begins the group named by `mailbox`, with neither it ends one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvelopeAddress {
    /// The display name.
    pub name: Option<Vec<u8>>,
    /// What stands before the `@`.
    pub mailbox: Option<Vec<u8>>,
    /// What stands after the `@`.
    pub host: Option<Vec<u8>>,
}

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Option<Envelope> {
    let mut ahead = *cursor;
    ahead.literal(b"(")?;
    let envelope = Envelope {
        date: text(&mut ahead)?,
        subject: text(&mut ahead)?,
        from: addresses(&mut ahead)?,
        sender: addresses(&mut ahead)?,
        reply_to: addresses(&mut ahead)?,
        to: addresses(&mut ahead)?,
        cc: addresses(&mut ahead)?,
        bcc: addresses(&mut ahead)?,
        in_reply_to: text(&mut ahead)?,
        message_id: text(&mut ahead)?,
    };
    ahead.literal(b")")?;
    *cursor = ahead;
    Some(envelope)
}

fn text(cursor: &mut Cursor<'_>) -> Option<Option<Vec<u8>>> {
    let text = cursor.nstring()?.map(std::borrow::Cow::into_owned);
    _ = cursor.space();
    Some(text)
}

fn addresses(cursor: &mut Cursor<'_>) -> Option<Vec<EnvelopeAddress>> {
    let addresses = match cursor.list(address) {
        Some(addresses) => addresses,
        None => {
            cursor.word("NIL")?;
            Vec::new()
        }
    };
    _ = cursor.space();
    Some(addresses)
}

fn address(cursor: &mut Cursor<'_>) -> Option<EnvelopeAddress> {
    cursor.literal(b"(")?;
    let (name, _route) = (text(cursor)?, text(cursor)?);
    let address = EnvelopeAddress { name, mailbox: text(cursor)?, host: text(cursor)? };
    cursor.literal(b")")?;
    Some(address)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read_to_the_byte() {
        let wire = b"(\"Mon, 1 Jan 2024\" {8}\r\na \"b\\ \xff) ((\"A \\\"B\\\"\" NIL \"a\" \"x.test\")(NIL NIL \"b\" NIL)) NIL NIL \
            NIL NIL NIL NIL \"<1@x.test>\") rest";
        let mut cursor = Cursor::new(wire);
        let envelope = parse(&mut cursor).unwrap();
        assert_eq!(envelope.subject.as_deref(), Some(&b"a \"b\\ \xff)"[..]));
        assert_eq!(envelope.date.as_deref(), Some(&b"Mon, 1 Jan 2024"[..]));
        let [first, second] = envelope.from.as_slice() else { unreachable!() };
        assert_eq!(first.name.as_deref(), Some(&b"A \"B\""[..]));
        assert_eq!((second.mailbox.as_deref(), second.host.as_deref()), (Some(&b"b"[..]), None));
        assert_eq!(envelope.message_id.as_deref(), Some(&b"<1@x.test>"[..]));
        assert_eq!(cursor.rest(), b" rest");
    }

    #[test]
    fn what_is_no_envelope_is_none() {
        for wire in [
            "NIL",
            "()",
            "(NIL NIL)",
            "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL",
            "(NIL NIL x NIL NIL NIL NIL NIL NIL NIL)",
        ] {
            assert_eq!(parse(&mut Cursor::new(wire.as_bytes())), None, "{wire}");
        }
    }
}
