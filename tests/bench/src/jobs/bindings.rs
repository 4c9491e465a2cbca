//! What other languages take for the same work as Rust. These jobs run only where they are asked for by name, since a language's package
//! has to be built first: `cargo xtask bench bindings` does both.

use std::fs;
use std::path::{Path, PathBuf};

use postseal_live::Lab;
use postseal_message::openpgp::{KeyProfile, SecretKey, UserId};
use postseal_types::Address;
use tempfile::TempDir;

use crate::Result;
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::letters;
use crate::mailbox::Served;
use crate::sink::Sink;

const FETCH: &str = "all messages of a mailbox in Dovecot, over IMAP";

pub(crate) fn jobs() -> Vec<Job> {
    let about = "attach a file of 20 MB by its path, seal the letter and send it, v6 keys";
    vec![
        Job { name: "fetch-python", about: FETCH, prepare: fetch_python },
        Job { name: "fetch-swift", about: FETCH, prepare: |scale| fetch(scale, "swift") },
        Job { name: "send-python", about, prepare: |scale| send(scale, "python", python_sender) },
        Job { name: "send-kotlin", about, prepare: |scale| send(scale, "kotlin", sender) },
        Job { name: "send-swift", about, prepare: |scale| send(scale, "swift", sender) },
    ]
}

/// By the package, with and without an event loop, and by the standard library, which asks for ranges of UIDs as a quick program does.
fn fetch_python(scale: Scale) -> Result<Prepared> {
    if let Some(why) = Lab::unavailable() {
        return Ok(Prepared::impossible(why));
    }
    let served = Served::start(scale.pick(2000, 20))?;
    let target = served.imap().arguments();
    let by = |way: &'static str| {
        let arguments = std::iter::once(way.to_owned()).chain(target.clone());
        Contestant::script(way, package("python").join("bench/fetch.py"), arguments)
    };
    Ok(Prepared {
        contestants: vec![
            by("asyncio")?,
            by("blocking")?,
            by("imaplib")?,
            Contestant::own("rust", "imap-ours", target.clone())?,
        ],
        baseline: "rust",
        aims: vec![
            Aim::Within { factor: 1.3, of: "rust" },
            Aim::Within { factor: 1.0, of: "imaplib" },
            Aim::Processor { factor: 1.0, of: "imaplib" },
        ],
        missing: Vec::new(),
        lasting: vec![Box::new(served)],
    })
}

/// By a program beside the language's package.
fn fetch(scale: Scale, language: &'static str) -> Result<Prepared> {
    if let Some(why) = Lab::unavailable() {
        return Ok(Prepared::impossible(why));
    }
    let served = Served::start(scale.pick(2000, 20))?;
    let (mut target, folder) = (served.imap(), within_repository()?);
    let root = folder.path().join("root.pem");
    fs::copy(&target.root, &root)?;
    target.root = root;
    Ok(Prepared {
        contestants: vec![
            program(language, "fetch", target.arguments()),
            Contestant::own("rust", "imap-ours", target.arguments())?,
        ],
        baseline: "rust",
        aims: vec![Aim::Within { factor: 1.3, of: "rust" }],
        missing: Vec::new(),
        lasting: vec![Box::new(served), Box::new(folder)],
    })
}

/// A folder that a language sees, too, whose tools stand in a root of their own.
fn within_repository() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(repository().join("target"))?)
}

/// Makes a contestant from its name and arguments.
type Sender = fn(&'static str, Vec<String>) -> Result<Contestant>;

fn python_sender(name: &'static str, arguments: Vec<String>) -> Result<Contestant> {
    Contestant::script(name, package(name).join("bench/send.py"), arguments)
}

fn sender(name: &'static str, arguments: Vec<String>) -> Result<Contestant> {
    Ok(program(name, "send-file", arguments))
}

/// The program beside the language's package.
fn program(language: &'static str, work: &str, arguments: Vec<String>) -> Contestant {
    let program = package(language).join("bench/contestant").display().to_string();
    let words = [program, work.to_owned()].into_iter().chain(arguments);
    Contestant { name: language, command: words.map(Into::into).collect() }
}

fn package(language: &str) -> PathBuf {
    repository().join("bindings").join(language)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn send(scale: Scale, language: &'static str, by: Sender) -> Result<Prepared> {
    let sink = Sink::start(true)?;
    let folder = within_repository()?;
    let (root, key, file) =
        (folder.path().join("root.pem"), folder.path().join("key"), folder.path().join("archive.bin"));
    let mut target = sink.target();
    fs::copy(&target.root, &root)?;
    target.root = root;
    write_key(&target.user, &key)?;
    fs::write(&file, letters::noise(scale.pick(20_000_000, 1_000), 0))?;

    let files = [key, file].map(|path: PathBuf| path.display().to_string());
    let arguments: Vec<String> = target.arguments().into_iter().chain(files).collect();
    Ok(Prepared {
        contestants: vec![
            by(language, arguments.clone())?,
            Contestant::own("rust", "send-file-ours", arguments)?,
        ],
        baseline: "rust",
        aims: vec![Aim::Within { factor: 1.1, of: "rust" }],
        missing: Vec::new(),
        lasting: vec![Box::new(sink), Box::new(folder)],
    })
}

/// A key without a passphrase.
fn write_key(address: &str, file: &Path) -> Result<()> {
    let user_id = UserId::new(None, &Address::parse(address)?);
    let (key, _) = SecretKey::generate(KeyProfile::Modern, &user_id, None, letters::now())?;
    Ok(fs::write(file, key.dangerous_export_unprotected().expose())?)
}
