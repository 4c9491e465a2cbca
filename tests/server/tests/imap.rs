//! The IMAP side, spoken to line by line.
#![allow(clippy::unwrap_used, clippy::panic)]

use postseal_test_server::script::Script;
use postseal_test_server::{Fault, Options, Protocol, Security, TestServer};

const ALICE: &str = "alice@example.test";

async fn start(options: Options) -> TestServer {
    TestServer::start(options.user(ALICE, "wonderland")).await.unwrap()
}

/// Drives a conversation that begins logged in, over implicit TLS.
async fn talk(server: &TestServer, text: &str) {
    let text = format!("TLS\nS: * OK …\nC: a LOGIN {ALICE} wonderland\nS: a OK …\n{text}");
    run(server, Security::Tls, &text).await;
}

/// Waits until a client is in IDLE.
async fn until_idle(server: &TestServer) {
    while !server.transcript().iter().any(|one| one.server_lines().contains(&"+ idling".to_owned())) {
        tokio::task::yield_now().await;
    }
}

async fn run(server: &TestServer, security: Security, text: &str) {
    let played = Script::parse(text).tls(server.ca()).drive(server.imap(security)).await;
    if let Err(error) = played {
        panic!("{error}\n{:#?}", server.transcript().last().unwrap().server_lines());
    }
}

const MESSAGE: &[u8] = b"Date: Wed, 17 Jul 1996 02:23:25 -0700\r\n\
    From: \"Terry, G.\" <gray@example.test>\r\n\
    Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IQ==?=\r\n\
    To: Friends: bob@example.test, Carol <carol@example.test>;, alice@example.test\r\n\
    Message-ID: <1@example.test>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"b 1\"\r\n\
    \r\n\
    preamble\r\n\
    --b 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    w6Rwd\r\n\
    mVs\r\n\
    --b 1\r\n\
    Content-Type: message/rfc822\r\n\
    Content-Disposition: attachment; filename=\"a b.eml\"\r\n\
    \r\n\
    Subject: inner\r\n\
    \r\n\
    inside\r\n\
    --b 1--\r\n\
    epilogue\r\n";

#[tokio::test]
async fn nobody_logs_in_before_tls() {
    let server = start(Options::new()).await;
    run(
        &server,
        Security::StartTls,
        "
        S: * OK [CAPABILITY IMAP4rev1 … STARTTLS LOGINDISABLED] …
        C: a1 LOGIN alice@example.test wonderland
        S: a1 NO [PRIVACYREQUIRED] …
        C: a2 AUTHENTICATE PLAIN
        S: a2 NO [PRIVACYREQUIRED] …
        C: a3 STARTTLS
        S: a3 OK …
        TLS
        C: a4 CAPABILITY
        S: * CAPABILITY IMAP4rev1 … AUTH=PLAIN AUTH=XOAUTH2
        S: a4 OK …
        C: a5 LOGIN {5}
        S: + …
        C| alice
        C:  {10+}
        C| wonderland
        C:
        S: a5 NO [AUTHENTICATIONFAILED] …
        C: a6 LOGIN alice@example.test \"wonderland\"
        S: a6 OK [CAPABILITY …] …
        C: a7 LOGOUT
        S: * BYE …
        S: a7 OK …
        ",
    )
    .await;
    let conversation = server.transcript().pop().unwrap();
    assert!(conversation.handshake.unwrap().is_ok());
}

#[tokio::test]
async fn sasl_with_and_without_initial_response_and_the_error_challenge_of_xoauth2() {
    let server = start(Options::new().token(ALICE, "t0ken")).await;
    run(
        &server,
        Security::Tls,
        r"
        TLS
        S: * OK …
        C: a1 AUTHENTICATE XOAUTH2
        S: +\x20
        C: dXNlcj1hbGljZUBleGFtcGxlLnRlc3QBYXV0aD1CZWFyZXIgd3JvbmcBAQ==
        S: + eyJzdGF0dXMiOiI0MDEi…
        C:
        S: a1 NO [AUTHENTICATIONFAILED] …
        C: a2 AUTHENTICATE PLAIN
        S: +\x20
        C: *
        S: a2 BAD …
        C: a3 AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3b25kZXJsYW5k
        S: a3 OK …
        ",
    )
    .await;
}

#[tokio::test]
async fn preauth_and_what_is_not_offered() {
    let options = Options::new().preauth(ALICE).without(Protocol::Imap, "STARTTLS");
    let server = start(options.without(Protocol::Imap, "MOVE")).await;
    run(
        &server,
        Security::StartTls,
        "
        S: * PREAUTH [CAPABILITY …] …
        C: a1 STARTTLS
        S: a1 BAD …
        C: a2 SELECT INBOX
        S: * FLAGS …
        S: * OK [PERMANENTFLAGS …
        S: * 0 EXISTS
        S: * 0 RECENT
        S: * OK [UIDVALIDITY 1001] …
        S: * OK [UIDNEXT 1] …
        S: a2 OK [READ-WRITE] …
        C: a3 MOVE 1 Trash
        S: a3 BAD …
        ",
    )
    .await;
}

#[tokio::test]
async fn mailboxes_are_made_listed_renamed_and_deleted() {
    let server = start(Options::new()).await;
    talk(
        &server,
        r#"
        C: a1 LIST "" "%"
        S: * LIST (\\HasNoChildren \\Archive) "/" "Archive"
        S: * LIST (\\HasNoChildren \\Drafts) "/" "Drafts"
        S: * LIST (\\HasNoChildren) "/" "INBOX"
        S: * LIST (\\HasNoChildren \\Junk) "/" "Junk"
        S: * LIST (\\HasNoChildren \\Sent) "/" "Sent"
        S: * LIST (\\HasNoChildren \\Trash) "/" "Trash"
        S: a1 OK …
        C: a2 CREATE Entw&APw-rfe/a
        S: a2 OK …
        C: a3 CREATE Entwürfe
        S: a3 BAD …
        C: a4 LIST "Entw&APw-rfe" (* "") RETURN (STATUS (MESSAGES UIDNEXT))
        S: * LIST (\\Noselect \\HasChildren) "/" "Entw&APw-rfe"
        S: * LIST (\\HasNoChildren) "/" "Entw&APw-rfe/a"
        S: * STATUS "Entw&APw-rfe/a" (MESSAGES 0 UIDNEXT 1)
        S: a4 OK …
        C: a5 RENAME Entw&APw-rfe/a b
        S: a5 OK …
        C: a6 SUBSCRIBE b
        S: a6 OK …
        C: a7 LSUB "" *
        S: * LSUB () "/" "INBOX"
        S: * LSUB () "/" "b"
        S: a7 OK …
        C: a8 DELETE b
        S: a8 OK …
        C: a9 LIST (SUBSCRIBED) "" *
        S: * LIST (\\HasNoChildren \\Subscribed) "/" "INBOX"
        S: * LIST (\\NonExistent \\HasNoChildren \\Subscribed) "/" "b"
        S: a9 OK …
        C: b1 DELETE b
        S: b1 NO [NONEXISTENT] …
        C: b2 CREATE Gesendet (USE (\\Sent))
        S: b2 OK …
        C: b3 STATUS Gesendet (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)
        S: * STATUS "Gesendet" (MESSAGES 0 RECENT 0 UIDNEXT 1 UIDVALIDITY 1008 UNSEEN 0)
        S: b3 OK …
        C: b4 LIST "" ""
        S: * LIST (\\Noselect) "/" ""
        S: b4 OK …
        "#,
    )
    .await;
}

#[tokio::test]
async fn fetch_shows_messages_whole_and_in_parts() {
    let server = start(Options::new()).await;
    server.deliver(ALICE, "INBOX", MESSAGE);
    let size = MESSAGE.len();
    let text = format!(
        r#"
        C: a1 EXAMINE inbox
        S: * FLAGS …
        S: * OK [PERMANENTFLAGS ()] …
        S: * 1 EXISTS
        S: * 0 RECENT
        S: * OK [UNSEEN 1] …
        S: * OK [UIDVALIDITY 1001] …
        S: * OK [UIDNEXT 2] …
        S: a1 OK [READ-ONLY] …
        C: a2 FETCH 1 (UID FLAGS RFC822.SIZE ENVELOPE)
        S: * 1 FETCH (UID 1 FLAGS () RFC822.SIZE {size} ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700" "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IQ==?=" (("Terry, G." NIL "gray" "example.test")) (("Terry, G." NIL "gray" "example.test")) (("Terry, G." NIL "gray" "example.test")) ((NIL NIL "Friends" NIL)(NIL NIL "bob" "example.test")("Carol" NIL "carol" "example.test")(NIL NIL NIL NIL)(NIL NIL "alice" "example.test")) NIL NIL NIL "<1@example.test>"))
        S: a2 OK …
        C: a3 UID FETCH 1:* BODYSTRUCTURE
        S: * 1 FETCH (UID 1 BODYSTRUCTURE (("TEXT" "PLAIN" ("charset" "utf-8") NIL NIL "BASE64" 10 1 NIL NIL NIL NIL)("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 24 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 6 0 NIL NIL NIL NIL) 2 NIL ("attachment" ("filename" "a b.eml")) NIL NIL) "MIXED" ("boundary" "b 1") NIL NIL NIL))
        S: a3 OK …
        C: a4 FETCH 1 (BODY[1] BODY.PEEK[2.HEADER] BODY[2.1] BODY[2.TEXT]<2.3> BODY[9])
        S: * 1 FETCH (BODY[1] {{10}}
        S: w6Rwd
        S: mVs BODY[2.HEADER] {{18}}
        S: Subject: inner
        S:
        S:  BODY[2.1] {{6}}
        S: inside BODY[2.TEXT]<2> {{3}}
        S: sid BODY[9] NIL)
        S: a4 OK …
        C: a5 FETCH 1 BODY[HEADER.FIELDS (subject "message-id")]
        S: * 1 FETCH (BODY[HEADER.FIELDS ("subject" "message-id")] {{87}}
        S: Subject: …
        S: Message-ID: <1@example.test>
        S:
        S: )
        S: a5 OK …
        C: a6 FETCH 1 BODY.PEEK[1.MIME]
        S: * 1 FETCH (BODY[1.MIME] {{78}}
        S: Content-Type: text/plain; charset=utf-8
        S: Content-Transfer-Encoding: base64
        S:
        S: )
        S: a6 OK …
        C: a7 FETCH 2 FLAGS
        S: a7 BAD …
        C: a8 UID FETCH 2:9 FLAGS
        S: a8 OK …
        C: a9 UID FETCH 2:* FLAGS
        S: * 1 FETCH (UID 1 FLAGS ())
        S: a9 OK …
        "#
    );
    talk(&server, &text).await;
}

#[tokio::test]
async fn flags_copies_moves_appends_and_expunges() {
    let server = start(Options::new()).await;
    for _ in 0..4 {
        server.deliver(ALICE, "INBOX", b"Subject: x\r\n\r\nhello\r\n");
    }
    talk(
        &server,
        r#"
        C: a1 SELECT INBOX
        S: * FLAGS …
        S: * OK …
        S: * 4 EXISTS
        S: * 0 RECENT
        S: * OK [UNSEEN 1] …
        S: * OK …
        S: * OK …
        S: a1 OK [READ-WRITE] …
        C: a2 FETCH 1 BODY[TEXT]
        S: * 1 FETCH (BODY[TEXT] {7}
        S: hello
        S:  FLAGS (\\Seen))
        S: a2 OK …
        C: a3 STORE 2:3 +FLAGS (\\deleted $Forwarded)
        S: * 2 FETCH (FLAGS ($Forwarded \\Deleted))
        S: * 3 FETCH (FLAGS ($Forwarded \\Deleted))
        S: a3 OK …
        C: a4 UID STORE 3 -FLAGS.SILENT \\Deleted
        S: a4 OK …
        C: a5 STORE 1 FLAGS (\\Nonsense)
        S: a5 BAD …
        C: a6 UID COPY 1,3:4 Archive
        S: a6 OK [COPYUID 1002 1,3:4 1:3] …
        C: a7 UID MOVE 4 Trash
        S: * OK [COPYUID 1006 4 1] …
        S: * 4 EXPUNGE
        S: a7 OK …
        C: a8 UID EXPUNGE 3
        S: a8 OK …
        C: a9 EXPUNGE
        S: * 2 EXPUNGE
        S: a9 OK …
        C: b1 APPEND Nowhere {1}
        S: + …
        C| x
        C:
        S: b1 NO [TRYCREATE] …
        C: b2 APPEND Sent (\\Seen) "17-Jul-1996 02:44:25 -0700" {4+}
        C| a\0\xff\n
        C:
        S: b2 OK [APPENDUID 1005 1] …
        C: b3 EXAMINE Sent
        S: * FLAGS …
        S: * OK …
        S: * 1 EXISTS
        S: * 0 RECENT
        S: * OK …
        S: * OK …
        S: b3 OK [READ-ONLY] …
        C: b4 FETCH 1 (FLAGS INTERNALDATE BODY[])
        S: * 1 FETCH (FLAGS (\\Seen) INTERNALDATE "17-Jul-1996 09:44:25 +0000" BODY[] {4}
        S: a\0\xff\n)
        S: b4 OK …
        C: b5 STORE 1 FLAGS ()
        S: b5 NO [READ-ONLY] …
        "#,
    )
    .await;
    assert_eq!(server.messages(ALICE, "INBOX").len(), 2);
    assert_eq!(server.messages(ALICE, "Sent"), [b"a\0\xff\n"]);
}

#[tokio::test]
async fn search_by_flags_text_dates_and_sizes() {
    let server = start(Options::new()).await;
    server.deliver(ALICE, "INBOX", MESSAGE);
    server.deliver(ALICE, "INBOX", b"Subject: plain\r\nFrom: bob@example.test\r\n\r\nhello\r\n");
    server.set_flags(ALICE, "INBOX", 2, &["\\Seen", "$Work"]);
    talk(
        &server,
        r#"
        C: a0 EXAMINE INBOX
        S: * FLAGS …
        S: * OK …
        S: * 2 EXISTS
        S: * 0 RECENT
        S: * OK …
        S: * OK …
        S: * OK …
        S: a0 OK …
        C: a1 SEARCH UNSEEN
        S: * SEARCH 1
        S: a1 OK …
        C: a2 UID SEARCH CHARSET UTF-8 SUBJECT {7}
        S: + …
        C| GRÜßE
        C:
        S: * SEARCH 1
        S: a2 OK …
        C: a3 SEARCH OR (FROM bob KEYWORD $work) SENTON 17-Jul-1996
        S: * SEARCH 1 2
        S: a3 OK …
        C: a4 SEARCH NOT BODY "hello" SENTBEFORE 18-Jul-1996 SMALLER 5000 UID 1:*
        S: * SEARCH 1
        S: a4 OK …
        C: a5 SEARCH BODY äpfel
        S: a5 BAD …
        C: a6 SEARCH TEXT "inner" LARGER 999999
        S: * SEARCH
        S: a6 OK …
        C: a7 SEARCH CHARSET KOI8-R TEXT x
        S: a7 NO [BADCHARSET (UTF-8 US-ASCII)] …
        C: a8 SEARCH SINCE 1-Jan-2020 HEADER Message-ID ""
        S: * SEARCH 1
        S: a8 OK …
        "#,
    )
    .await;
}

#[tokio::test]
async fn idle_hears_what_others_do() {
    let server = start(Options::new()).await;
    server.deliver(ALICE, "INBOX", b"first");
    let idle = async {
        talk(
            &server,
            r"
            C: a1 SELECT INBOX
            S: * FLAGS …
            S: * OK …
            S: * 1 EXISTS
            S: * 0 RECENT
            S: * OK …
            S: * OK …
            S: * OK …
            S: a1 OK …
            C: a2 IDLE
            S: + …
            S: * 2 EXISTS
            S: * 2 FETCH (UID 2 FLAGS (\\Flagged))
            S: * 1 EXPUNGE
            S: * OK [ALERT] down at noon
            C: DONE
            S: a2 OK …
            ",
        )
        .await;
    };
    let others = async {
        until_idle(&server).await;
        for act in [
            |server: &TestServer| _ = server.deliver(ALICE, "INBOX", b"second"),
            |server: &TestServer| _ = server.set_flags(ALICE, "INBOX", 2, &["\\Flagged"]),
            |server: &TestServer| _ = server.remove(ALICE, "INBOX", 1),
            |server: &TestServer| server.alert("down at noon"),
        ] {
            let before = server.transcript().pop().unwrap().server_bytes().len();
            act(&server);
            while server.transcript().pop().unwrap().server_bytes().len() == before {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::join!(idle, others);
}

#[tokio::test]
async fn a_rebuilt_mailbox_ends_the_session_and_has_another_validity() {
    let server = start(Options::new()).await;
    server.deliver(ALICE, "INBOX", b"one");
    server.deliver(ALICE, "INBOX", b"two");
    server.remove(ALICE, "INBOX", 1);
    let status = "C: a STATUS INBOX (UIDNEXT UIDVALIDITY)\nS: * STATUS \"INBOX\" (UIDNEXT";
    talk(&server, &format!("{status} 3 UIDVALIDITY 1001)\nS: a OK …")).await;
    assert!(server.rebuild_mailbox(ALICE, "INBOX"));
    talk(&server, &format!("{status} 2 UIDVALIDITY 1007)\nS: a OK …")).await;
    assert!(!server.rebuild_mailbox(ALICE, "Nowhere"));

    let select = "C: a1 SELECT INBOX\nS: * FLAGS …\nS: * OK …\nS: * 1 EXISTS\nS: * 0 RECENT\nS: * OK …\nS: * OK …\n\
                  S: * OK …\nS: a1 OK …\nC: a2 IDLE\nS: + …\nS: * BYE …";
    let rebuild = async {
        until_idle(&server).await;
        server.rebuild_mailbox(ALICE, "INBOX");
    };
    tokio::join!(talk(&server, select), rebuild);
}

#[tokio::test]
async fn a_refusal_carries_the_tag_and_the_session_goes_on() {
    let server = start(Options::new()).await;
    server.inject(Protocol::Imap, Fault::instead_of("APPEND").refuse("NO [OVERQUOTA] full"));
    server.inject(Protocol::Imap, Fault::after("NOOP").say("* 7 EXISTS\r\n").times(1));
    talk(
        &server,
        "
        C: a1 APPEND INBOX {3+}
        C| abc
        C:
        S: a1 NO [OVERQUOTA] full
        C: a2 APPEND INBOX {3}
        S: a2 NO [OVERQUOTA] full
        C: a3 NOOP
        S: a3 OK …
        S: * 7 EXISTS
        C: a4 NOOP
        S: a4 OK …
        ",
    )
    .await;
}

#[tokio::test]
async fn literals_too_large_are_refused_and_unannounced_ones_end_the_session() {
    let server = start(Options::new().max_message(4).without(Protocol::Imap, "LITERAL+")).await;
    talk(
        &server,
        "
        C: a1 APPEND INBOX {5}
        S: a1 NO [TOOBIG] larger than 4 octets
        C: a2 APPEND INBOX {4}
        S: + go ahead
        C| four
        C:
        S: a2 OK [APPENDUID 1001 1] appended
        C: a3 APPEND INBOX {1+}
        S: * BYE literal not acceptable
        ",
    )
    .await;
}

#[tokio::test]
async fn what_stands_in_a_literal_announces_none() {
    let server = start(Options::new()).await;
    talk(
        &server,
        "
        C: a1 APPEND INBOX {3}
        S: + go ahead
        C| {9}
        C:
        S: a1 OK [APPENDUID 1001 1] appended
        C: a2 APPEND INBOX {4+}
        C| {9+}
        C:
        S: a2 OK [APPENDUID 1001 2] appended
        ",
    )
    .await;
    assert_eq!(server.messages(ALICE, "INBOX"), [&b"{9}"[..], b"{9+}"]);
}
