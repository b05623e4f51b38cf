//! Free ports on loopback.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result, bail};

/// Ports from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The first one; even.
    pub first: u16,
    /// The last one; odd.
    pub last: u16,
}

impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// The ports that are given out one by one, and those that are given out in ranges: below what systems choose by themselves,
/// since a peer binds its port a moment after it was found free.
const SINGLE: u16 = 10_000;
const LOWEST: u16 = 12_000;
/// How many ranges there are.
const RANGES: u16 = 200;
/// Ports of a range.
const RANGE: u16 = 100;

static NEXT: AtomicU16 = AtomicU16::new(0);
static NEXT_SINGLE: AtomicU16 = AtomicU16::new(0);

/// A port that is free for UDP and for TCP, and that this process was not given before.
pub fn free_port() -> Result<u16> {
    let begin = u16::try_from(std::process::id() * 37 % u32::from(LOWEST - SINGLE))?;
    for _ in SINGLE..LOWEST {
        let number = begin + NEXT_SINGLE.fetch_add(1, Ordering::Relaxed);
        let port = SINGLE + number % (LOWEST - SINGLE);
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
        if udp.is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free for both UDP and TCP")
}

/// A hundred consecutive ports that are free for UDP, for a peer that wants a range.
pub fn free_port_range() -> Result<PortRange> {
    // Processes that test at the same time begin elsewhere.
    let begin = u16::try_from(std::process::id() % u32::from(RANGES))?;
    for _ in 0..RANGES {
        let number = (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % RANGES;
        let first = LOWEST + number * RANGE;
        let range = PortRange { first, last: first + RANGE - 1 };
        if (range.first..=range.last).all(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return Ok(range);
        }
    }
    bail!("no range of ports is free")
}

/// Whether somebody has bound this UDP port, found out without touching it.
pub(crate) fn udp_is_bound(port: u16) -> Result<bool> {
    let table = std::fs::read_to_string("/proc/net/udp").context("/proc/net/udp")?;
    Ok(lists_port(&table, port))
}

/// Whether a table of sockets has one with this local port.
fn lists_port(table: &str, port: u16) -> bool {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1))
        .any(|local| local.ends_with(&suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_port_is_seen_and_a_free_one_is_not() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        assert!(udp_is_bound(port).unwrap());
        drop(socket);
        let table = "  sl  local_address rem_address\n  1: 0100007F:13C4 00000000:0000 07\n";
        assert!(lists_port(table, 0x13C4));
        assert!(!lists_port(table, 0x13C5));
    }

    #[test]
    fn no_port_is_given_out_twice_and_none_that_the_system_would_choose() {
        let ports: Vec<u16> = (0..20).map(|_| free_port().unwrap()).collect();
        assert!(ports.iter().all(|port| (SINGLE..LOWEST).contains(port)), "{ports:?}");
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]), "{ports:?}");
    }

    #[test]
    fn ranges_do_not_overlap() {
        let (one, two) = (free_port_range().unwrap(), free_port_range().unwrap());
        assert!(one.last < two.first || two.last < one.first, "{one} {two}");
    }
}
