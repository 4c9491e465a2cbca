//! The hostile submission server.

use std::io;

use super::ron::Value;
use super::stage::{Fate, Stage};

/// Plays the server to the end of the conversation.
pub(super) async fn serve(stage: &mut Stage) -> io::Result<()> {
    let greeting = stage.case.text("greeting").unwrap_or("220 smtp.example.com ESMTP fake\r\n").to_owned();
    stage.say(greeting).await?;
    loop {
        let line = stage.peer.line().await?;
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        match stage.fate(command) {
            Fate::Ignored => {}
            Fate::Hidden => stage.say("502 command not recognized\r\n").await?,
            Fate::Answered(said) => stage.say(said).await?,
            Fate::CarriedOut => match command.to_ascii_uppercase().as_str() {
                "EHLO" => ehlo(stage).await?,
                "STARTTLS" => start_tls(stage).await?,
                "AUTH" => auth(stage, argument).await?,
                "DATA" => data(stage).await?,
                "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => stage.say("250 ...\r\n").await?,
                "QUIT" => return stage.say("221 ...\r\n").await,
                // What is no command is passed over without a word.
                _ => {}
            },
        }
    }
}

async fn ehlo(stage: &mut Stage) -> io::Result<()> {
    let field = if stage.peer.is_tls() { "capabilities_tls" } else { "capabilities" };
    let offered = stage.case.items(field).iter().map(capability).chain(stage.mark());
    let mut lines = vec!["example.org ...".to_owned()];
    lines.extend(offered);
    let last = lines.len() - 1;
    let mark = |at| if at == last { ' ' } else { '-' };
    let reply: String =
        lines.iter().enumerate().map(|(at, line)| format!("250{}{line}\r\n", mark(at))).collect();
    stage.say(reply).await
}

/// `StartTLS` and `Auth([Plain, Other("X")])`, as they are announced.
fn capability(value: &Value) -> String {
    let mechanisms = value.list().iter().map(|one| one.text().unwrap_or(one.name()));
    let words = [value.name()].into_iter().chain(mechanisms);
    words.collect::<Vec<_>>().join(" ").to_ascii_uppercase()
}

async fn start_tls(stage: &mut Stage) -> io::Result<()> {
    let said = stage.case.text("stls_response").unwrap_or("220 Ready to start TLS\r\n").to_owned();
    stage.say(said).await?;
    if stage.case.flag("stls_make_transition", true) { stage.peer.start_tls().await } else { Ok(()) }
}

/// Takes any credentials.
async fn auth(stage: &mut Stage, argument: &str) -> io::Result<()> {
    let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
    let challenges: &[&str] = match (mechanism.to_ascii_uppercase().as_str(), initial) {
        ("PLAIN", "") => &["334 ...\r\n"],
        ("PLAIN", _) => &[],
        ("LOGIN", "") => &["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"],
        ("LOGIN", _) => &["334 UGFzc3dvcmQ6\r\n"],
        _ => return Ok(()),
    };
    for challenge in challenges {
        stage.say(challenge).await?;
        stage.peer.line().await?;
    }
    stage.say("235 ...\r\n").await
}

async fn data(stage: &mut Stage) -> io::Result<()> {
    stage.say("354 ...\r\n").await?;
    while stage.peer.line().await? != "." {}
    stage.say("250 ...\r\n").await
}
