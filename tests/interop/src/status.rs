/// What GnuPG reported of an operation, by `--status-fd` (its doc/DETAILS): the lines that are made for programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    lines: Vec<String>,
}

impl Status {
    /// Picks the status lines out of what GnuPG wrote.
    pub(crate) fn parse(output: &[u8]) -> Self {
        let output = String::from_utf8_lossy(output);
        let lines = output.lines().filter_map(|line| line.strip_prefix("[GNUPG:] "));
        Self { lines: lines.map(str::to_owned).collect() }
    }

    /// Whether a line of this kind is there, such as `GOODSIG`.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.words(kind).is_some()
    }

    /// The words after `kind` on its first line.
    pub(crate) fn words(&self, kind: &str) -> Option<Vec<&str>> {
        self.lines.iter().find_map(|line| {
            let mut words = line.split(' ');
            (words.next() == Some(kind)).then(|| words.collect())
        })
    }

    /// The fingerprint of the primary key that made a good and valid signature; none where there was none, or a bad one beside it.
    #[must_use]
    pub fn signed_by(&self) -> Option<&str> {
        if !self.has("GOODSIG") || self.has("BADSIG") || self.has("ERRSIG") {
            return None;
        }
        self.words("VALIDSIG")?.last().copied()
    }

    /// Whether the data was decrypted and its integrity proven.
    #[must_use]
    pub fn decrypted_with_integrity(&self) -> bool {
        self.has("DECRYPTION_OKAY") && self.has("GOODMDC") && !self.has("BADMDC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_signature_beside_a_good_one_is_no_good_signature() {
        let good = "gpg: chatter\n[GNUPG:] GOODSIG 0123 Alice\n[GNUPG:] VALIDSIG AAAA 2026-01-01 0 4 0 22 10 00 BBBB\n";
        assert_eq!(Status::parse(good.as_bytes()).signed_by(), Some("BBBB"));
        let both = format!("{good}[GNUPG:] BADSIG 0123 Alice\n");
        assert_eq!(Status::parse(both.as_bytes()).signed_by(), None);
    }
}
