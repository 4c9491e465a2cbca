use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// The first port that is tried.
const FIRST: u16 = 12_000;
/// How many there are: up to where the ports begin that systems give to outgoing connections. One of those could be taken again before
/// the server has it.
const COUNT: u16 = 20_000;

/// How many ports this process has tried.
static TRIED: AtomicU16 = AtomicU16::new(0);

/// Finds `N` different ports of 127.0.0.1 that nobody listens on, and that no other call in this process is given.
///
/// Another process could take one before the server binds it, which shows as a server that does not start. Processes begin
/// at different places, so that this is unlikely.
pub(crate) fn free<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    for port in &mut ports {
        *port = next_free()?;
    }
    Ok(ports)
}

fn next_free() -> io::Result<u16> {
    let start = process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let offset = start.wrapping_add(tried.into()) % u32::from(COUNT);
        let port = FIRST + u16::try_from(offset).map_err(io::Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no port is free"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_port_is_given_twice() {
        let ports: HashSet<u16> = [free::<4>().unwrap(), free::<4>().unwrap()].concat().into_iter().collect();
        assert_eq!(ports.len(), 8);
        assert!(ports.iter().all(|port| (FIRST..FIRST + COUNT).contains(port)));
    }
}
