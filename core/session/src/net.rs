//! Connecting by name: Happy Eyeballs, version 2 (RFC 8305).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::log::{Log, LogKind};
use crate::{Error, Host};

/// The wait before the next address is tried beside those under way (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 16;

/// Opens a TCP connection within `deadline`: to the first address that answers, both families tried side by side.
pub(crate) async fn connect(
    host: &Host,
    port: u16,
    deadline: Duration,
    log: &Log,
) -> Result<TcpStream, Error> {
    log.tell(LogKind::Connecting { host: host.clone(), port });
    let step = "connecting";
    let stream = timeout(deadline, async { race(resolve(host, port).await?, log).await })
        .await
        .map_err(|_| Error::Timeout { step, after: deadline })??;
    // Mail is short lines in turn: waiting to fill a segment costs 40 ms each (Nagle and delayed acknowledgement).
    stream.set_nodelay(true).map_err(|error| Error::network(step, &error))?;
    log.tell(LogKind::Connected);
    Ok(stream)
}

async fn resolve(host: &Host, port: u16) -> Result<Vec<SocketAddr>, Error> {
    if let Some(ip) = host.ip() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let step = "resolving the host name";
    let found = tokio::net::lookup_host((host.to_string(), port))
        .await
        .map_err(|error| Error::network(step, &error))?;
    Ok(interleave(found.collect()))
}

/// Orders addresses so that the families take turns, beginning with that of the first: the resolver sorted it first (RFC 8305, section 4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| matches!(address.ip(), IpAddr::V6(_)) == first_is_v6);
    let mut other = other.into_iter();
    let mut ordered = Vec::new();
    for address in preferred {
        ordered.push(address);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered.truncate(MAX_ADDRESSES);
    ordered
}

async fn race(addresses: Vec<SocketAddr>, log: &Log) -> Result<TcpStream, Error> {
    let mut waiting = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = None;
    loop {
        match waiting.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => break,
            None => {}
        }
        // The next address joins when the delay is over, or at once when an attempt failed.
        let more = waiting.len() > 0;
        tokio::select! {
            Some(result) = attempts.next() => match result {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    if more || !attempts.is_empty() {
                        log.tell(LogKind::Retry { with: "another address" });
                    }
                    failure = Some(error);
                }
            },
            () = sleep(ATTEMPT_DELAY), if more => {}
        }
    }
    let error = failure.unwrap_or_else(|| std::io::Error::from(std::io::ErrorKind::AddrNotAvailable));
    Err(Error::network("connecting", &error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_beginning_with_the_resolvers_choice() {
        let sorted = interleave(addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]));
        assert_eq!(sorted, addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]));
        let sorted = interleave(addresses(&["1.1.1.1:1", "[::1]:1", "1.1.1.2:1"]));
        assert_eq!(sorted, addresses(&["1.1.1.1:1", "[::1]:1", "1.1.1.2:1"]));
    }

    #[test]
    fn no_more_addresses_are_tried_than_the_limit() {
        for count in [MAX_ADDRESSES, MAX_ADDRESSES + 1] {
            let many: Vec<String> = (0..count).map(|last| format!("192.0.2.{last}:1")).collect();
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            assert_eq!(interleave(addresses(&many)), addresses(&many[..MAX_ADDRESSES]));
        }
    }

    #[tokio::test]
    async fn a_dead_address_does_not_stop_the_next() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = {
            let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            gone.local_addr().unwrap()
        };
        let live = listener.local_addr().unwrap();
        assert_eq!(race(vec![dead, live], &Log::default()).await.unwrap().peer_addr().unwrap(), live);
    }

    #[tokio::test]
    async fn refused_is_a_typed_error() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let host = Host::parse("127.0.0.1").unwrap();
        let result = connect(&host, gone.port(), Duration::from_secs(5), &Log::default()).await;
        let Err(Error::Network { step: "connecting", kind: std::io::ErrorKind::ConnectionRefused, .. }) =
            result
        else {
            unreachable!("{result:?}");
        };
    }
}
