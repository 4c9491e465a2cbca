//! What others found servers to say: `../shared/corpora`, read where it is there.

use std::path::Path;

use super::session::message;
use super::*;
use crate::corpora::corpus;
use crate::{Maildrop, PeerFault};

/// A transcript, with the line ends that the wire had.
fn transcript(path: &Path) -> Vec<u8> {
    let text = std::fs::read(path).unwrap();
    let mut bytes = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        bytes.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// A server that gives the answers in the files of `folder`: each command's file, for CAPA one before the login and one after it.
async fn recorded(folder: &Path, answers: &[(&str, &str)]) -> Result<Pop3Session, Error> {
    let answers: Vec<(String, Vec<u8>)> = answers
        .iter()
        .map(|(command, file)| ((*command).to_owned(), transcript(&folder.join(file))))
        .collect();
    let greeting = transcript(&folder.join("greeting.txt"));
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let mut server = BufStream::new(theirs);
        say(&mut server, &greeting).await;
        let mut capa = answers.iter().filter(|(command, _)| command == "CAPA");
        loop {
            let line = hear(&mut server).await;
            let word = line.split(' ').next().unwrap_or_default();
            let answer = if word == "CAPA" {
                capa.next()
            } else {
                answers.iter().find(|(command, _)| command == word)
            };
            let Some((_, answer)) = answer else { return };
            say(&mut server, answer).await;
        }
    });
    Ok(connect(ours).await?.log_in(&alice()).await?)
}

/// The message in a transcript of RETR or TOP, taken out in another way than the library's: line by line.
fn body(path: &Path) -> Vec<u8> {
    let bytes = transcript(path);
    let (_, rest) = bytes.split_at(bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1);
    let lines = rest.split_inclusive(|&byte| byte == b'\n').take_while(|line| *line != b".\r\n");
    lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
}

#[tokio::test]
async fn what_gmail_says_is_read() {
    let Some(folder) = corpus("what_gmail_says_is_read", "mailkit-transcripts/Pop3/Resources/gmail") else {
        return;
    };
    let answers = [
        ("CAPA", "capa1.txt"),
        ("AUTH", "auth.txt"),
        ("CAPA", "capa2.txt"),
        ("STAT", "stat.txt"),
        ("TOP", "top.txt"),
        ("RETR", "retr1.txt"),
        ("DELE", "dele.txt"),
        ("RSET", "rset.txt"),
        ("NOOP", "noop.txt"),
        ("QUIT", "quit.txt"),
    ];
    let session = recorded(&folder, &answers).await.unwrap();
    assert!(session.capabilities().has("PIPELINING"));
    assert_eq!(session.capabilities().arguments("LOGIN-DELAY"), Some("300"));
    assert_eq!(session.stat().await, Ok(Maildrop { messages: 3, octets: 221_409 }));
    assert!(session.top(1, 0, 10_000).await.unwrap() == body(&folder.join("top.txt")));
    assert!(session.retrieve_to_vec(1, 100_000).await.unwrap() == body(&folder.join("retr1.txt")));
    session.delete(1).await.unwrap();
    session.reset().await.unwrap();
    session.noop().await.unwrap();
    assert_eq!(session.quit().await, Ok(crate::Pop3Update::Committed { deleted: 0 }));
}

#[tokio::test]
async fn what_zimbra_says_is_read_and_what_is_broken_is_a_typed_error() {
    let name = "what_zimbra_says_is_read_and_what_is_broken_is_a_typed_error";
    let Some(folder) = corpus(name, "mailkit-transcripts/Pop3/Resources/comcast") else { return };
    let login = [("CAPA", "capa1.txt"), ("USER", "ok.txt"), ("PASS", "ok.txt"), ("CAPA", "capa2.txt")];
    let uidl = ("UIDL", "../gmail/uidl.txt");
    let with = async |answers: &[(&str, &str)]| recorded(&folder, &[&login, answers].concat()).await.unwrap();

    let session = with(&[("LIST", "list.txt"), uidl, ("RETR", "retr1.txt")]).await;
    let listing = session.messages().await.unwrap();
    assert_eq!(listing.len(), 7);
    assert_eq!(listing.get(2..4), Some(&[message(3, 3072, Some("103")), message(4, 4096, None)][..]));
    assert!(session.retrieve_to_vec(1, 1 << 20).await.unwrap() == body(&folder.join("retr1.txt")));

    let unexpected = |step, line: &str| Error::from(PeerFault::Unexpected { step, line: line.to_owned() });
    for (file, line) in
        [("stat-error1.txt", "7"), ("stat-error2.txt", "seven 1800662"), ("stat-error3.txt", "7 #octets")]
    {
        assert_eq!(with(&[("STAT", file)]).await.stat().await, Err(unexpected("STAT", line)));
    }
    for (file, line) in [("list-error1.txt", "7"), ("list-error3.txt", "7 ten-twenty-four")] {
        assert_eq!(with(&[("LIST", file), uidl]).await.messages().await, Err(unexpected("LIST", line)));
    }
    let uidl = ("UIDL", "../gmail/uidl-error1.txt");
    assert_eq!(with(&[("LIST", "list.txt"), uidl]).await.messages().await, Err(unexpected("UIDL", "3")));
}
