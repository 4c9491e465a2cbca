//! Who the server is: a wrong name or an unknown authority ends the connection, with everything that an app needs to show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[macro_use]
mod common;

use common::WAYS;
use postseal_live::{HOST, Site, User};
use postseal_session::{
    CertificateReason, Connector, Error, ImapConnection, Pop3Connection, Runtime, Server, SmtpConnection,
    TlsConfig, TlsVersion,
};
use postseal_test_server::{Options, Protocol};

scenarios! {
    another_name_is_a_typed_error;
    an_unknown_authority_is_a_typed_error_and_its_hash_can_be_pinned;
    the_newest_tls_is_spoken;
}

const PROTOCOLS: [Protocol; 3] = [Protocol::Smtp, Protocol::Imap, Protocol::Pop3];

async fn another_name_is_a_typed_error(site: &Site) {
    let connector = site.connector().unwrap();
    for protocol in PROTOCOLS {
        for security in WAYS {
            // The servers listen there, but their certificate is for the name alone.
            let address = site.address(protocol, security);
            let server = Server::new(&address.ip().to_string(), address.port(), security).unwrap();
            let Err(Error::Certificate(fault)) = open(&connector, protocol, &server).await else {
                panic!("{protocol:?} with {security:?} accepted another name");
            };
            assert_eq!((fault.reason, fault.host.as_str()), (CertificateReason::WrongName, "127.0.0.1"));
            assert_eq!(fault.chain.first().unwrap().names, [HOST]);
        }
    }
}

async fn an_unknown_authority_is_a_typed_error_and_its_hash_can_be_pinned(site: &Site) {
    // What an app has that was told of no private authority.
    let ordinary = Connector::new(&Runtime::current().unwrap(), &TlsConfig::default()).unwrap();
    for protocol in PROTOCOLS {
        for security in WAYS {
            let server = site.server(protocol, security).unwrap();
            let outcome = open(&ordinary, protocol, &server).await;
            let Err(Error::Certificate(fault)) = outcome else {
                panic!("{protocol:?} with {security:?} trusted an unknown authority");
            };
            assert_eq!(fault.reason, CertificateReason::UnknownIssuer);
            let key = fault.chain.first().unwrap().spki.unwrap();
            let pinned = TlsConfig::default().trust_key(&server.host, key);
            let connector = Connector::new(ordinary.runtime(), &pinned).unwrap();
            assert_eq!(open(&connector, protocol, &server).await.map(drop), Ok(()));
        }
    }
}

async fn the_newest_tls_is_spoken(site: &Site) {
    for protocol in PROTOCOLS {
        for security in WAYS {
            let server = site.server(protocol, security).unwrap();
            let version = open(&site.connector().unwrap(), protocol, &server).await;
            assert_eq!(version, Ok(Some(TlsVersion::Tls13)), "{protocol:?} with {security:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_login() {
    let options = Options::new()
        .without(Protocol::Smtp, "STARTTLS")
        .without(Protocol::Imap, "STARTTLS")
        .without(Protocol::Pop3, "STLS")
        .login_before_tls();
    let site = Site::in_memory_with(options).await.unwrap();
    for (protocol, extension) in
        [(Protocol::Smtp, "STARTTLS"), (Protocol::Imap, "STARTTLS"), (Protocol::Pop3, "STLS")]
    {
        let server = site.server(protocol, postseal_session::Security::StartTls).unwrap();
        let outcome = open(&site.connector().unwrap(), protocol, &server).await;
        assert_eq!(outcome, Err(Error::Unsupported { extension }));
    }
    assert!(!site.log().contains(User::guest().password));
}

/// Opens a connection as far as TLS and the greeting, and tells the version of TLS.
async fn open(
    connector: &Connector,
    protocol: Protocol,
    server: &Server,
) -> Result<Option<TlsVersion>, Error> {
    Ok(match protocol {
        Protocol::Smtp => SmtpConnection::open(connector, server).await?.tls().map(|tls| tls.version),
        Protocol::Imap => ImapConnection::open(connector, server).await?.tls().map(|tls| tls.version),
        Protocol::Pop3 => Pop3Connection::open(connector, server).await?.tls().map(|tls| tls.version),
    })
}
