//! Pairs of sockets for RTP and RTCP out of a range: an even port and the next (RFC 3550 section 11).

use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use rvoip_sans_io::Random;

/// The two sockets of a call.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    pub(super) address: IpAddr,
    pub(super) port: u16,
}

/// Binds a free pair, beginning somewhere in the range, so that the ports of a call cannot be foretold.
///
/// # Errors
/// One line for people: the range has no pair, none is free, or the address is not ours.
pub(super) fn bind_pair(address: IpAddr, range: (u16, u16), random: &mut Random) -> Result<Pair, String> {
    let first = range.0.saturating_add(range.0 % 2);
    let pairs = (u64::from(range.1) + 1).saturating_sub(first.into()) / 2;
    if range.0 == 0 || pairs == 0 {
        return Err(format!(
            "the RTP ports {}-{} hold no pair of an even port and the next",
            range.0, range.1
        ));
    }
    let start = random.below(pairs);
    for offset in 0..pairs {
        let index = u16::try_from((start + offset) % pairs).unwrap_or(0);
        let port = first + 2 * index;
        let bound = UdpSocket::bind(SocketAddr::new(address, port)).and_then(|rtp| {
            UdpSocket::bind(SocketAddr::new(address, port + 1)).map(|rtcp| Pair { rtp, rtcp, address, port })
        });
        match bound {
            Ok(pair) => return Ok(pair),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(format!("no RTP port can be bound at {address}: {error}")),
        }
    }
    Err(format!("all RTP ports {}-{} are taken", range.0, range.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_used_up_and_then_refused() {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let mut random = Random::from_number(1);
        // Any port may be in use by others of this machine: the first range that is free.
        let all_of = |port: u16, random: &mut Random| -> Option<Vec<Pair>> {
            (0..3).map(|_| bind_pair(loopback, (port, port + 5), random).ok()).collect()
        };
        let mut ranges = (5_000_u16..10_000).step_by(3).map(|half| half * 2);
        let found = ranges.find_map(|port| Some((port, all_of(port, &mut random)?)));
        let (port, pairs) = found.unwrap();
        let mut ports: Vec<u16> = pairs.iter().map(|pair| pair.port).collect();
        ports.sort_unstable();
        assert_eq!(ports, [port, port + 2, port + 4]);
        let error = bind_pair(loopback, (port, port + 5), &mut random).unwrap_err();
        assert_eq!(error, format!("all RTP ports {port}-{} are taken", port + 5));
        assert!(bind_pair(loopback, (5_001, 5_001), &mut random).is_err());
        assert!(bind_pair([192, 0, 2, 1].into(), (40_000, 40_001), &mut random).is_err());
    }

    #[test]
    fn the_last_ports_are_a_pair() {
        let any_address: IpAddr = [127, 0, 0, 1].into();
        let range = (65_534, u16::MAX);
        match bind_pair(any_address, range, &mut Random::from_number(1)) {
            Ok(pair) => assert_eq!(pair.port, 65_534),
            Err(reason) => assert_eq!(reason, "all RTP ports 65534-65535 are taken"),
        }
    }
}
