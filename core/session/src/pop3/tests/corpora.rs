//! What others found attackers to say: `../shared/corpora`, read where it is there.

use postseal_test_server::{Fault, Options, Protocol, Security as Port};

use super::against_server::{open, short, start, trusting};
use super::*;
use crate::PeerFault;
use crate::corpora::{corpus, files, value};

#[tokio::test]
async fn no_hostile_server_hears_a_secret_before_tls() {
    let name = "no_hostile_server_hears_a_secret_before_tls";
    let Some(folder) = corpus(name, "nostarttls-fake-mail-server/testcases/pop3") else { return };
    let (mut refused, mut opened) = (0, 0);
    for path in files(&folder, ".ron") {
        let case = std::fs::read_to_string(&path).unwrap();
        let server = start(Options::new().login_before_tls()).await;
        let places = [
            ("greeting", Fault::instead_of(0)),
            ("\"stls\"", Fault::instead_of("STLS")),
            ("stls_response", Fault::instead_of("STLS")),
        ];
        for (key, place) in places {
            if let Some(said) = value(&case, key) {
                server.inject(Protocol::Pop3, place.say(said));
            }
        }
        let timeouts = Timeouts { handshake: Duration::from_secs(2), ..short() };
        match open(&server, Port::StartTls, trusting(&server), timeouts).await {
            Ok(connection) => {
                opened += 1;
                connection.log_in(&alice()).await.unwrap();
            }
            Err(error) => {
                refused += 1;
                let is_typed = matches!(
                    error,
                    Error::Refused(_)
                        | Error::Unsupported { extension: "STLS" }
                        // A server that only pretends to want a handshake may answer to what it takes for a command.
                        | Error::Timeout { step: "the TLS handshake", .. }
                        | Error::Tls { .. }
                        | Error::Peer(PeerFault::PlaintextAfterStartTls { .. })
                );
                assert!(is_typed, "{}: {error:?}", path.display());
            }
        }
        for conversation in server.transcript() {
            let clear = conversation.client_bytes_in_the_clear();
            // A handshake that the server only pretends to want is no secret.
            let said = clear.strip_prefix(b"STLS\r\n").unwrap_or(&clear);
            assert!(said.is_empty() || said.starts_with(&[22, 3]), "{}", path.display());
            let secret = clear.windows(4).any(|word| matches!(word, b"USER" | b"PASS" | b"AUTH"));
            assert!(!secret, "{}", path.display());
        }
    }
    assert!(refused >= 10 && opened >= 5, "{refused} {opened}");
}
