//! A sealed message with a large file, named by its path: what the bindings' overhead is compared with.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use postseal_message::mime::{Attachment, ContentType, Date, Draft, HeaderValue, Mailbox, MessageId};
use postseal_message::openpgp::{Keyring, SecretKey};
use postseal_message::pgpmime::{Protection, SealOptions, seal};
use postseal_session::{Error, SendOptions, SmtpConnection};

use super::Named;
use super::client::{Target, on_our_runtime};
use crate::Result;
use crate::work::Work;

pub(crate) const ALL: &[Named] = &[("send-file-ours", ours)];

/// Behind the target stand the file with the sender's secret key, and the file to send.
fn ours(arguments: &[String]) -> Result<Work> {
    let (target, rest) = Target::parse(arguments)?;
    let [key, file] = rest else { return Err("expected a secret key and a file".into()) };
    on_our_runtime(async |runtime| {
        let (connector, server, who) = target.ours(&runtime)?;
        let mut keyring = Keyring::new();
        keyring.add_secret_key(SecretKey::import(&fs::read(key)?)?);
        let connection = SmtpConnection::open(&connector, &server).await?;
        let session = connection.log_in(&who).await.map_err(Error::from)?;
        let (draft, options, now) =
            (draft(&target.user, Path::new(file))?, SealOptions::default(), SystemTime::now());
        let sealed = runtime
            .run_blocking(move || seal(&draft, Protection::SignAndEncrypt, &keyring, &options, now))
            .await??;
        let copy = sealed.copies.into_iter().next().ok_or("nothing was sealed")?;
        let receipt = session.send(&copy.envelope, copy.bytes, &SendOptions::default()).await?;
        session.close().await?;
        Ok(Work::default().with("messages", receipt.is_sent_to_all().into()))
    })
}

fn draft(user: &str, file: &Path) -> Result<Draft> {
    let (user, name) = (Mailbox::parse(user)?, file.file_name().unwrap_or_default().to_string_lossy());
    let attachment = Attachment::named(&name, ContentType::of_file_name(&name), fs::read(file)?)?;
    let (date, id) = (Date::utc(SystemTime::now())?, MessageId::random("example.test")?);
    let draft = Draft::new(user.clone(), date, id).to(user).subject(HeaderValue::parse("A large file")?);
    Ok(draft.text("See.").attach(attachment))
}
