//! What is done to messages: sealing and opening them, and parsing many.

use std::fs;
use std::path::Path;

use postseal_interop::Gpg;
use postseal_message::mime::{Limits, Message};
use postseal_message::openpgp::{KeyProfile, Keyring, SecretKey, UserId};
use postseal_message::pgpmime::{Protection, open, seal};
use postseal_types::Address;
use tempfile::TempDir;

use crate::Result;
use crate::contestants::{CONTENT, DATA, KEYS, MESSAGE, nth, packed};
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::letters;

const SMALL: usize = 1_000;
const LARGE: usize = 20_000_000;
/// The file of a letter that is a message of 25 MB once it is sealed.
const FOR_25_MB: usize = 13_285_000;

pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "seal-1k",
            about: "sign and encrypt letters of 1 KB, v4 keys",
            prepare: |scale| pgp(scale, "seal", KeyProfile::Compatible, SMALL),
        },
        Job {
            name: "open-1k",
            about: "decrypt and verify letters of 1 KB, v4 keys",
            prepare: |scale| pgp(scale, "open", KeyProfile::Compatible, SMALL),
        },
        Job {
            name: "seal-20m",
            about: "sign and encrypt a letter with a file of 20 MB, v4 keys",
            prepare: |scale| pgp(scale, "seal", KeyProfile::Compatible, LARGE),
        },
        Job {
            name: "open-20m",
            about: "decrypt and verify a letter with a file of 20 MB, v4 keys",
            prepare: |scale| pgp(scale, "open", KeyProfile::Compatible, LARGE),
        },
        Job {
            name: "seal-1k-v6",
            about: "sign and encrypt letters of 1 KB, v6 keys",
            prepare: |scale| pgp(scale, "seal", KeyProfile::Modern, SMALL),
        },
        Job {
            name: "open-1k-v6",
            about: "decrypt and verify letters of 1 KB, v6 keys",
            prepare: |scale| pgp(scale, "open", KeyProfile::Modern, SMALL),
        },
        Job {
            name: "seal-20m-v6",
            about: "sign and encrypt a letter with a file of 20 MB, v6 keys",
            prepare: |scale| pgp(scale, "seal", KeyProfile::Modern, LARGE),
        },
        Job {
            name: "open-20m-v6",
            about: "decrypt and verify a letter with a file of 20 MB, v6 keys",
            prepare: |scale| pgp(scale, "open", KeyProfile::Modern, LARGE),
        },
        Job { name: "open-25m-memory", about: "open a message of 25 MB", prepare: open_in_little_memory },
        Job {
            name: "parse-list",
            about: "parse messages for what a list of them shows",
            prepare: |scale| parse(scale, "list"),
        },
        Job {
            name: "parse-whole",
            about: "parse messages, and decode every text and file",
            prepare: |scale| parse(scale, "read"),
        },
    ]
}

fn pgp(scale: Scale, what: &str, profile: KeyProfile, size: usize) -> Result<Prepared> {
    let count = scale.pick(if size == SMALL { 200 } else { 1 }, 1);
    let size = scale.pick(size, SMALL);
    let folder = tempfile::tempdir()?;
    write_letters(folder.path(), profile, size, count)?;
    let arguments = [folder.path().display().to_string(), count.to_string(), size.to_string()];
    let contestant = |name: &'static str| Contestant::own(name, &format!("{what}-{name}"), arguments.clone());
    let mut contestants = vec![contestant("ours")?, contestant("sequoia")?];
    let mut missing = Vec::new();
    // GnuPG knows no v6 keys.
    if profile == KeyProfile::Compatible {
        match Gpg::unavailable() {
            None => contestants.push(contestant("gpg")?),
            Some(why) => missing.push(why),
        }
    }
    Ok(Prepared {
        contestants,
        baseline: "sequoia",
        aims: vec![Aim::Within { factor: 1.1, of: "sequoia" }],
        missing,
        lasting: vec![Box::new(folder)],
    })
}

fn open_in_little_memory(scale: Scale) -> Result<Prepared> {
    let size = scale.pick(FOR_25_MB, SMALL);
    let folder = tempfile::tempdir()?;
    let length = write_letters(folder.path(), KeyProfile::Compatible, size, 1)?;
    let arguments = [folder.path().display().to_string(), "1".to_owned(), size.to_string()];
    Ok(Prepared {
        contestants: vec![
            Contestant::own("ours", "open-ours", arguments.clone())?,
            Contestant::own("sequoia", "open-sequoia", arguments)?,
        ],
        baseline: "sequoia",
        // The program itself has to fit in, too.
        aims: vec![Aim::Memory(scale.pick(4 * length, 100_000_000))],
        missing: Vec::new(),
        lasting: vec![Box::new(folder)],
    })
}

/// Makes keys, and a letter that Alice sealed for Bob so many times; tells the length of a message.
fn write_letters(folder: &Path, profile: KeyProfile, size: usize, count: usize) -> Result<u64> {
    let mut keyring = Keyring::new();
    for (name, file) in ["alice", "bob"].into_iter().zip(KEYS) {
        let user_id = UserId::new(Some(name), &Address::parse(&format!("{name}@example.test"))?);
        let (key, _) = SecretKey::generate(profile, &user_id, None, letters::now())?;
        fs::write(folder.join(file), key.dangerous_export_unprotected().expose())?;
        keyring.add_secret_key(key);
    }
    let letter = letters::letter(size)?;
    let mut length = 0;
    for index in 0..count {
        let sealed =
            seal(&letter, Protection::SignAndEncrypt, &keyring, &Default::default(), letters::now())?;
        let message = sealed.copies.into_iter().next().ok_or("no copy")?.bytes;
        fs::write(folder.join(nth(MESSAGE, index)), &message)?;
        let parsed = Message::parse(message, &Limits::default())?;
        let data = parsed.root().children().nth(1).ok_or("no encrypted part")?;
        fs::write(folder.join(nth(DATA, index)), data.raw_body())?;
        length = parsed.as_bytes().len() as u64;
        if index == 0 {
            let opened = open(parsed.as_bytes(), &keyring, &Default::default(), letters::now())?;
            fs::write(folder.join(CONTENT), opened.message.as_bytes())?;
        }
    }
    Ok(length)
}

fn parse(scale: Scale, what: &str) -> Result<Prepared> {
    let folder = TempDir::new()?;
    let file = folder.path().join("inbox");
    fs::write(&file, packed(letters::inbox(scale.pick(10_000, 20)))?)?;
    let contestant =
        |name: &'static str| Contestant::own(name, &format!("{what}-{name}"), [file.display().to_string()]);
    Ok(Prepared {
        contestants: vec![contestant("ours")?, contestant("mail-parser")?],
        baseline: "mail-parser",
        aims: vec![Aim::Within { factor: 1.2, of: "mail-parser" }],
        missing: Vec::new(),
        lasting: vec![Box::new(folder)],
    })
}
