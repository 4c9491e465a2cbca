//! Where a piece of the grammar stands in a response.

/// A response with a gap for the piece, `{}`; and with `{end}` where what ends the piece belongs to the response as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(&'static str);

/// For a piece that is of no kind that we read.
pub(super) const ANYWHERE: Place = Place("* X {}");

impl Place {
    /// The response up to the end of the piece.
    pub(super) fn beginning(self, piece: &str) -> Vec<u8> {
        let (before, _) = self.parts();
        format!("{before}{piece}").into_bytes()
    }

    /// The whole response. A piece that ends a line itself is followed by nothing.
    pub(super) fn whole(self, piece: &str, terminator: &str) -> Vec<u8> {
        let (before, after) = self.parts();
        let after = after.replace("{end}", terminator);
        let end = if after.is_empty() && piece.ends_with("\r\n") { "" } else { "\r\n" };
        format!("{before}{piece}{after}{end}").into_bytes()
    }

    fn parts(self) -> (&'static str, &'static str) {
        self.0.split_once("{}").unwrap_or((self.0, ""))
    }
}

/// The place of a rule that we have a reader for.
pub(super) fn place(rule: &str) -> Option<Place> {
    PLACES.iter().find(|(name, _)| *name == rule).map(|&(_, place)| Place(place))
}

/// Every rule that we have a reader for.
pub(super) const PLACES: [(&str, &str); 71] = [
    ("astring", "* STATUS {} (MESSAGES 1)"),
    ("atom", "* 1 FETCH (FLAGS ({}))"),
    ("bodyDisposition", r#"* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL {}))"#),
    ("bodyEncoding", r#"* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL {} 1 1))"#),
    (
        "bodyExtension",
        r#"* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL NIL NIL {}))"#,
    ),
    ("bodyFieldLanguage", r#"* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL {}))"#),
    ("bodyFields", r#"* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" {} 1))"#),
    ("bodyParameterPairs", r#"* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" {} NIL NIL "7BIT" 1 1))"#),
    ("bodySinglepart", "* 1 FETCH (BODYSTRUCTURE ({}))"),
    ("bodyStructure", "* 1 FETCH (BODYSTRUCTURE {})"),
    ("capability", "* CAPABILITY {}"),
    ("capabilityData", "* {}"),
    ("childinfoExtendedItem", "* LIST () NIL x ({})"),
    ("continuationRequest", "{}"),
    ("emailAddress", "* 1 FETCH (ENVELOPE (NIL NIL ({}) NIL NIL NIL NIL NIL NIL NIL))"),
    ("enableData", "* {}"),
    ("envelope", "* 1 FETCH (ENVELOPE {})"),
    ("envelopeEmailAddresses", "* 1 FETCH (ENVELOPE (NIL NIL {} NIL NIL NIL NIL NIL NIL NIL))"),
    ("extendedSearchResponse", "* ESEARCH{}"),
    ("fetchResponse", "* 1 FETCH ({})"),
    ("fetchResponseStart", "{}UID 1)"),
    ("fetchStreamingResponse", r#"* 1 FETCH ({} "x")"#),
    ("flag", "* 1 FETCH (FLAGS ({}))"),
    ("flagExtension", "* 1 FETCH (FLAGS ({}))"),
    ("flagKeyword", "* 1 FETCH (FLAGS ({}))"),
    ("flagList", "* 1 FETCH (FLAGS {})"),
    ("gmailLabel", "* 1 FETCH (X-GM-LABELS ({}))"),
    ("headerList", r#"* 1 FETCH (BODY[HEADER.FIELDS {}] "x")"#),
    ("idParamsList", "* ID {}"),
    ("idResponsePayload", "* {}"),
    ("internalDate", "* 1 FETCH (INTERNALDATE {})"),
    // The rule finds the end of what is no structure at all.
    ("invalidBodyStructure", "* 1 FETCH (X {}{end})"),
    ("mailbox", "* STATUS {} (MESSAGES 1)"),
    ("mailboxData", "* {}"),
    ("mailboxInfo", "* LIST {}"),
    ("mailboxListFlags", "* LIST ({}) NIL x"),
    ("mailboxStatus", "* STATUS x ({})"),
    ("mediaMessage", r#"* 1 FETCH (BODYSTRUCTURE ({} NIL NIL NIL "7BIT" 1))"#),
    ("mediaText", r#"* 1 FETCH (BODYSTRUCTURE ({} NIL NIL NIL "7BIT" 1 1))"#),
    ("mediaType", r#"* 1 FETCH (BODYSTRUCTURE ({} NIL NIL NIL "7BIT" 1))"#),
    ("messageAttribute", "* 1 FETCH ({})"),
    ("messageData", "* {}"),
    ("messageIdentifierRange", "* OK [COPYUID 1 {} 1] x"),
    ("messageIdentifierSet", "* OK [COPYUID 1 {} 1] x"),
    ("metadataResponse", "* {}"),
    ("namespaceResponse", "* NAMESPACE{}"),
    ("nil", "* 1 FETCH (BODY[] {})"),
    ("nstring", "* 1 FETCH (BODY[] {})"),
    ("number", "* 1 FETCH (RFC822.SIZE {})"),
    ("nzNumber", "* 1 FETCH (UID {})"),
    ("optionalEnvelopeEmailAddresses", "* 1 FETCH (ENVELOPE (NIL NIL {} NIL NIL NIL NIL NIL NIL NIL))"),
    ("permanentFlag", "* OK [PERMANENTFLAGS ({})] x"),
    ("responseData", "{}"),
    ("responsePayload", "* {}"),
    ("responseText", "* OK {}"),
    ("responseTextCode", "* OK [{}] x"),
    ("searchReturnData", "* ESEARCH {}"),
    ("searchSortModificationSequence", "* SEARCH 1 {}"),
    ("section", r#"* 1 FETCH (BODY{} "x")"#),
    ("sectionBinary", r#"* 1 FETCH (BINARY{} "x")"#),
    ("sectionPart", r#"* 1 FETCH (BODY[{}] "x")"#),
    ("sectionSpecifier", r#"* 1 FETCH (BODY[{}] "x")"#),
    ("string", "* 1 FETCH (BODY[] {})"),
    ("stringAllowingNonASCII", "* 1 FETCH (BODY[] {})"),
    ("tag", "{} OK done"),
    ("taggedResponse", "{}"),
    ("taggedResponseState", "A1 {}"),
    ("text", "* OK {}"),
    ("uidBatchesResponse", "* UIDBATCHES{}"),
    ("uidValidity", "* OK [UIDVALIDITY {}] x"),
    ("untaggedStatus", "* {}"),
];
