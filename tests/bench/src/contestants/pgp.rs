//! Sealing and opening a letter, again and again: ours and GnuPG; [`super::sequoia`] has the operations beneath ours.
//!
//! All have the same keys, sign by SHA-512, and compress nothing. The clock runs from where keys and letter are in memory. What many
//! small letters take is the median of one, so many times: that of a letter is too short for a loaded machine not to show in the sum.

use std::path::Path;
use std::time::Instant;

use postseal_interop::{Compression, Gpg};
use postseal_message::openpgp::{Keyring, SecretKey};
use postseal_message::pgpmime::{Protection, VerdictLevel, open, seal};

use super::Named;
use super::sequoia;
use crate::Result;
use crate::letters;
use crate::work::Work;

pub(crate) const ALL: &[Named] = &[
    ("seal-ours", seal_ours),
    ("seal-sequoia", sequoia::seal),
    ("seal-gpg", seal_gpg),
    ("open-ours", open_ours),
    ("open-sequoia", sequoia::open),
    ("open-gpg", open_gpg),
];

/// The files of a task: the secret keys; letters as messages, of each the encrypted data (see [`nth`]), and what is inside.
pub(crate) const KEYS: [&str; 2] = ["alice.key", "bob.key"];
pub(crate) const MESSAGE: &str = "message.eml";
pub(crate) const DATA: &str = "data.asc";
pub(crate) const CONTENT: &str = "content.eml";

/// The file of the letter with this index. Each is sealed anew: a signature that was verified once is remembered by Sequoia.
pub(crate) fn nth(name: &str, index: usize) -> String {
    format!("{index}-{name}")
}

/// What is to be done.
pub(crate) struct Task<'a> {
    folder: &'a Path,
    /// How many times.
    pub(crate) count: usize,
    /// The size of the letter.
    size: usize,
}

impl<'a> Task<'a> {
    /// Reads the arguments: the folder, how many times, the size of the letter.
    pub(crate) fn parse(arguments: &'a [String]) -> Result<Self> {
        let [folder, count, size] = arguments else { return Err("a folder, a number, a size".into()) };
        Ok(Self { folder: Path::new(folder), count: count.parse()?, size: size.parse()? })
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.folder.join(name))?)
    }

    /// One for each time.
    pub(crate) fn read_each(&self, name: &str) -> Result<Vec<Vec<u8>>> {
        (0..self.count).map(|index| self.read(&nth(name, index))).collect()
    }

    fn keyring(&self) -> Result<Keyring> {
        let mut keyring = Keyring::new();
        for name in KEYS {
            keyring.add_secret_key(SecretKey::import(&self.read(name)?)?);
        }
        Ok(keyring)
    }

    fn gpg(&self) -> Result<Gpg> {
        let gpg = Gpg::new()?;
        for name in KEYS {
            gpg.import(&self.read(name)?)?;
        }
        Ok(gpg)
    }

    /// Does `one` with each of the inputs, and looks at the last outcome with `content`, which gives the octets that were sealed.
    pub(crate) fn repeat<I, T>(
        &self,
        inputs: Vec<I>,
        mut one: impl FnMut(I) -> Result<T>,
        content: impl FnOnce(T) -> Result<usize>,
    ) -> Result<Work> {
        // The buffers of sequoia-openpgp are large: until a process has freed a larger block once, glibc may give their memory back to
        // the system after each letter. All begin with the same past. (Nothing of a block of zeros is resident.)
        drop(std::hint::black_box(vec![0_u8; 16 << 20]));
        let (mut last, mut times) = (None, Vec::with_capacity(self.count));
        for input in inputs {
            let begun = Instant::now();
            let outcome = one(input)?;
            times.push(begun.elapsed());
            last = Some(outcome);
        }
        times.sort();
        let took = times.get(self.count / 2).copied().unwrap_or_default() * u32::try_from(self.count)?;
        let content = content(last.ok_or("nothing to do")?)?;
        let work = Work::default().with("letters", self.count as u64).with("octets", content as u64);
        Ok(work.in_time(took))
    }
}

fn seal_ours(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    let (keyring, letter) = (task.keyring()?, letters::letter(task.size)?);
    let protection = Protection::SignAndEncrypt;
    task.repeat(
        vec![&letter; task.count],
        |letter| Ok(seal(letter, protection, &keyring, &Default::default(), letters::now())?),
        |mut sealed| {
            let bytes = sealed.copies.pop().ok_or("no copy")?.bytes;
            Ok(open(bytes, &keyring, &Default::default(), letters::now())?.message.as_bytes().len())
        },
    )
}

fn open_ours(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    let keyring = task.keyring()?;
    task.repeat(
        task.read_each(MESSAGE)?,
        |message| Ok(open(message, &keyring, &Default::default(), letters::now())?),
        |opened| match opened.verdict.level() {
            VerdictLevel::Sealed => Ok(opened.message.as_bytes().len()),
            other => Err(format!("opened as {other:?}").into()),
        },
    )
}

fn seal_gpg(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    let (gpg, content) = (task.gpg()?, task.read(CONTENT)?);
    let recipients = ["bob@example.test", "alice@example.test"];
    task.repeat(
        vec![content.as_slice(); task.count],
        |content| Ok(gpg.encrypt(content, &recipients, Some("alice@example.test"), Compression::None)?),
        |sealed| content_of(&gpg, &sealed),
    )
}

fn open_gpg(arguments: &[String]) -> Result<Work> {
    let task = Task::parse(arguments)?;
    let (gpg, data) = (task.gpg()?, task.read_each(DATA)?);
    task.repeat(data, |data| Ok(gpg.decrypt(&data)?), |opened| checked(&opened))
}

fn content_of(gpg: &Gpg, sealed: &[u8]) -> Result<usize> {
    checked(&gpg.decrypt(sealed)?)
}

fn checked(opened: &postseal_interop::Decrypted) -> Result<usize> {
    let is_good = opened.status.decrypted_with_integrity() && opened.status.signed_by().is_some();
    if is_good { Ok(opened.plaintext.len()) } else { Err("gpg finds no good signature".into()) }
}
