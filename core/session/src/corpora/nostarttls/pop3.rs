//! The hostile POP3 server.

use std::io;

use super::stage::{Fate, Stage};

/// The messages in every maildrop.
pub(super) const MESSAGES: [&str; 2] = [
    "From: A\r\nTo: B\r\nSubject: 1\r\n\r\nHello, World 1!\r\n",
    "From: A\r\nTo: B\r\nSubject: 2\r\n\r\nHello, World 2!\r\n",
];

/// Plays the server to the end of the conversation.
pub(super) async fn serve(stage: &mut Stage) -> io::Result<()> {
    let greeting = stage.case.text("greeting").unwrap_or("+OK\r\n").to_owned();
    stage.say(greeting).await?;
    let mut is_logged_in = false;
    loop {
        let line = stage.peer.line().await?;
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let command = command.to_ascii_uppercase();
        // AUTH alone asks for the mechanisms, and goes by a name of its own.
        let name = if line.eq_ignore_ascii_case("AUTH") { "AUTHLIST" } else { &command };
        match stage.fate(name) {
            Fate::Ignored => {}
            Fate::Hidden => stage.say("-ERR bad command\r\n").await?,
            Fate::Answered(said) => stage.say(said).await?,
            Fate::CarriedOut => match name {
                "CAPA" => capabilities(stage, is_logged_in).await?,
                "QUIT" => return stage.say("+OK Fake logging out.\r\n").await,
                _ if is_logged_in => transaction(stage, name, argument).await?,
                _ => is_logged_in = authorization(stage, name, argument).await?,
            },
        }
    }
}

/// Before the login; whether that has happened.
async fn authorization(stage: &mut Stage, command: &str, argument: &str) -> io::Result<bool> {
    match command {
        "USER" => stage.say("+OK user ok\r\n").await?,
        "PASS" => {
            stage.say("+OK pass ok\r\n").await?;
            return Ok(true);
        }
        "STLS" => {
            let said = stage.case.text("stls_response").unwrap_or("+OK Begin fake TLS negotiation now.\r\n");
            let said = said.to_owned();
            stage.say(said).await?;
            if stage.case.flag("stls_make_transition", true) {
                stage.peer.start_tls().await?;
            }
        }
        "AUTHLIST" => stage.say("+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n").await?,
        "AUTH" => return auth(stage, argument).await,
        // What is no command is passed over without a word.
        _ => {}
    }
    Ok(false)
}

/// Takes any credentials.
async fn auth(stage: &mut Stage, argument: &str) -> io::Result<bool> {
    let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
    let challenges: &[&str] = match (mechanism.to_ascii_uppercase().as_str(), initial) {
        ("PLAIN", "") => &["+ \r\n"],
        ("PLAIN", _) => &[],
        ("LOGIN", "") => &["+ VXNlcm5hbWU6\r\n", "+ UGFzc3dvcmQ6\r\n"],
        ("LOGIN", _) => &["+ UGFzc3dvcmQ6\r\n"],
        _ => {
            stage.say("-ERR not supported.\r\n").await?;
            return Ok(false);
        }
    };
    for challenge in challenges {
        stage.say(challenge).await?;
        stage.peer.line().await?;
    }
    stage.say("+OK Fake maildrop locked and ready.\r\n").await?;
    Ok(true)
}

/// The program whose cases these are forgets the status line after a login; here it is said, so that the session goes on.
async fn capabilities(stage: &mut Stage, is_logged_in: bool) -> io::Result<()> {
    let field = match (stage.peer.is_tls(), is_logged_in) {
        (false, false) => "capa",
        (false, true) => "capa_auth",
        (true, false) => "capa_tls",
        (true, true) => "capa_tls_auth",
    };
    let offered: Vec<String> = stage.case.texts(field).map(str::to_owned).chain(stage.mark()).collect();
    stage.say(format!("+OK list of capabilities\r\n{}\r\n.\r\n", offered.join("\r\n"))).await
}

async fn transaction(stage: &mut Stage, command: &str, argument: &str) -> io::Result<()> {
    let number = argument.split(' ').next().and_then(|word| word.parse::<usize>().ok());
    let message = number.and_then(|number| MESSAGES.get(number.checked_sub(1)?));
    let answer = match (command, message) {
        ("STAT", _) => "+OK 2 92\r\n".to_owned(),
        ("LIST", None) => "+OK 2 messages (92 octets)\r\n1 46\r\n2 46\r\n.\r\n".to_owned(),
        ("UIDL", None) => "+OK\r\n1 AAAAAAAA\r\n2 BBBBBBBB\r\n.\r\n".to_owned(),
        ("RETR", Some(message)) => format!("+OK 46 octets\r\n{message}.\r\n"),
        ("TOP", Some(message)) => format!("+OK\r\n{message}.\r\n"),
        ("LIST" | "DELE" | "UIDL", Some(_)) | ("NOOP" | "RSET", _) => "+OK\r\n".to_owned(),
        _ => "-ERR no such message\r\n".to_owned(),
    };
    stage.say(answer).await
}
