//! Records with a secret in them: none of them shows it, in any language.

use std::fmt;

use crate::connector::ClientCertificate;
use crate::files::{PgpOptions, PgpRecipients};
use crate::pgpmime::OpenOptions;

/// Writes `Debug` and `Display` of records, which become the languages' own, with some of their fields alone.
macro_rules! shows {
    ($($record:ident { $($field:ident),* })*) => {$(
        impl fmt::Debug for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($record))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }

        impl fmt::Display for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    )*};
}

shows! {
    ClientCertificate { chain }
    OpenOptions { max_bytes }
    PgpOptions { max_bytes }
    PgpRecipients { certificates, signer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_shows_its_secret() {
        let secret = || "hunter2".to_owned();
        let options = OpenOptions { passphrases: vec![secret()], max_bytes: Some(7) };
        let reading = PgpOptions { passphrases: vec![secret()], max_bytes: None };
        let recipients = PgpRecipients { passphrases: vec![secret()], ..PgpRecipients::default() };
        let own = ClientCertificate { chain: "public".to_owned(), key: secret() };
        assert_eq!(options.to_string(), "OpenOptions { max_bytes: Some(7), .. }");
        for shown in [
            format!("{options} {options:?} {reading} {reading:?}"),
            format!("{recipients} {recipients:?} {own} {own:?}"),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
