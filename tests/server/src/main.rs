//! The in-memory server as a program, for tests in other languages; see the library's `control`.

use std::io;

use postseal_test_server::{Options, Protocol, TestServer, control};

/// Who can log in. The token is what the first of them may log in with besides.
const USERS: [(&str, &str); 3] =
    [("alice@example.test", "alice-pw"), ("bob@example.test", "bob-pw"), ("carol@example.test", "carol-pw")];

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let options =
        USERS.iter().fold(Options::new(), |options, (address, password)| options.user(address, password));
    let server = runtime.block_on(TestServer::start(options.names(&["localhost"])))?;
    let ports = |protocol, security| match protocol {
        Protocol::Smtp => server.smtp(security).port(),
        Protocol::Imap => server.imap(security).port(),
        Protocol::Pop3 => server.pop3(security).port(),
    };
    let hello = control::hello("localhost", &ports, server.ca(), &USERS)?;
    control::converse(&hello, io::stdin().lock(), io::stdout().lock(), |command| server.obey(command))?;
    runtime.block_on(server.stop());
    Ok(())
}
