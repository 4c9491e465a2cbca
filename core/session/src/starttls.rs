//! The way from a greeting in the clear to TLS, for the three protocols.
//!
//! It is written apart from the protocols' own parsers on purpose: what a server says before TLS is said by whoever sits on the wire.
//! So it is read as bounded lines, nothing of it is kept, and nothing but fixed words is sent.

use crate::error::{PeerFault, Refusal};
use crate::wire::{Plain, Wire};
use crate::{Error, LogAnswer, Protocol, Timeouts};

/// The longest line that is read before TLS.
const MAX_LINE: usize = 2048;
/// The most lines that are read for one answer before TLS.
const MAX_LINES: usize = 100;

/// Reads the greeting and asks for TLS. When it returns the server waits for the handshake.
pub(crate) async fn negotiate(
    mut wire: Wire<Plain>,
    protocol: Protocol,
    timeouts: &Timeouts,
) -> Result<Wire<Plain>, Error> {
    wire.begin("the greeting", timeouts.progress);
    match protocol {
        Protocol::Smtp => smtp(&mut wire, timeouts).await?,
        Protocol::Imap => imap(&mut wire, timeouts).await?,
        Protocol::Pop3 => pop3(&mut wire, timeouts).await?,
    }
    Ok(wire)
}

/// Sends one of the fixed lines.
async fn say(
    wire: &mut Wire<Plain>,
    verb: &'static str,
    line: &[u8],
    timeouts: &Timeouts,
) -> Result<(), Error> {
    wire.begin(verb, timeouts.progress);
    wire.log().command(verb);
    wire.send(line).await
}

/// RFC 3207. The name in EHLO says nothing about this host, and neither does the one sent after TLS.
async fn smtp(wire: &mut Wire<Plain>, timeouts: &Timeouts) -> Result<(), Error> {
    smtp_reply(wire, 220, "the greeting").await?;
    say(wire, "EHLO", b"EHLO [127.0.0.1]\r\n", timeouts).await?;
    smtp_reply(wire, 250, "EHLO").await?;
    say(wire, "STARTTLS", b"STARTTLS\r\n", timeouts).await?;
    smtp_reply(wire, 220, "STARTTLS").await
}

/// Reads one SMTP reply and accepts it where its code is `wanted`.
async fn smtp_reply(wire: &mut Wire<Plain>, wanted: u16, step: &'static str) -> Result<(), Error> {
    for _ in 0..MAX_LINES {
        let line = wire.read_line(MAX_LINE).await?;
        let unexpected = || Error::from(PeerFault::unexpected(step, &line));
        let (code, rest) = line.split_at_checked(3).ok_or_else(unexpected)?;
        let code: u16 =
            std::str::from_utf8(code).ok().and_then(|code| code.parse().ok()).ok_or_else(unexpected)?;
        match rest.first() {
            Some(b'-') => {}
            Some(b' ') | None => {
                wire.log().reply(step, LogAnswer::Code(code));
                return match code {
                    _ if code == wanted => Ok(()),
                    // It may end the session whatever was asked (RFC 5321, section 3.8).
                    421 => Err(goodbye(rest)),
                    400..=599 => Err(refused(step, Some(code), rest)),
                    _ => Err(unexpected()),
                };
            }
            Some(_) => return Err(unexpected()),
        }
    }
    Err(too_many_lines())
}

/// RFC 9051, section 6.2.1.
async fn imap(wire: &mut Wire<Plain>, timeouts: &Timeouts) -> Result<(), Error> {
    let greeting = wire.read_line(MAX_LINE).await?;
    let word = greeting
        .strip_prefix(b"* ")
        .unwrap_or_default()
        .split(|&byte| byte == b' ')
        .next()
        .unwrap_or_default();
    match word.to_ascii_uppercase().as_slice() {
        b"OK" => {}
        b"PREAUTH" => return Err(PeerFault::PreauthBeforeTls.into()),
        b"BYE" => return Err(goodbye(&greeting)),
        _ => return Err(PeerFault::unexpected("the greeting", &greeting).into()),
    }
    say(wire, "STARTTLS", b"S1 STARTTLS\r\n", timeouts).await?;
    for _ in 0..MAX_LINES {
        let line = wire.read_line(MAX_LINE).await?;
        let unexpected = || Error::from(PeerFault::unexpected("STARTTLS", &line));
        if let Some(untagged) = line.strip_prefix(b"* ") {
            // Untagged data is nobody's business before TLS; a literal would make the next bytes data.
            match untagged {
                _ if untagged.ends_with(b"}") => return Err(unexpected()),
                _ if untagged.to_ascii_uppercase().starts_with(b"BYE") => return Err(goodbye(&line)),
                _ => continue,
            }
        }
        let answer = line.strip_prefix(b"S1 ").ok_or_else(unexpected)?;
        let (status, text) =
            answer.split_at(answer.iter().position(|&byte| byte == b' ').unwrap_or(answer.len()));
        let answer = match status.to_ascii_uppercase().as_slice() {
            b"OK" => LogAnswer::Ok,
            b"NO" => LogAnswer::No,
            b"BAD" => LogAnswer::Bad,
            _ => return Err(unexpected()),
        };
        wire.log().reply("STARTTLS", answer);
        return if answer == LogAnswer::Ok { Ok(()) } else { Err(refused("STARTTLS", None, text)) };
    }
    Err(too_many_lines())
}

/// RFC 2595, section 4.
async fn pop3(wire: &mut Wire<Plain>, timeouts: &Timeouts) -> Result<(), Error> {
    pop3_reply(wire, "the greeting").await?;
    say(wire, "STLS", b"STLS\r\n", timeouts).await?;
    pop3_reply(wire, "STLS").await
}

async fn pop3_reply(wire: &mut Wire<Plain>, step: &'static str) -> Result<(), Error> {
    let line = wire.read_line(MAX_LINE).await?;
    let (status, text) = line.split_at(line.iter().position(|&byte| byte == b' ').unwrap_or(line.len()));
    match status.to_ascii_uppercase().as_slice() {
        b"+OK" => {
            wire.log().reply(step, LogAnswer::Ok);
            Ok(())
        }
        b"-ERR" => {
            wire.log().reply(step, LogAnswer::No);
            Err(refused(step, None, text))
        }
        _ => Err(PeerFault::unexpected(step, &line).into()),
    }
}

/// A server that does not go on to TLS lacks what is needed; one that refuses the connection itself, or that may have TLS later
/// (RFC 3207, section 4: 454), says why.
fn refused(step: &'static str, code: Option<u16>, text: &[u8]) -> Error {
    match step {
        "STARTTLS" | "STLS" if code.is_none_or(|code| code >= 500) => Error::Unsupported { extension: step },
        _ => Error::Refused(Refusal { code, ..Refusal::new(step, text) }),
    }
}

fn goodbye(line: &[u8]) -> Error {
    PeerFault::Goodbye { text: crate::error::server_text(line) }.into()
}

const fn too_many_lines() -> Error {
    Error::LimitExceeded { what: "the lines of an answer before TLS", limit: MAX_LINES as u64 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Plays the server's part, given in advance; returns the outcome and what the client sent.
    async fn play(protocol: Protocol, server: &str) -> (Result<usize, Error>, String) {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(server.as_bytes()).await.unwrap();
        let (mut from_us, mut to_us) = tokio::io::split(theirs);
        to_us.shutdown().await.unwrap();
        let result = negotiate(Wire::plain(ours), protocol, &Timeouts::default()).await;
        let left = result.map(|wire| wire.buffered().len());
        let mut sent = String::new();
        from_us.read_to_string(&mut sent).await.unwrap();
        (left, sent)
    }

    #[tokio::test]
    async fn each_dialect_asks_with_fixed_words_only() {
        let (left, sent) =
            play(Protocol::Smtp, "220-a\r\n220 b\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n").await;
        assert_eq!((left, sent.as_str()), (Ok(0), "EHLO [127.0.0.1]\r\nSTARTTLS\r\n"));
        let (left, sent) = play(Protocol::Imap, "* OK hi\r\n* CAPABILITY X\r\ns1 OK no\r\n").await;
        let fault = PeerFault::Unexpected { step: "STARTTLS", line: "s1 OK no".to_owned() };
        assert_eq!((left, sent.as_str()), (Err(fault.into()), "S1 STARTTLS\r\n"));
        let (left, _) = play(Protocol::Imap, "* ok hi\r\nS1 ok go\r\n").await;
        assert_eq!(left, Ok(0));
        let (left, sent) = play(Protocol::Pop3, "+OK hi\r\n+OK go\r\n").await;
        assert_eq!((left, sent.as_str()), (Ok(0), "STLS\r\n"));
    }

    #[tokio::test]
    async fn a_server_without_tls_is_unsupported_and_gets_nothing_more() {
        for (dialect, server, extension) in [
            (Protocol::Smtp, "220 a\r\n250 a\r\n502 5.5.1 unknown\r\n", "STARTTLS"),
            (Protocol::Imap, "* OK a\r\nS1 BAD unknown\r\n", "STARTTLS"),
            (Protocol::Imap, "* OK a\r\nS1 NO later\r\n", "STARTTLS"),
            (Protocol::Pop3, "+OK a\r\n-ERR unknown\r\n", "STLS"),
        ] {
            assert_eq!(play(dialect, server).await.0, Err(Error::Unsupported { extension }));
        }
    }

    #[tokio::test]
    async fn a_server_that_may_have_tls_later_says_so() {
        let (left, sent) = play(Protocol::Smtp, "220 a\r\n250 a\r\n454 4.7.0 later\r\n").await;
        let later = Refusal { code: Some(454), ..Refusal::new("STARTTLS", b"4.7.0 later") };
        assert!(Error::Refused(later.clone()).is_retryable());
        assert_eq!((left, sent.as_str()), (Err(Error::Refused(later)), "EHLO [127.0.0.1]\r\nSTARTTLS\r\n"));
        let refused = Refusal { code: Some(554), ..Refusal::new("the greeting", b"no") };
        assert_eq!(play(Protocol::Smtp, "554 no\r\n").await.0, Err(Error::Refused(refused)));
    }

    #[tokio::test]
    async fn lies_before_tls_are_typed_errors() {
        use PeerFault::*;
        let unexpected = |step, line: &str| Error::from(Unexpected { step, line: line.to_owned() });
        for (dialect, server, error) in [
            (Protocol::Imap, "* PREAUTH in\r\n", PreauthBeforeTls.into()),
            (Protocol::Imap, "* preauth in\r\n", PreauthBeforeTls.into()),
            (Protocol::Imap, "* BYE off\r\n", Goodbye { text: "* BYE off".to_owned() }.into()),
            (Protocol::Imap, "+OK hi\r\n", unexpected("the greeting", "+OK hi")),
            (Protocol::Imap, "* OK hi\r\n* LIST () NIL {3}\r\n", unexpected("STARTTLS", "* LIST () NIL {3}")),
            (Protocol::Smtp, "220 a\r\n250xa\r\n", unexpected("EHLO", "250xa")),
            (Protocol::Smtp, "hi\r\n", unexpected("the greeting", "hi")),
            (Protocol::Smtp, "221 off\r\n", unexpected("the greeting", "221 off")),
            (Protocol::Smtp, "220 a\r\n250 b\r\n354 c\r\n", unexpected("STARTTLS", "354 c")),
            (Protocol::Smtp, "421 off\r\n", Goodbye { text: "off".to_owned() }.into()),
            (Protocol::Smtp, "220 a\r\n250 b\r\n421 off\r\n", Goodbye { text: "off".to_owned() }.into()),
            (Protocol::Pop3, "* OK\r\n", unexpected("the greeting", "* OK")),
            (Protocol::Pop3, "+OK\r\n", Disconnected { step: "STLS" }.into()),
        ] {
            assert_eq!(play(dialect, server).await.0, Err(error), "{server:?}");
        }
    }

    #[tokio::test]
    async fn lines_and_their_number_have_limits() {
        let line = |excess: usize| "x".repeat(MAX_LINE + excess - 8);
        let many = |line: &str, count: usize| line.repeat(count);
        let length = Error::LimitExceeded { what: "the length of a line", limit: MAX_LINE as u64 };
        for (dialect, at, past, error) in [
            (
                Protocol::Smtp,
                format!("220-    {}\r\n220 a\r\n250 a\r\n220 go\r\n", line(0)),
                format!("220-    {}\r\n220 a\r\n", line(1)),
                length.clone(),
            ),
            (
                Protocol::Imap,
                format!("* OK    {}\r\nS1 OK go\r\n", line(0)),
                format!("* OK    {}\r\nS1 OK go\r\n", line(1)),
                length.clone(),
            ),
            (
                Protocol::Pop3,
                format!("+OK     {}\r\n+OK go\r\n", line(0)),
                format!("+OK     {}\r\n+OK go\r\n", line(1)),
                length,
            ),
            (
                Protocol::Smtp,
                format!("220 a\r\n{}250 a\r\n220 go\r\n", many("250-x\r\n", MAX_LINES - 1)),
                format!("220 a\r\n{}250 a\r\n220 go\r\n", many("250-x\r\n", MAX_LINES)),
                too_many_lines(),
            ),
            (
                Protocol::Imap,
                format!("* OK a\r\n{}S1 OK go\r\n", many("* X\r\n", MAX_LINES - 1)),
                format!("* OK a\r\n{}S1 OK go\r\n", many("* X\r\n", MAX_LINES)),
                too_many_lines(),
            ),
        ] {
            assert_eq!(play(dialect, &at).await.0, Ok(0), "{dialect:?}");
            assert_eq!(play(dialect, &past).await.0, Err(error), "{dialect:?}");
        }
    }

    #[tokio::test]
    async fn what_follows_the_answer_stays_visible_to_the_upgrade() {
        let (left, _) = play(Protocol::Pop3, "+OK hi\r\n+OK go\r\n+OK injected\r\n").await;
        assert_eq!(left, Ok(14));
    }
}
