use std::fmt;
use std::net::IpAddr;

use crate::Error;

/// Where a server listens, and how TLS begins there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// The host whose name the certificate must carry.
    pub host: Host,
    /// The TCP port.
    pub port: u16,
    /// How TLS begins.
    pub security: Security,
}

impl Server {
    /// A server by host name or IP address.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] where `host` is neither a domain name nor an IP address, or `port` is 0.
    pub fn new(host: &str, port: u16, security: Security) -> Result<Self, Error> {
        if port == 0 {
            return Err(Error::invalid("port", "0 is not a port"));
        }
        Ok(Self { host: Host::parse(host)?, port, security })
    }
}

/// How TLS begins. There is no third way: a connection without TLS can't be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS from the first byte (RFC 8314): ports 465, 993 and 995. To be preferred.
    Tls,
    /// A short exchange in the clear up to STARTTLS or STLS, then TLS; it never falls back: ports 587, 143 and 110.
    StartTls,
}

/// A host name, as A-labels, or an IP address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(HostKind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum HostKind {
    Name(String),
    Ip(IpAddr),
}

impl Host {
    /// Parses a domain name (Unicode or A-labels) or an IP address, with or without brackets.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse() {
            return Ok(Self(HostKind::Ip(ip)));
        }
        let name = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL)
            .map_err(|_| Error::invalid("host", "not a domain name"))?;
        // Absolute names ("mail.example.org.") are the same host; certificates carry no trailing dot.
        let name = name.strip_suffix('.').unwrap_or(&name);
        rustls::pki_types::DnsName::try_from(name)
            .map_err(|_| Error::invalid("host", "not a domain name"))?;
        Ok(Self(HostKind::Name(name.to_owned())))
    }

    /// The address, where the host was given as one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match &self.0 {
            HostKind::Name(_) => None,
            HostKind::Ip(ip) => Some(*ip),
        }
    }

    pub(crate) fn server_name(&self) -> Result<rustls::pki_types::ServerName<'static>, Error> {
        match &self.0 {
            HostKind::Ip(ip) => Ok(rustls::pki_types::ServerName::from(*ip)),
            HostKind::Name(name) => rustls::pki_types::ServerName::try_from(name.clone())
                .map_err(|_| Error::invalid("host", "not a domain name")),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            HostKind::Name(name) => f.write_str(name),
            HostKind::Ip(ip) => write!(f, "{ip}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_domain_name_or_an_address() {
        for (text, shown) in [
            ("Mail.Example.org", "mail.example.org"),
            ("mail.example.org.", "mail.example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(Host::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", ".", "a b", "a\r\nb", "a/b", "a:25", "user@host", "-a.example", &"a.".repeat(200)] {
            assert_eq!(Host::parse(text), Err(Error::invalid("host", "not a domain name")), "{text:?}");
        }
    }
}
