//! The hostile IMAP server.

use std::io;

use super::ron::Value;
use super::stage::{Fate, Stage};

/// The mailboxes where a case names none.
const FOLDERS: [&str; 5] = ["INBOX", "Sent", "sent", "Trash", "Drafts"];

/// What the server does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotAuthenticated,
    Authenticated,
    Over,
}

/// Plays the server to the end of the conversation; `messages` are those of the inbox.
pub(super) async fn serve(stage: &mut Stage, messages: &[Vec<u8>]) -> io::Result<()> {
    let mut greeting = stage.case.overrides("greeting").map_or_else(|| greeting(stage), str::to_owned);
    greeting.push_str(stage.case.text("response_after_greeting").unwrap_or_default());
    stage.say(greeting).await?;
    let is_logged_in = stage.case.part("state").is_some_and(|state| state.name() != "NotAuthenticated");
    let mut state = if is_logged_in { State::Authenticated } else { State::NotAuthenticated };
    while state != State::Over {
        let line = stage.peer.line().await?;
        let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let command = rest.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        // Here what a case says instead comes before what it hides.
        if let Some(said) = stage.case.overrides(&command) {
            let said = said.replace("<tag>", tag);
            stage.say(said).await?;
            continue;
        }
        match stage.fate(&command) {
            Fate::Ignored => {}
            Fate::Hidden => stage.say(format!("{tag} BAD unknown command.\r\n")).await?,
            Fate::Answered(_) | Fate::CarriedOut if state == State::NotAuthenticated => {
                state = not_authenticated(stage, tag, &command, rest).await?;
            }
            Fate::Answered(_) | Fate::CarriedOut => {
                state = authenticated(stage, tag, &command, rest, messages).await?
            }
        }
    }
    Ok(())
}

fn greeting(stage: &Stage) -> String {
    let Some(greeting) = stage.case.part("greeting") else {
        return "* OK Fake IMAP server ready.\r\n".to_owned();
    };
    status(greeting, greeting.part("kind").unwrap_or(greeting).name(), "*")
}

/// A status response: its condition, its code, its text.
fn status(value: &Value, kind: &str, tag: &str) -> String {
    let code = value.part("code").and_then(|code| code.unnamed().next()).map(code).unwrap_or_default();
    let text = value.part("text").and_then(Value::text).unwrap_or_default();
    format!("{tag} {} {code}{text}\r\n", kind.to_ascii_uppercase())
}

/// `Alert` and `Capability(…[Imap4Rev1])`, in brackets.
fn code(value: &Value) -> String {
    let names = value.list().iter().map(capability);
    let words: Vec<String> = [value.name().to_ascii_uppercase()].into_iter().chain(names).collect();
    format!("[{}] ", words.join(" "))
}

/// `Imap4Rev1`, `Auth(Plain)`, `Compress(algorithm: Deflate)` and `Other(…("X"))`, as they are announced.
fn capability(value: &Value) -> String {
    let argument = value.unnamed().next().or_else(|| value.part("algorithm"));
    let argument = argument.map(|argument| value.text().unwrap_or(argument.name()));
    match (value.name(), argument) {
        ("Other", Some(name)) => name.to_owned(),
        (name, Some(argument)) => format!("{name}={argument}").to_ascii_uppercase(),
        (name, None) => name.to_ascii_uppercase(),
    }
}

async fn capabilities(stage: &mut Stage, tag: &str, state: State) -> io::Result<State> {
    let field = match (stage.peer.is_tls(), state) {
        (false, State::Authenticated) => "caps_auth",
        (false, _) => "caps",
        (true, State::Authenticated) => "caps_tls_auth",
        (true, _) => "caps_tls",
    };
    let names: Vec<String> = stage.case.items(field).iter().map(capability).chain(stage.mark()).collect();
    if names.is_empty() {
        // The program whose cases these are has no words for an empty list, and hangs up.
        return Ok(State::Over);
    }
    stage.say(format!("* CAPABILITY {}\r\n{tag} OK capability done.\r\n", names.join(" "))).await?;
    Ok(state)
}

async fn log_out(stage: &mut Stage, tag: &str) -> io::Result<State> {
    stage.say(format!("* BYE bye done.\r\n{tag} OK logout done.\r\n")).await?;
    Ok(State::Over)
}

async fn not_authenticated(stage: &mut Stage, tag: &str, command: &str, line: &str) -> io::Result<State> {
    match command {
        "CAPABILITY" => return capabilities(stage, tag, State::NotAuthenticated).await,
        "LOGOUT" => return log_out(stage, tag).await,
        "NOOP" => stage.say(format!("{tag} OK noop done.\r\n")).await?,
        "STARTTLS" => start_tls(stage, tag).await?,
        "LOGIN" => return admit(stage, tag, "login").await,
        "AUTHENTICATE" => {
            let mut words = line.split(' ').skip(1);
            let challenges: &[&str] = match (words.next().unwrap_or_default(), words.next()) {
                ("PLAIN", None) => &["+ \r\n"],
                ("PLAIN", Some(_)) => &[],
                ("LOGIN", None) => &["+ VXNlcm5hbWU6\r\n", "+ UGFzc3dvcmQ6\r\n"],
                ("LOGIN", Some(_)) => &["+ UGFzc3dvcmQ6\r\n"],
                _ => {
                    stage.say(format!("{tag} NO not supported.\r\n")).await?;
                    return Ok(State::NotAuthenticated);
                }
            };
            for challenge in challenges {
                stage.say(challenge).await?;
                stage.peer.line().await?;
            }
            return admit(stage, tag, "authenticate").await;
        }
        _ => unknown(stage, tag, command).await?,
    }
    Ok(State::NotAuthenticated)
}

async fn start_tls(stage: &mut Stage, tag: &str) -> io::Result<()> {
    let said =
        stage.case.text("starttls_response").unwrap_or("<tag> OK begin TLS now.\r\n").replace("<tag>", tag);
    stage.say(said).await?;
    if stage.case.flag("starttls_transition", true) {
        stage.peer.start_tls().await?;
    }
    match stage.case.text("response_after_tls").map(str::to_owned) {
        Some(said) => stage.say(said).await,
        None => Ok(()),
    }
}

/// Takes any credentials, unless the case says otherwise: `Some(No(…))`.
async fn admit(stage: &mut Stage, tag: &str, command: &str) -> io::Result<State> {
    let told = stage.case.part(&format!("override_{command}")).and_then(|value| value.unnamed().next());
    let (said, is_in) = told.map_or_else(
        || (format!("{tag} OK {command} done.\r\n"), true),
        |told| (status(told, told.name(), tag), told.name() == "Ok"),
    );
    stage.say(said).await?;
    Ok(if is_in { State::Authenticated } else { State::NotAuthenticated })
}

async fn unknown(stage: &mut Stage, tag: &str, command: &str) -> io::Result<()> {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_word(tag) {
        // Not even text: a handshake that nobody asked for.
        stage.peer.pass_over();
        return Ok(());
    }
    let said =
        if is_word(command) { format!("BAD {command} not allowed.") } else { "OK keep going.".to_owned() };
    stage.say(format!("{tag} {said}\r\n")).await
}

async fn authenticated(
    stage: &mut Stage,
    tag: &str,
    command: &str,
    line: &str,
    messages: &[Vec<u8>],
) -> io::Result<State> {
    match command {
        "CAPABILITY" => return capabilities(stage, tag, State::Authenticated).await,
        "LOGOUT" => return log_out(stage, tag).await,
        "STARTTLS" => {
            let code = "[CAPABILITY IMAP4REV1 AUTH=LOGIN]";
            stage.say(format!("{tag} NO {code} not allowed due to RFC.\r\n")).await?;
        }
        "LIST" | "LSUB" => list(stage, tag, command).await?,
        "SELECT" | "EXAMINE" => select(stage, tag, messages.len()).await?,
        "UID" => uid(stage, tag, line, messages).await?,
        "NOOP" | "CREATE" | "SUBSCRIBE" | "UNSUBSCRIBE" | "CLOSE" | "CHECK" => {
            stage.say(format!("{tag} OK {} done.\r\n", command.to_ascii_lowercase())).await?;
        }
        _ => unknown(stage, tag, command).await?,
    }
    Ok(State::Authenticated)
}

async fn list(stage: &mut Stage, tag: &str, command: &str) -> io::Result<()> {
    let named: Vec<String> = stage.case.texts("folders").map(str::to_owned).collect();
    let folders =
        if stage.case.part("folders").is_some() { named } else { FOLDERS.map(str::to_owned).to_vec() };
    let listed: String = folders.iter().map(|folder| format!("* {command} () \"/\" {folder}\r\n")).collect();
    stage.say(format!("{listed}{tag} OK {} done.\r\n", command.to_ascii_lowercase())).await
}

async fn select(stage: &mut Stage, tag: &str, count: usize) -> io::Result<()> {
    let told = stage.case.part("override_select").and_then(|value| value.unnamed().next());
    if let Some(said) = told.map(|told| status(told, told.name(), tag)) {
        return stage.say(said).await;
    }
    let flags = "(\\Answered \\Flagged \\Deleted \\Seen \\Draft)";
    let said = format!(
        "* FLAGS {flags}\r\n* {count} EXISTS\r\n* {count} RECENT\r\n\
         * OK [UNSEEN 1] first message without the \\Seen flag set.\r\n\
         * OK [PERMANENTFLAGS {flags}] flags the client can change permanently.\r\n\
         * OK [UIDNEXT {}] the next unique identifier value.\r\n\
         * OK [UIDVALIDITY 7] the unique identifier validity value.\r\n\
         {tag} OK [READ-WRITE] select/examine done.\r\n",
        count + 1
    );
    stage.say(said).await
}

/// UID SEARCH finds all, UID FETCH gives whole messages.
async fn uid(stage: &mut Stage, tag: &str, line: &str, messages: &[Vec<u8>]) -> io::Result<()> {
    let mut words = line.split(' ').skip(1);
    let (command, set) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if command == "SEARCH" {
        let found: String = (1..=messages.len()).map(|uid| format!(" {uid}")).collect();
        return stage.say(format!("* SEARCH{found}\r\n{tag} OK uid search done.\r\n")).await;
    }
    for (uid, message) in (1..).zip(messages).filter(|(uid, _)| is_in(*uid, set)) {
        let head = format!("* {uid} FETCH (UID {uid} RFC822.SIZE {0} BODY[] {{{0}}}\r\n", message.len());
        stage.peer.say([head.as_bytes(), message, b")\r\n"].concat()).await?;
    }
    stage.say(format!("{tag} OK fetch done.\r\n")).await
}

/// Whether a number is in a sequence set.
fn is_in(number: u32, set: &str) -> bool {
    set.split(',').any(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let (from, to) = (from.parse().unwrap_or(1), to.parse().unwrap_or(u32::MAX));
        (from..=to).contains(&number)
    })
}
