//! What other languages take for the same work as Rust. These jobs run only where they are asked for by name, since a language's package
//! has to be built first: scripts/bench beside it does both.

use std::fs;
use std::path::{Path, PathBuf};

use postseal_message::openpgp::{KeyProfile, SecretKey, UserId};
use postseal_types::Address;

use crate::Result;
use crate::job::{Aim, Contestant, Job, Prepared, Scale};
use crate::letters;
use crate::sink::Sink;

pub(crate) fn jobs() -> Vec<Job> {
    let about = "attach a file of 20 MB by its path, seal the letter and send it, v6 keys";
    vec![
        Job { name: "send-kotlin", about, prepare: |scale| send(scale, "kotlin") },
        Job { name: "send-swift", about, prepare: |scale| send(scale, "swift") },
    ]
}

/// The language's contestant is a program beside its package.
fn send(scale: Scale, language: &'static str) -> Result<Prepared> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sink = Sink::start(true)?;
    // Within the repository: a language whose tools stand in a root of their own sees no other folder.
    let folder = tempfile::tempdir_in(repository.join("target"))?;
    let (root, key, file) =
        (folder.path().join("root.pem"), folder.path().join("key"), folder.path().join("archive.bin"));
    let mut target = sink.target();
    fs::copy(&target.root, &root)?;
    target.root = root;
    write_key(&target.user, &key)?;
    fs::write(&file, letters::noise(scale.pick(20_000_000, 1_000), 0))?;

    let files = [key, file].map(|path: PathBuf| path.display().to_string());
    let arguments: Vec<String> = target.arguments().into_iter().chain(files).collect();
    let program = repository.join("bindings").join(language).join("bench/contestant");
    let words = [program.display().to_string(), "send-file".to_owned()].into_iter().chain(arguments.clone());
    Ok(Prepared {
        contestants: vec![
            Contestant { name: language, command: words.map(Into::into).collect() },
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
