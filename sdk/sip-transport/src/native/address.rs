//! Binding sockets, and which of our addresses others see.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// An address of the documentation networks (RFC 5737, RFC 3849): it stands for "somewhere on the Internet".
const ELSEWHERE_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ELSEWHERE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        // IPv4 has its own socket: an address then always says what it is.
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

pub(super) fn bind_udp(address: SocketAddr, buffer: usize) -> io::Result<UdpSocket> {
    let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
    // The system may grant less, which is no reason to fail.
    let _ = socket.set_recv_buffer_size(buffer);
    let _ = socket.set_send_buffer_size(buffer);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

pub(super) fn listen_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    // Otherwise the port of a server that was just ended stays taken for minutes.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    TcpListener::from_std(socket.into())
}

/// An address that others can use: in place of an unspecified one that from which the default route leaves, or the
/// loopback where there is none.
pub(super) fn shown(bound: SocketAddr) -> SocketAddr {
    if !bound.ip().is_unspecified() {
        return bound;
    }
    let (elsewhere, loopback) = match bound {
        SocketAddr::V4(_) => (ELSEWHERE_V4, IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SocketAddr::V6(_) => (ELSEWHERE_V6, IpAddr::V6(Ipv6Addr::LOCALHOST)),
    };
    SocketAddr::new(local_address_towards(elsewhere).unwrap_or(loopback), bound.port())
}

/// The local address that a connection to `remote` is opened from: the one that was bound, where the system has not the
/// choice among all, or where it would not lead there.
pub(super) fn source(bound: &[SocketAddr], remote: SocketAddr) -> Option<IpAddr> {
    let mut fitting =
        bound.iter().map(SocketAddr::ip).filter(|ip| ip.is_ipv4() == remote.is_ipv4()).peekable();
    let first = *fitting.peek()?;
    let is_chosen = fitting.all(|ip| !ip.is_unspecified());
    (is_chosen && first.is_loopback() == remote.ip().is_loopback()).then_some(first)
}

/// The local address from which datagrams to `remote` leave; none if no route leads there. Nothing is sent.
pub fn local_address_towards(remote: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = match remote {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = std::net::UdpSocket::bind(any).ok()?;
    socket.connect((remote, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_reached_from_the_loopback() {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(local_address_towards(loopback), Some(loopback));
        assert!(!shown("0.0.0.0:5060".parse().unwrap()).ip().is_unspecified());
        assert_eq!(shown("127.0.0.2:5060".parse().unwrap()).to_string(), "127.0.0.2:5060");
    }

    #[test]
    fn a_connection_leaves_from_what_was_bound() {
        let from = |bound: &[&str], remote: &str| {
            let bound: Vec<SocketAddr> = bound.iter().map(|text| text.parse().unwrap()).collect();
            source(&bound, remote.parse().unwrap()).map(|ip| ip.to_string())
        };
        let ours = Some("192.0.2.5".to_owned());
        assert_eq!(from(&["192.0.2.5:5060", "[2001:db8::5]:5060"], "198.51.100.1:5060"), ours);
        assert_eq!(from(&["[2001:db8::5]:5060"], "198.51.100.1:5060"), None);
        assert_eq!(from(&["192.0.2.5:5060", "0.0.0.0:5061"], "198.51.100.1:5060"), None, "any will do");
        assert_eq!(from(&["127.0.0.1:5060"], "198.51.100.1:5060"), None, "nobody is reached from there");
        assert_eq!(from(&["127.0.0.2:5060"], "127.0.0.1:5060"), Some("127.0.0.2".to_owned()));
        assert_eq!(from(&[], "198.51.100.1:5060"), None);
    }
}
