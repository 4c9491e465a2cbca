//! The script player: what it sends, what it insists on, and how it says where a conversation left the script.
#![allow(clippy::unwrap_used, clippy::panic)]

use postseal_test_server::TestCa;
use postseal_test_server::script::{Chunks, Script, ScriptError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Plays `script`, sends `input` at once, and returns what came back and how it ended.
async fn play(script: Script, chunks: Chunks, input: &[u8]) -> (Vec<u8>, Result<(), ScriptError>) {
    let (client, server) = script.play(chunks);
    let (mut read, mut write) = tokio::io::split(client);
    let input = input.to_vec();
    let writing = tokio::spawn(async move {
        let _ = write.write_all(&input).await;
        write
    });
    let mut output = Vec::new();
    read.read_to_end(&mut output).await.unwrap();
    drop(writing.await.unwrap());
    (output, server.await.unwrap())
}

#[tokio::test]
async fn both_sides_of_a_conversation_are_exact_to_the_byte() {
    let text = r"
        # Escapes, wildcards, words, literals and half lines.
        S: * OK ready \xE9\0\\\{x}
        C: {tag} LOGIN … {5}
        S: + go
        C| he\r\nl
        C:
        S: {tag} OK …
        S| half
        S:
    ";
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (output, end) = play(Script::parse(text), chunks, b"a7 LOGIN any thing {5}\r\nhe\r\nl\r\n").await;
        let expected = b"* OK ready \xe9\0\\{x}\r\n+ go\r\na7 OK \xe2\x80\xa6\r\nhalf\r\n";
        assert_eq!(output, expected, "{chunks:?}");
        assert_eq!(end, Ok(()), "{chunks:?}");
    }
}

#[tokio::test]
async fn one_byte_never_becomes_two() {
    let (mut client, server) = Script::parse("S: 220 mx.test").play(Chunks::OneByte);
    let mut buffer = [0; 64];
    let mut sizes = Vec::new();
    loop {
        match client.read(&mut buffer).await.unwrap() {
            0 => break,
            size => sizes.push(size),
        }
    }
    assert_eq!(sizes, [1; 13]);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_error_names_the_line_what_it_asks_for_and_what_came() {
    let script = || Script::parse("\n  S: 220 hi\n  C: RCPT TO:<…>\n  S: 250 ok");
    let expected = "C: RCPT TO:<…>".to_owned();

    let (_, end) = play(script(), Chunks::Whole, b"NOOP\xff\r\n").await;
    let differs = ScriptError::Differs { line: 3, expected: expected.clone(), got: r"NOOP\xff".to_owned() };
    assert_eq!(end, Err(differs.clone()));
    assert_eq!(differs.to_string(), r"script line 3: expected `C: RCPT TO:<…>`, got `NOOP\xff`");

    let (mut client, server) = script().play(Chunks::Whole);
    client.read_exact(&mut [0; 8]).await.unwrap();
    client.write_all(b"RCPT").await.unwrap();
    drop(client);
    assert_eq!(server.await.unwrap(), Err(ScriptError::Ended { line: 3, expected, got: "RCPT".to_owned() }));

    let (_, end) = play(script(), Chunks::Whole, b"RCPT TO:<>\r\nEXTRA").await;
    assert_eq!(end, Err(ScriptError::Unread { line: 5, got: "EXTRA".to_owned() }));
}

#[tokio::test]
async fn a_cut_strikes_at_every_byte() {
    let script = || Script::parse("S: 220 hi\nC: NOOP\nS: 250 ok");
    let whole = b"220 hi\r\n250 ok\r\n";
    assert_eq!(script().output_len(), whole.len());
    for at in 0..=whole.len() {
        let (output, end) = play(script().cut_at(at), Chunks::Whole, b"NOOP\r\n").await;
        assert_eq!((output.as_slice(), end), (whole.get(..at).unwrap(), Ok(())), "{at}");
    }
}

#[tokio::test]
async fn a_stalled_script_ends_when_the_client_hangs_up() {
    let (mut client, server) = Script::parse("S| 2\nSTALL").play(Chunks::Whole);
    assert_eq!(client.read_u8().await.unwrap(), b'2');
    client.write_all(b"QUIT\r\n").await.unwrap();
    drop(client);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_two_sides_of_a_script_understand_each_other_over_tls() {
    let text = "
        S: 220 mx.test
        C: STARTTLS
        S: 220 go
        TLS
        C: QUIT
        S: 221 bye
    ";
    let ca = TestCa::new().unwrap();
    for chunks in [Chunks::Whole, Chunks::OneByte] {
        let (address, server) = Script::parse(text).tls(&ca).listen(chunks).await.unwrap();
        Script::parse(text).tls(&ca).drive(address).await.unwrap();
        server.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn plaintext_before_the_handshake_is_an_error() {
    let script = Script::parse("C: STARTTLS\nTLS").tls(&TestCa::new().unwrap());
    let (_, end) = play(script, Chunks::Whole, b"STARTTLS\r\nEHLO x\r\n").await;
    assert_eq!(end, Err(ScriptError::Unread { line: 2, got: r"EHLO x\r\n".to_owned() }));
}

#[test]
#[should_panic(expected = "script line 2: unknown escape: `S: \\q`")]
fn a_wrong_script_is_a_wrong_test() {
    let _ = Script::parse("S: fine\nS: \\q");
}
