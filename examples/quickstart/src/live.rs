//! The whole way with real servers, as the account file names them.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use postseal::{
    Account, Certificate, Connector, KeyProfile, Keyring, MailClient, Mailbox, Runtime, SecretKey, Security,
    Server, UserId,
};

use crate::account::{AccountFile, Profile, read_bytes};
use crate::cli::Cli;
use crate::show::Show;
use crate::{Failure, letter, walk};

pub(crate) fn run(cli: &Cli, path: &Path) -> Result<(), Failure> {
    let account = AccountFile::read(path)?;
    let threads =
        tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("no threads: {error}")))?;
    threads.block_on(walk_round(cli, &account))
}

async fn walk_round(cli: &Cli, file: &AccountFile) -> Result<(), Failure> {
    println!("A sealed message goes round, over TLS, end to end.");
    let mut show = Show::default();
    let me = mailbox(file)?;
    show.step("The keys");
    let keyring = keyring(cli, file, &me, &show)?;
    let credentials = file.credentials()?;
    let connector = Connector::new(&Runtime::current()?, &file.tls()?)?;
    let smtp = file.smtp()?;
    let imap = file.imap()?;
    let account = || Account::new(me.clone(), smtp.clone(), credentials.clone());

    let draft = letter::compose(cli, &me, std::slice::from_ref(&me))?;
    show.step(format!("Seal and submit: {}", shown("SMTP", &smtp)));
    show.recipients(&draft);
    // Where there is IMAP, the sender's own copy is filed too.
    let sender = match &imap {
        Some(server) => account().imap(server.clone(), credentials.clone()),
        None => account(),
    };
    let client = MailClient::new(&connector, sender, keyring.clone());
    walk::send(&show, &client, &draft, cli.protect).await?;
    client.close().await?;

    if !draft.open_recipients().chain(draft.hidden_recipients()).any(|to| to.address() == me.address()) {
        println!("\nIt was sent to others only, so there is nothing to fetch here.");
        return Ok(());
    }
    let incoming = [
        imap.map(|server| (shown("IMAP", &server), account().imap(server, credentials.clone()))),
        file.pop3()?.map(|server| (shown("POP3", &server), account().pop3(server, credentials.clone()))),
    ];
    for (by, account) in incoming.into_iter().flatten() {
        show.step(format!("Fetch and open: {by}"));
        let client = MailClient::new(&connector, account, keyring.clone());
        let opened = walk::fetch_and_open(&client, draft.message_id(), Duration::from_secs(cli.wait)).await;
        client.close().await?;
        let opened = opened?;
        show.opened(&opened);
        let wanted = walk::level(cli.protect);
        show.check(&format!("the verdict is {wanted:?}, as asked for"), opened.verdict.level() == wanted)?;
    }
    Ok(())
}

fn mailbox(file: &AccountFile) -> Result<Mailbox, Failure> {
    let address = file.address()?;
    match &file.me.name {
        Some(name) => {
            Mailbox::named(name, address).map_err(|error| Failure::new(format!("me.name: {error}")))
        }
        None => Ok(Mailbox::new(address)),
    }
}

fn shown(protocol: &str, server: &Server) -> String {
    let security = match server.security {
        Security::Tls => "TLS from the first byte",
        Security::StartTls => "STARTTLS",
    };
    format!("{protocol}, {}:{}, {security}", server.host, server.port)
}

fn keyring(cli: &Cli, file: &AccountFile, me: &Mailbox, show: &Show) -> Result<Keyring, Failure> {
    let path = file.secret_key_path();
    let passphrase = file.passphrase()?;
    if cli.make_key && !path.exists() {
        make_key(file, me, passphrase.as_ref(), &path)?;
        show.fact("made", path.display());
    }
    let in_file = |error: postseal::PgpError| Failure::new(format!("{}: {error}", path.display()));
    let key = SecretKey::import(&read_bytes(&path)?).map_err(in_file)?;
    show.fact("own", format!("{}  {}", key.certificate().algorithms(), key.fingerprint()));
    let mut keyring = Keyring::new();
    keyring.add_unlocked_key(match &passphrase {
        Some(passphrase) => key.unlock(passphrase).map_err(in_file)?,
        None => key.unlock_unprotected().map_err(in_file)?,
    });
    for (path, bytes) in file.certificates()? {
        let found = Certificate::import_all(&bytes)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        for certificate in found {
            show.fact(&path.display().to_string(), certificate.fingerprint());
            keyring.add_certificate(certificate);
        }
    }
    Ok(keyring)
}

/// Makes the account's key; an existing file is never touched.
fn make_key(
    file: &AccountFile,
    me: &Mailbox,
    passphrase: Option<&postseal::Secret>,
    path: &Path,
) -> Result<(), Failure> {
    let profile = match file.me.profile {
        Profile::Compatible => KeyProfile::Compatible,
        Profile::Modern => KeyProfile::Modern,
        Profile::PostQuantum => KeyProfile::PostQuantum,
    };
    let user_id = UserId::new(me.name(), me.address());
    let (key, _revocation) = SecretKey::generate(profile, &user_id, passphrase, SystemTime::now())?;
    let bytes = if passphrase.is_some() { key.export_armored()? } else { key.dangerous_export_unprotected() };
    write_new(path, bytes.expose()).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// Writes a file that did not exist and that only its owner can read: whole, or not at all.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}
