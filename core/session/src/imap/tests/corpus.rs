//! What real servers send, from the transcripts that MailKit's tests are made of: all of it is read without an error.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::PeerFault;
use crate::imap::guard::Guard;
use crate::imap::response::{Data, Response};

const TEST: &str = "real_servers_are_read_without_an_error";

fn transcripts() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora/mailkit-transcripts/Imap/Resources");
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", path.display());
    _ = writeln!(std::io::stderr(), "skipped: {TEST}: no ../shared/corpora/mailkit-transcripts");
    None
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            into.push(path);
        }
    }
}

#[tokio::test]
async fn real_servers_are_read_without_an_error() {
    let Some(folder) = transcripts() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    assert!(paths.len() > 250, "{}", paths.len());
    let mut unread: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &paths {
        // The files have lost the CR of their lines, which the sizes of their literals still count.
        let text = std::fs::read(path).unwrap();
        let lines = text.split_inclusive(|&byte| byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
            Some(line) => [line.strip_suffix(b"\r").unwrap_or(line), b"\r\n"].concat(),
            None => line.to_vec(),
        });
        let transcript = lines.collect::<Vec<_>>().concat();
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        for complaint in read(&transcript).await {
            unread.entry(name.clone()).or_default().push(complaint);
        }
    }
    assert_eq!(unread, BTreeMap::new());
}

/// Reads a transcript as the session would; what it can't make out.
async fn read(transcript: &[u8]) -> Vec<String> {
    let mut guard = Guard::new(Wire::scripted(Fixed(std::io::Cursor::new(transcript.to_vec()))));
    guard.wire_mut().begin("the transcript", Duration::from_secs(5));
    let mut complaints = Vec::new();
    loop {
        match guard.read_response().await {
            Ok(response) => complaints.extend(complaint(&response)),
            Err(Error::Peer(PeerFault::Disconnected { .. })) => return complaints,
            Err(error) => complaints.push(error.to_string()),
        }
    }
}

/// What is wrong with a response. Those to commands that we never give may stay unread.
fn complaint(response: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(response).into_owned();
    match Response::parse(response) {
        None if matches!(text.trim(), "" | ")") => None,
        // The answer to a question for the delimiter alone, which we never ask.
        Some(Response::Data(Data::Other)) if text.ends_with(" \"\"\r\n") => None,
        None => Some(text),
        Some(Response::Data(Data::Other)) => {
            let foreign = [
                "NAMESPACE",
                "QUOTA",
                "METADATA",
                "THREAD",
                "SORT",
                "ESEARCH",
                "XLIST",
                "ENABLED",
                "VANISHED",
                "ACL",
                "MYRIGHTS",
                "LISTRIGHTS",
                "ANNOTATION",
                "RECENT",
            ];
            let is_foreign = text
                .split_whitespace()
                .take(3)
                .any(|word| foreign.iter().any(|name| word.to_ascii_uppercase().starts_with(name)));
            (!is_foreign).then_some(text)
        }
        Some(Response::Data(Data::Fetch(message))) if !message.unreadable.is_empty() => {
            Some(format!("{:?} in {text}", message.unreadable))
        }
        Some(_) => None,
    }
}

/// A stream that says what it has to say and ends; what is written to it is lost.
struct Fixed(std::io::Cursor<Vec<u8>>);

impl tokio::io::AsyncRead for Fixed {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl tokio::io::AsyncWrite for Fixed {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}
