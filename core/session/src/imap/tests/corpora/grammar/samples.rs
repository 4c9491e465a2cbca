//! Samples of our own for every rule that has a place: what is read or passed over there, and, where the place can tell, what is not.

use super::rules::{PLACES, place};
use super::*;
use Expected::{PassedOver, Read};

#[derive(Debug, Clone, Copy)]
enum Expected {
    Read,
    PassedOver,
}

/// A rule, a piece with what becomes of it, and a piece that is refused; none where whatever stands there is passed over.
type Row = (&'static str, &'static str, Expected, Option<&'static str>);

const SAMPLES: [Row; 71] = [
    ("astring", "\"a b\"", Read, Some("(")),
    ("atom", "abc", Read, Some("\"")),
    ("bodyDisposition", r#"("attachment" ("filename" "a"))"#, Read, Some("\"")),
    ("bodyEncoding", r#""BASE64""#, Read, Some("()")),
    ("bodyExtension", r#"("a" 1)"#, Read, Some("\"")),
    ("bodyFieldLanguage", r#"("de" "en")"#, Read, Some("\"")),
    ("bodyFields", r#"("CHARSET" "utf-8") NIL NIL "7BIT" 1"#, Read, Some("NIL NIL NIL")),
    ("bodyParameterPairs", r#"("a" "b")"#, Read, Some("(\"a\"")),
    ("bodySinglepart", r#""TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1"#, Read, Some(r#""TEXT""#)),
    ("bodyStructure", r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)"#, Read, Some("()")),
    ("capability", "IDLE", Read, None),
    ("capabilityData", "CAPABILITY IMAP4rev1", Read, Some("CAPABILITIES IMAP4rev1")),
    ("childinfoExtendedItem", r#""CHILDINFO" ("SUBSCRIBED")"#, Read, None),
    ("continuationRequest", "+ go on\r\n", Read, Some("go on\r\n")),
    ("emailAddress", r#"(NIL NIL "a" "b.example")"#, Read, Some("(NIL)")),
    ("enableData", "ENABLED UTF8=ACCEPT", PassedOver, Some("ENABLES UTF8=ACCEPT")),
    ("envelope", "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL)", Read, Some("(NIL)")),
    ("envelopeEmailAddresses", r#"((NIL NIL "a" "b.example"))"#, Read, Some("(NIL")),
    ("extendedSearchResponse", " (TAG \"A1\") UID COUNT 1", PassedOver, Some("ES 1")),
    ("fetchResponse", "FLAGS (\\Seen)", Read, Some("FLAGS \\Seen")),
    ("fetchResponseStart", "* 1 FETCH (", Read, Some("* 1 FETCH [")),
    ("fetchStreamingResponse", "BODY[TEXT]", PassedOver, Some("BODY[TEXT")),
    ("flag", "\\Seen", Read, Some("\"")),
    ("flagExtension", "\\Other", Read, Some("\"")),
    ("flagKeyword", "$Forwarded", Read, Some("\"")),
    ("flagList", "(\\Seen $x)", Read, Some("\\Seen")),
    ("gmailLabel", "\\Inbox", PassedOver, None),
    ("headerList", "(From To)", Read, None),
    ("idParamsList", r#"("name" "x")"#, Read, Some("name")),
    ("idResponsePayload", r#"ID ("name" NIL)"#, Read, Some("ID name")),
    ("internalDate", "\"25-Jun-1994 01:02:03 +0000\"", Read, Some("\"25-Jun-1994\"")),
    ("invalidBodyStructure", "(\"text\" 1)", PassedOver, Some("\"")),
    ("mailbox", "INBOX", Read, Some("(")),
    ("mailboxData", "FLAGS (\\Seen)", Read, Some("FLAGS \\Seen")),
    ("mailboxInfo", "(\\Noselect) \"/\" a", Read, Some("\\Noselect \"/\" a")),
    ("mailboxListFlags", "\\HasChildren \\Marked", Read, Some("\"")),
    ("mailboxStatus", "MESSAGES 1 UNSEEN 0", Read, Some("MESSAGES")),
    ("mediaMessage", r#""MESSAGE" "DELIVERY-STATUS""#, Read, Some(r#""MESSAGE""#)),
    ("mediaText", r#""TEXT" "HTML""#, Read, Some(r#""TEXT""#)),
    ("mediaType", r#""IMAGE" "PNG""#, Read, Some(r#""IMAGE""#)),
    ("messageAttribute", "RFC822.SIZE 5", Read, Some("RFC822.SIZE x")),
    ("messageData", "3 EXPUNGE", Read, Some("x EXPUNGE")),
    ("messageIdentifierRange", "2:4", Read, Some("2:")),
    ("messageIdentifierSet", "1,3:5", Read, Some("1,,3")),
    ("metadataResponse", "METADATA \"\" (/comment \"x\")", PassedOver, Some("METADATUM x")),
    ("namespaceResponse", " ((\"\" \"/\")) NIL NIL", PassedOver, Some("S NIL NIL")),
    ("nil", "NIL", PassedOver, Some("(")),
    ("nstring", "{3}\r\nabc", Read, Some("(")),
    ("number", "12", Read, Some("-1")),
    ("nzNumber", "12", Read, Some("0")),
    ("optionalEnvelopeEmailAddresses", "NIL", Read, Some("(NIL")),
    ("permanentFlag", "\\*", Read, Some("\"")),
    ("responseData", "* 3 EXISTS\r\n", Read, Some("* three EXISTS\r\n")),
    ("responsePayload", "OK hello", Read, Some("YES hello")),
    ("responseText", "[UIDNEXT 5] next", Read, Some("[UIDNEXT x] next")),
    ("responseTextCode", "APPENDUID 1 2", Read, Some("APPENDUID 1")),
    ("searchReturnData", "COUNT 5", PassedOver, None),
    ("searchSortModificationSequence", "(MODSEQ 7)", Read, Some("x")),
    ("section", "[HEADER]", Read, Some("[HEADER")),
    ("sectionBinary", "[1.2]", PassedOver, Some("[1.2")),
    ("sectionPart", "1.2", Read, None),
    ("sectionSpecifier", "1.MIME", Read, None),
    ("string", r#""a \"b\"""#, Read, Some("(")),
    ("stringAllowingNonASCII", "\"é\"", Read, Some("(")),
    ("tag", "A1", Read, Some("A1 A2")),
    ("taggedResponse", "A1 NO [ALERT] no\r\n", Read, Some("A1 NONE no\r\n")),
    ("taggedResponseState", "BAD what", Read, Some("WORSE what")),
    ("text", "all is well", Read, None),
    ("uidBatchesResponse", " (TAG \"A1\") 1:5", PassedOver, Some("X 1:5")),
    ("uidValidity", "7", Read, Some("x")),
    ("untaggedStatus", "BYE so long", Read, Some("BY so long")),
];

#[test]
fn every_place_has_a_sample() {
    let names: Vec<&str> = SAMPLES.iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(names, PLACES.map(|(rule, _)| rule));
}

#[tokio::test]
async fn a_piece_is_read_in_its_place() {
    let mut wrong = Vec::new();
    for (rule, piece, expected, refused) in SAMPLES {
        let place = place(rule).unwrap();
        for chunks in [Chunks::Whole, Chunks::OneByte] {
            let read = reading(&place.whole(piece, ""), chunks).await;
            match (&read, expected) {
                (Some(Reading::Read), Read) | (Some(Reading::PassedOver), PassedOver) => {}
                _ => wrong.push(format!("{rule}: {piece:?} is {read:?}, {chunks:?}")),
            }
            let (responses, end) = responses(&place.beginning(piece), chunks).await;
            let waits = responses.is_empty() && is_hang_up(&end);
            if waits == piece.ends_with("\r\n") {
                wrong.push(format!("{rule}: the beginning with {piece:?} is {responses:?}, {chunks:?}"));
            }
            let Some(refused) = refused else { continue };
            let read = reading(&place.whole(refused, ""), chunks).await;
            if matches!(read, Some(Reading::Read | Reading::PassedOver)) {
                wrong.push(format!("{rule}: {refused:?} is {read:?}, {chunks:?}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// What becomes of a response; `None` where it is not one.
async fn reading(response: &[u8], chunks: Chunks) -> Option<Reading> {
    match responses(&[response, END].concat(), chunks).await.0.as_slice() {
        [response, end] if end == END => Some(read(response)),
        _ => None,
    }
}
