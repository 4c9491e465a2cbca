//! Dovecot and Postfix as one program, for tests in other languages: it says in one line of JSON where they listen, and ends with its
//! standard input. The only command is `messages`.

use std::io;

use postseal_live::{Lab, USERS};
use postseal_test_server::{Protocol, control};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    if let Some(why) = Lab::unavailable() {
        return Err(io::Error::other(why));
    }
    let lab = Lab::start()?;
    let ports = |protocol, security| match protocol {
        Protocol::Smtp => lab.smtp(security).port(),
        Protocol::Imap => lab.imap(security).port(),
        Protocol::Pop3 => lab.pop3(security).port(),
    };
    let users: Vec<_> = USERS.iter().map(|user| (user.address, user.password)).collect();
    let hello = control::hello(postseal_live::HOST, &ports, lab.ca(), &users)?;
    control::converse(&hello, io::stdin().lock(), io::stdout().lock(), |command| obey(&lab, command))
}

fn obey(lab: &Lab, command: &Value) -> Result<Value, String> {
    let user = USERS.into_iter().find(|user| command["user"].as_str() == Some(user.address));
    match (command["do"].as_str(), user) {
        (Some("messages"), Some(user)) => {
            let messages = lab.mail_of(user).map_err(|error| error.to_string())?;
            Ok(json!({ "messages": control::encoded(messages) }))
        }
        _ => Err("the only command is `messages`, of one of the users".to_owned()),
    }
}
