use super::answer::Answer;

/// What a server says it can do, in its reply to EHLO over TLS (RFC 5321, section 4.1.1.1).
///
/// Read by our own code: lettre's list knows neither SIZE, DSN, PIPELINING nor CHUNKING, and no keyword in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SmtpExtensions {
    /// SIZE (RFC 1870): the size of a message can be declared.
    pub size: bool,
    /// The longest message that the server takes, in octets, where it says so.
    pub max_size: Option<u64>,
    /// 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// DSN (RFC 3461).
    pub dsn: bool,
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// CHUNKING (RFC 3030).
    pub chunking: bool,
    /// The SASL mechanisms of AUTH (RFC 4954), in upper case.
    pub auth: Vec<String>,
}

impl SmtpExtensions {
    /// Reads the reply to EHLO; its first line is the server's name.
    pub(super) fn of(ehlo: &Answer) -> Self {
        let mut extensions = Self::default();
        for line in ehlo.lines().skip(1) {
            extensions.add(&String::from_utf8_lossy(line).to_ascii_uppercase());
        }
        extensions
    }

    fn add(&mut self, line: &str) {
        // "AUTH=PLAIN" is how servers of the last century say "AUTH PLAIN".
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        match words.next() {
            Some("SIZE") => {
                self.size = true;
                // 0 stands for no fixed limit.
                self.max_size = words.next().and_then(|limit| limit.parse().ok()).filter(|&limit| limit > 0);
            }
            Some("8BITMIME") => self.eight_bit_mime = true,
            Some("SMTPUTF8") => self.smtputf8 = true,
            Some("DSN") => self.dsn = true,
            Some("PIPELINING") => self.pipelining = true,
            Some("CHUNKING") => self.chunking = true,
            Some("AUTH") => self.auth.extend(words.map(str::to_owned)),
            _ => {}
        }
    }

    /// Whether the SASL mechanism `name` is offered.
    pub(super) fn offers_auth(&self, name: &str) -> bool {
        self.auth.iter().any(|offered| offered == name)
    }
}
