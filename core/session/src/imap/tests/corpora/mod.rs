//! What others found servers to say: `../shared/corpora`, read where it is there.

mod grammar;
mod imaptest;
mod transcripts;

use tokio::io::AsyncWriteExt as _;

use super::*;
use crate::PeerFault;
use crate::imap::guard::Guard;
use crate::imap::response::{Code, Condition, Data, MessageData, Response};

/// What a server says last, so that nothing can be left unread before it.
const END: &[u8] = b"* OK [CLOSED] that was all\r\n";

/// The responses in what a server sends before it hangs up, and how reading them ended.
async fn responses(bytes: &[u8], chunks: Chunks) -> (Vec<Vec<u8>>, Error) {
    let (ours, mut theirs) = tokio::io::duplex(if chunks == Chunks::OneByte { 1 } else { 64 << 10 });
    let mut guard = Guard::new(Wire::scripted(ours));
    guard.wire_mut().begin("the corpus", Duration::from_secs(5));
    let read = async {
        let mut responses = Vec::new();
        loop {
            match guard.read_response().await {
                Ok(response) => responses.push(response),
                Err(error) => {
                    drop(guard);
                    return (responses, error);
                }
            }
        }
    };
    let say = async move {
        // Where a limit ends the reading, the rest is for nobody.
        _ = theirs.write_all(bytes).await;
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(read, say).0 }).await.unwrap()
}

/// Whether reading ended because the server had no more to say.
fn is_hang_up(error: &Error) -> bool {
    *error == PeerFault::Disconnected { step: "the corpus" }.into()
}

/// What becomes of a response.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    Read,
    /// It answers a command that we never give, or nothing in it was ever asked for.
    PassedOver,
    /// Something in it can't be read: what, and where.
    Unread(String),
}

/// The first words of responses to commands that we never give.
const FOREIGN: [&str; 20] = [
    "ACL",
    "ANNOTATION",
    "ENABLED",
    "ESEARCH",
    "GENURLAUTH",
    "JMAPACCESS",
    "LISTRIGHTS",
    "METADATA",
    "MYRIGHTS",
    "NAMESPACE",
    "QUOTA",
    "QUOTAROOT",
    "RECENT",
    "SORT",
    "THREAD",
    "UIDBATCHES",
    "UIDFETCH",
    "URLFETCH",
    "VANISHED",
    "XLIST",
];

/// The codes that are read for more than their name.
const CODES: [&str; 6] = ["APPENDUID", "CAPABILITY", "COPYUID", "PERMANENTFLAGS", "UIDNEXT", "UIDVALIDITY"];

fn read(response: &[u8]) -> Reading {
    let unread = |what: &str| Reading::Unread(format!("{what} in {}", response.escape_ascii()));
    // The dialogue passes over empty lines, and over what closes a list on a line of its own.
    if matches!(response.trim_ascii(), b"" | b")") {
        return Reading::PassedOver;
    }
    match Response::parse(response) {
        None => unread("all"),
        Some(Response::Data(Data::Other)) if is_foreign(response) => Reading::PassedOver,
        Some(Response::Data(Data::Other)) => unread("the data"),
        Some(Response::Data(Data::Search(None))) => unread("a number"),
        Some(Response::Data(Data::Fetch(message))) if !message.unreadable.is_empty() => {
            unread(&format!("{:?}", message.unreadable))
        }
        Some(Response::Data(Data::Fetch(message))) if *message == MessageData::default() => {
            Reading::PassedOver
        }
        Some(Response::Notice(condition) | Response::Done { condition, .. }) => match condition {
            Condition { code: Some(Code::Other(name)), .. } if CODES.contains(&name.as_str()) => {
                unread(&name)
            }
            Condition { code: None, text, .. } if text.starts_with(b"[") => unread("the code"),
            _ => Reading::Read,
        },
        Some(_) => Reading::Read,
    }
}

/// Whether it begins with a word of [`FOREIGN`], behind a number or not; or answers a question for the delimiter alone, which we
/// never ask.
fn is_foreign(response: &[u8]) -> bool {
    let text = String::from_utf8_lossy(response).to_ascii_uppercase();
    let mut words = text.split_whitespace().skip(1).take(2);
    words.any(|word| FOREIGN.contains(&word)) || response.ends_with(b" \"\"\r\n")
}
