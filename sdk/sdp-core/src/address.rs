//! Connection data and the addresses in it.

use std::fmt;
use std::net::IpAddr;

use crate::parse::number;

/// The connection data of a `c=` line, of `o=` and of `a=rtcp` (RFC 8866 §5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The network, `IN` for the Internet.
    pub network_type: String,
    /// The kind of address, `IP4` or `IP6`.
    pub address_type: String,
    /// The address or host name, with the multicast suffixes (`/ttl/count`) if there are any.
    pub address: String,
}

/// Why connection data give no address to send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no `c=` line, neither for the media nor for the session.
    #[error("no connection data")]
    Missing,
    /// The network is not the Internet, or the kind of address neither `IP4` nor `IP6`.
    #[error("unknown network or address type")]
    UnknownType,
    /// A host name stands in place of an address; names are not resolved here.
    #[error("a host name stands in place of an address")]
    HostName,
    /// The address is a multicast address, which offer/answer between two sides does not use.
    #[error("multicast address")]
    Multicast,
    /// The address belongs to the other family than the local one.
    #[error("address of the other family")]
    OtherFamily,
    /// The port is 65535 and leaves none for RTCP.
    #[error("no port left for RTCP")]
    NoRtcpPort,
}

impl Connection {
    /// Connection data of the Internet for one address.
    pub fn of(address: IpAddr) -> Self {
        let address_type = if address.is_ipv4() { "IP4" } else { "IP6" };
        Self {
            network_type: "IN".to_owned(),
            address_type: address_type.to_owned(),
            address: address.to_string(),
        }
    }

    pub(crate) fn parse<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (network_type, address_type, address) = (fields.next()?, fields.next()?, fields.next()?);
        fields.next().is_none().then(|| Self {
            network_type: network_type.to_owned(),
            address_type: address_type.to_owned(),
            address: address.to_owned(),
        })
    }

    /// The unicast address; unspecified (`0.0.0.0`, `::`) where RFC 2543 agents put a stream on hold.
    pub fn ip(&self) -> Result<IpAddr, AddressError> {
        let known = self.network_type.eq_ignore_ascii_case("IN")
            && (self.address_type.eq_ignore_ascii_case("IP4")
                || self.address_type.eq_ignore_ascii_case("IP6"));
        if !known {
            return Err(AddressError::UnknownType);
        }
        let base = self.address.split('/').next().unwrap_or_default();
        let ip: IpAddr = base.parse().map_err(|_| AddressError::HostName)?;
        if ip.is_multicast() { Err(AddressError::Multicast) } else { Ok(ip) }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.network_type, self.address_type, self.address)
    }
}

/// The value of `a=rtcp`: where RTCP is received when not at the next port (RFC 3605 §2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtcpAttribute {
    /// The port.
    pub port: u16,
    /// The address, where it is not that of the media.
    pub connection: Option<Connection>,
}

impl RtcpAttribute {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace().peekable();
        let port = fields.next().and_then(number).filter(|port| *port != 0)?;
        let connection = if fields.peek().is_some() { Some(Connection::parse(fields)?) } else { None };
        Some(Self { port, connection })
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressError, Connection, RtcpAttribute};

    fn connection(text: &str) -> Connection {
        Connection::parse(text.split(' ')).unwrap()
    }

    #[test]
    fn addresses_are_read_and_names_are_not_resolved() {
        assert_eq!(connection("IN IP4 192.0.2.1").ip(), Ok("192.0.2.1".parse().unwrap()));
        assert_eq!(connection("IN IP6 2001:db8::1").ip(), Ok("2001:db8::1".parse().unwrap()));
        assert_eq!(connection("IN IP4 host.example.com").ip(), Err(AddressError::HostName));
        assert_eq!(connection("IN IP4 233.252.0.1/127").ip(), Err(AddressError::Multicast));
        assert_eq!(connection("ATM NSAP 47.0091").ip(), Err(AddressError::UnknownType));
    }

    #[test]
    fn rtcp_attribute_has_a_port_and_perhaps_an_address() {
        assert_eq!(RtcpAttribute::parse("53020"), Some(RtcpAttribute { port: 53020, connection: None }));
        let full = RtcpAttribute::parse("53020 IN IP4 126.16.64.4").unwrap();
        assert_eq!(full.connection, Some(connection("IN IP4 126.16.64.4")));
        for bad in ["", "0", "65536", "port", "53020 IN IP4", "53020 IN IP4 192.0.2.1 more"] {
            assert_eq!(RtcpAttribute::parse(bad), None, "{bad}");
        }
    }
}
