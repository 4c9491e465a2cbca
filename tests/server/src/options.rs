use std::sync::Arc;
use std::time::Duration;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::ca::{TestCa, Validity};

/// One of the three protocols that the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Message submission (RFC 6409) by SMTP (RFC 5321).
    Smtp,
    /// IMAP4rev1 (RFC 3501).
    Imap,
    /// POP3 (RFC 1939).
    Pop3,
}

/// How a port comes to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// In the clear until STARTTLS or STLS.
    StartTls,
}

/// The TLS versions that the server accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersions {
    /// TLS 1.2 and 1.3.
    #[default]
    Both,
    /// TLS 1.2 alone.
    Only12,
    /// TLS 1.3 alone.
    Only13,
}

/// How a [`TestServer`](crate::TestServer) is set up: by default an ordinary, honest server without users.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) users: Vec<(String, String)>,
    pub(crate) tokens: Vec<(String, String)>,
    pub(crate) ca: Option<TestCa>,
    pub(crate) validity: Validity,
    pub(crate) names: Vec<String>,
    pub(crate) tls: TlsVersions,
    pub(crate) client_certificates: bool,
    pub(crate) login_before_tls: bool,
    pub(crate) preauth: Option<String>,
    pub(crate) relay: bool,
    pub(crate) max_message: usize,
    pub(crate) idle: Duration,
    smtp: Vec<String>,
    imap: Vec<String>,
    pop3: Vec<String>,
}

/// Offered by default; `AUTH=…` names a SASL mechanism in all three protocols.
const SMTP: &str = "PIPELINING 8BITMIME SMTPUTF8 SIZE CHUNKING DSN ENHANCEDSTATUSCODES STARTTLS AUTH=PLAIN AUTH=LOGIN \
                    AUTH=XOAUTH2";
const IMAP: &str = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE UIDPLUS MOVE UNSELECT NAMESPACE CHILDREN SPECIAL-USE \
                    CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS STARTTLS AUTH=PLAIN AUTH=XOAUTH2";
const POP3: &str = "TOP UIDL USER PIPELINING RESP-CODES AUTH-RESP-CODE STLS AUTH=PLAIN AUTH=XOAUTH2";

/// No message may be longer, in octets, unless [`Options::max_message`] says otherwise.
const MAX_MESSAGE: usize = 64 << 20;
/// A connection on which the client sends nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(300);

impl Options {
    /// An honest server without users, with a certificate for `localhost`, `127.0.0.1` and `::1`.
    #[must_use]
    pub fn new() -> Self {
        let words = |list: &str| list.split_whitespace().map(str::to_owned).collect();
        Self {
            users: Vec::new(),
            tokens: Vec::new(),
            ca: None,
            validity: Validity::Valid,
            names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            tls: TlsVersions::Both,
            client_certificates: false,
            login_before_tls: false,
            preauth: None,
            relay: false,
            max_message: MAX_MESSAGE,
            idle: IDLE,
            smtp: words(SMTP),
            imap: words(IMAP),
            pop3: words(POP3),
        }
    }

    /// Adds a user, who logs in with the whole address.
    #[must_use]
    pub fn user(mut self, address: &str, password: &str) -> Self {
        self.users.push((address.to_owned(), password.to_owned()));
        self
    }

    /// Lets the user `address` log in with the OAuth 2 bearer token `token` too (SASL XOAUTH2).
    #[must_use]
    pub fn token(mut self, address: &str, token: &str) -> Self {
        self.tokens.push((address.to_owned(), token.to_owned()));
        self
    }

    /// Takes an existing authority instead of a fresh one.
    #[must_use]
    pub fn ca(mut self, ca: &TestCa) -> Self {
        self.ca = Some(ca.clone());
        self
    }

    /// What is right or wrong with the server's certificate.
    #[must_use]
    pub fn certificate(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// The names in the server's certificate, instead of `localhost` and the loopback addresses.
    #[must_use]
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The TLS versions that the server accepts.
    #[must_use]
    pub fn tls(mut self, versions: TlsVersions) -> Self {
        self.tls = versions;
        self
    }

    /// Makes TLS fail for clients without a certificate of the same authority.
    #[must_use]
    pub fn client_certificates(mut self) -> Self {
        self.client_certificates = true;
        self
    }

    /// Offers a further capability, which the server announces and otherwise ignores.
    #[must_use]
    pub fn with(mut self, protocol: Protocol, capability: &str) -> Self {
        self.list(protocol).push(capability.to_owned());
        self
    }

    /// Takes a capability away: it is neither announced nor honoured.
    ///
    /// SASL mechanisms are named `AUTH=PLAIN` in all three protocols; the upgrade is `STARTTLS`, in POP3 `STLS`.
    #[must_use]
    pub fn without(mut self, protocol: Protocol, capability: &str) -> Self {
        self.list(protocol).retain(|offered| !offered.eq_ignore_ascii_case(capability));
        self
    }

    /// Offers and accepts logins on connections without TLS, as no server should.
    #[must_use]
    pub fn login_before_tls(mut self) -> Self {
        self.login_before_tls = true;
        self
    }

    /// Greets IMAP clients with PREAUTH, already logged in as `address`, with TLS or without.
    #[must_use]
    pub fn preauth(mut self, address: &str) -> Self {
        self.preauth = Some(address.to_owned());
        self
    }

    /// Accepts recipients that aren't users here; such copies are only in [`accepted`](crate::TestServer::accepted).
    #[must_use]
    pub fn relay(mut self) -> Self {
        self.relay = true;
        self
    }

    /// The longest message that the server takes, in octets (SIZE in SMTP, APPEND in IMAP).
    #[must_use]
    pub fn max_message(mut self, octets: usize) -> Self {
        self.max_message = octets;
        self
    }

    /// After how long without a byte from the client a connection is closed; five minutes by default.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// The capabilities offered in `protocol`, mechanisms as `AUTH=…`.
    pub(crate) fn capabilities(&self, protocol: Protocol) -> &[String] {
        match protocol {
            Protocol::Smtp => &self.smtp,
            Protocol::Imap => &self.imap,
            Protocol::Pop3 => &self.pop3,
        }
    }

    /// Whether `capability` is offered in `protocol`.
    pub(crate) fn offers(&self, protocol: Protocol, capability: &str) -> bool {
        self.capabilities(protocol).iter().any(|offered| offered.eq_ignore_ascii_case(capability))
    }

    /// The names of the SASL mechanisms offered in `protocol`.
    pub(crate) fn mechanisms(&self, protocol: Protocol) -> Vec<&str> {
        self.capabilities(protocol).iter().filter_map(|offered| offered.strip_prefix("AUTH=")).collect()
    }

    fn list(&mut self, protocol: Protocol) -> &mut Vec<String> {
        match protocol {
            Protocol::Smtp => &mut self.smtp,
            Protocol::Imap => &mut self.imap,
            Protocol::Pop3 => &mut self.pop3,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// The TLS configuration that `options` ask for, with a certificate of `ca`.
pub(crate) fn tls_config(options: &Options, ca: &TestCa) -> std::io::Result<Arc<ServerConfig>> {
    let versions: &[&rustls::SupportedProtocolVersion] = match options.tls {
        TlsVersions::Both => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersions::Only12 => &[&rustls::version::TLS12],
        TlsVersions::Only13 => &[&rustls::version::TLS13],
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let names: Vec<&str> = options.names.iter().map(String::as_str).collect();
    let issued = ca.issue(&names, options.validity)?;
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(std::io::Error::other)?;
    let builder = if options.client_certificates {
        let mut roots = RootCertStore::empty();
        roots.add(ca.root_der()).map_err(std::io::Error::other)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(std::io::Error::other)?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let config = builder.with_single_cert(issued.chain, issued.key).map_err(std::io::Error::other)?;
    Ok(Arc::new(config))
}
