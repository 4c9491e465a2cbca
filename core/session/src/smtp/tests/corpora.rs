//! What others found servers to say, and attackers: `../shared/corpora`, read where it is there.

use postseal_test_server::{Fault, Options, Protocol, Security as Port, TestServer};

use super::against_server::connect;
use super::*;
use crate::corpora::{corpus, files, value};
use crate::smtp::answer::Answer;
use crate::{PeerFault, SmtpExtensions};

#[tokio::test]
async fn what_real_servers_say_is_read() {
    let Some(folder) = corpus("what_real_servers_say_is_read", "mailkit-transcripts/Smtp") else { return };
    let replies = files(&folder, ".txt");
    assert!(replies.len() >= 20);
    for path in replies {
        let bytes = std::fs::read(&path).unwrap();
        let mut wire = Wire::scripted(std::io::Cursor::new(bytes));
        wire.begin("a reply", TIMEOUTS.progress);
        let answer = Answer::read(&mut wire).await.unwrap();
        assert!(wire.buffered().is_empty(), "{}", path.display());
        if path.ends_with("comcast-ehlo+pipelining.txt") {
            let extensions = SmtpExtensions::of(&answer);
            assert!(extensions.pipelining && extensions.eight_bit_mime && extensions.size);
            assert_eq!(extensions.max_size, Some(36_700_160));
            assert!(extensions.auth.contains(&"PLAIN".to_owned()));
        }
    }
}

/// The faults that a test case asks for.
fn faults(case: &str) -> Vec<Fault> {
    let places = [
        ("greeting", Fault::instead_of(0)),
        ("\"ehlo\"", Fault::instead_of("EHLO")),
        ("\"starttls\"", Fault::instead_of("STARTTLS")),
        ("stls_response", Fault::instead_of("STARTTLS")),
    ];
    let said = places.into_iter().filter_map(|(key, place)| Some(place.say(value(case, key)?)));
    let hidden =
        case.contains("hide_commands").then(|| Fault::instead_of("EHLO").refuse("500 5.5.1 unknown"));
    said.chain(hidden).collect()
}

#[tokio::test]
async fn no_hostile_server_hears_a_secret_before_tls() {
    let name = "no_hostile_server_hears_a_secret_before_tls";
    let Some(folder) = corpus(name, "nostarttls-fake-mail-server/testcases/smtp") else { return };
    let (mut refused, mut opened) = (0, 0);
    for path in files(&folder, ".ron") {
        let case = std::fs::read_to_string(&path).unwrap();
        let server =
            TestServer::start(Options::new().user("alice", "wonderland").login_before_tls()).await.unwrap();
        for fault in faults(&case) {
            server.inject(Protocol::Smtp, fault);
        }
        let short = Timeouts {
            handshake: Duration::from_millis(500),
            progress: Duration::from_millis(500),
            ..TIMEOUTS
        };
        match bounded(connect(&server, Port::StartTls, short)).await {
            Ok(connection) => {
                opened += 1;
                _ = bounded(connection.log_in(&alice())).await;
            }
            Err(error) => {
                refused += 1;
                let is_typed = matches!(
                    error,
                    Error::Refused(_)
                        | Error::Unsupported { .. }
                        | Error::Timeout { .. }
                        // A server that only pretends to want a handshake may answer to what it takes for a command.
                        | Error::Tls { .. }
                        | Error::Peer(
                            PeerFault::Unexpected { .. }
                                | PeerFault::Goodbye { .. }
                                | PeerFault::PlaintextAfterStartTls { .. }
                        )
                );
                assert!(is_typed, "{}: {error:?}", path.display());
            }
        }
        server.stop().await;
        for conversation in server.transcript() {
            let clear = conversation.client_bytes_in_the_clear();
            let harmless = b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n";
            // A handshake that the server pretends to want is no secret.
            let says = clear.get(..clear.len().min(harmless.len())).unwrap();
            assert!(harmless.starts_with(says), "{}", path.display());
            assert!(!clear.windows(4).any(|word| word == b"AUTH"), "{}", path.display());
        }
    }
    assert!(refused >= 20 && opened >= 2, "{refused} {opened}");
}
