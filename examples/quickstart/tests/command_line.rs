//! The command as a person meets it: what it prints, and how it says no.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::process::{Command, Output, Stdio};

fn quickstart(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn without_arguments_the_message_goes_round() {
    let output = quickstart(&[]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    assert_eq!(printed.matches("verdict        SEALED").count(), 4, "two rounds, by IMAP and by POP3 each");
    for line in [
        "then only TLS: TLSv1_3, X25519MLKEM768",
        "| Subject: [...]",
        "opening it     the encrypted data was changed or is incomplete [tampered]",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    assert!(!printed.contains("FAILED"));
}

#[test]
fn each_protection_gets_its_verdict() {
    for (protection, level) in [("sign", "AUTHENTIC"), ("encrypt", "ENCRYPTED")] {
        let output = quickstart(&[
            "--protect",
            protection,
            "--subject",
            "Grüße",
            "--text",
            "Hi",
            "--bcc",
            "alice@example.test",
        ]);
        let printed = text(&output.stdout);
        assert!(output.status.success(), "{printed}{}", text(&output.stderr));
        assert_eq!(printed.matches(&format!("verdict        {level}")).count(), 4, "{printed}");
        assert!(printed.contains("Grüße"), "{printed}");
    }
}

#[test]
fn a_message_from_a_file_goes_round_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.eml");
    let letter = concat!(
        "From: somebody@example.org\r\nTo: Bob <bob@example.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nBis sp=E4ter\r\n",
        "--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjc=\r\n--b--\r\n",
    );
    std::fs::write(&path, letter).unwrap();
    let output = quickstart(&["--eml", path.to_str().unwrap()]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    for line in
        ["verdict        SEALED", "subject        Grüße", "Bis später", "plan.pdf, application/pdf, 8 bytes"]
    {
        assert_eq!(printed.matches(line).count(), 4, "{line}\n{printed}");
    }
    // Who wrote the file does not matter: the message is from the account's owner.
    assert!(!printed.contains("somebody@example.org"));
}

#[test]
fn the_sample_and_the_help_are_complete() {
    assert!(text(&quickstart(&["--sample-account"]).stdout).contains("[smtp]"));
    let help = text(&quickstart(&["--help"]).stdout);
    for flag in [
        "--account",
        "--sample-account",
        "--make-key",
        "--to",
        "--bcc",
        "--subject",
        "--text",
        "--attach",
        "--eml",
        "--protect",
        "--wait",
    ] {
        assert!(help.contains(flag), "{flag} is missing in:\n{help}");
    }
}

#[test]
fn wrong_input_ends_in_one_clear_line_and_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let broken = write("broken.toml", "[me");
    let unknown = write("unknown.toml", "surprise = 1\n");
    let sample = text(&quickstart(&["--sample-account"]).stdout);
    let no_key = write("account.toml", &sample.replace("passphrase = \"prompt\"", ""));
    for (arguments, said) in [
        (["--account", "missing.toml"], "missing.toml: No such file"),
        (["--account", &broken], "TOML parse error"),
        (["--account", &unknown], "unknown field `surprise`"),
        (["--account", &no_key], "alice.secret.asc: No such file"),
        (["--to", "nobody"], "--to \"nobody\": this is not one mailbox"),
        (["--bcc", "a@b.example, c@d.example"], "this is not one mailbox"),
        (["--attach", "missing.bin"], "missing.bin: No such file"),
        (["--eml", "missing.eml"], "missing.eml: No such file"),
        (["--subject", "a\r\nBcc: eve@example.test"], "--subject: the character '\\r' is not allowed there"),
        (["--to", "carol@example.test"], "no usable certificate for carol@example.test"),
    ] {
        let output = quickstart(&arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "{arguments:?}: {stderr}");
    }
    for arguments in
        [&["--nonsense"][..], &["--wait", "0"], &["--make-key"], &["--eml", "a", "--subject", "b"]]
    {
        assert_eq!(quickstart(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
