//! DNS as questions and answers (RFC 3263 asks for NAPTR, SRV, A and AAAA).

use std::net::IpAddr;

/// Which records are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Services (RFC 2782).
    Srv,
    /// Naming authority pointers (RFC 3403).
    Naptr,
}

/// A look-up of one name and one type of record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsQuestion {
    /// The name, without a trailing dot.
    pub name: String,
    /// The type of record.
    pub record: RecordType,
}

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrvRecord {
    /// Lower is tried first.
    pub priority: u16,
    /// Share among equals.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host.
    pub target: String,
}

/// One NAPTR record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NaptrRecord {
    /// Lower is tried first.
    pub order: u16,
    /// Lower is preferred among equal orders.
    pub preference: u16,
    /// Such as `s`.
    pub flags: String,
    /// Such as `SIP+D2U`.
    pub services: String,
    /// The name to look up next.
    pub replacement: String,
}

/// The records that a look-up found, in the order of the answer; a name without such records gives an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsAnswer {
    /// From A or AAAA records.
    Addresses(Vec<IpAddr>),
    /// From SRV records.
    Services(Vec<SrvRecord>),
    /// From NAPTR records.
    Pointers(Vec<NaptrRecord>),
}

/// A look-up failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsError {
    /// The name does not exist (NXDOMAIN).
    NoSuchName,
    /// No server answered in time, or the answer was a failure.
    Unavailable,
}
