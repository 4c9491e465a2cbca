use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Finds `N` different ports of 127.0.0.1 that nobody listens on.
///
/// All are held until the last is found; between that and the server's own bind another process could take one, which shows as
/// a server that does not start.
pub(crate) fn free<const N: usize>() -> io::Result<[u16; N]> {
    let listeners: Vec<_> =
        (0..N).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
