//! Where a request goes: the transport rules of RFC 3261 §18.1.1 and the choice of an address by RFC 3263.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use rvoip_sans_io::{DnsQuestion, FlowId, Protocol, QuestionId, RecordType};
use rvoip_sip_core::{Host, MessageBuf, Uri, UriBuf, unescape};

use crate::contact::LocalContact;

/// The next hop of a request: the topmost Route, or else the request URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The next hop.
    pub uri: UriBuf,
    /// The flow to use while it is open (a dialog's or a registration's connection), ahead of opening one.
    pub flow: Option<FlowId>,
}

impl Target {
    /// The next hop, over whichever flow leads there.
    pub fn new(uri: UriBuf) -> Self {
        Self { uri, flow: None }
    }
}

/// A request to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The request, without the Via that the layer adds.
    pub request: MessageBuf,
    /// Where to.
    pub target: Target,
    /// A Contact to add, with the address of the flow that is used.
    pub contact: Option<LocalContact>,
}

/// One address to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) protocol: Protocol,
    pub(crate) address: SocketAddr,
}

/// What a target's URI asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    pub(crate) host: HopHost,
    /// The host of the URI, against which a certificate is checked.
    pub(crate) server_name: Option<String>,
    /// The resource of a WebSocket server: parameter `ws-path` of the URI, which only our own configuration writes.
    pub(crate) resource: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HopHost {
    Address(IpAddr),
    Name(String),
}

impl Hop {
    /// Reads a next hop.
    ///
    /// # Errors
    /// One line for people.
    pub(crate) fn of(uri: &UriBuf) -> Result<Self, &'static str> {
        let uri = uri.as_uri();
        let Uri::Sip(sip) = uri else { return Err("only SIP and SIPS URIs lead to an address") };
        let transport = match sip.transport() {
            None => None,
            Some(transport) => Some(transport.protocol().ok_or("the URI names an unknown transport")?),
        };
        let protocol = match (sip.is_secure(), transport) {
            (false, None | Some(Protocol::Udp)) => Protocol::Udp,
            (false, Some(protocol)) => protocol,
            (true, None | Some(Protocol::Tcp | Protocol::Tls)) => Protocol::Tls,
            (true, Some(Protocol::Ws | Protocol::Wss)) => Protocol::Wss,
            (true, Some(Protocol::Udp)) => return Err("a SIPS URI cannot be reached over UDP"),
        };
        let host = sip.maddr().unwrap_or(sip.host);
        let (host, server_name) = match host {
            Host::V4(address) => (HopHost::Address(address.into()), None),
            Host::V6(address) => (HopHost::Address(address.into()), None),
            Host::Name(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                (HopHost::Name(name.clone()), Some(name))
            }
        };
        let resource = matches!(protocol, Protocol::Ws | Protocol::Wss)
            .then(|| sip.params.value("ws-path").map(|path| unescape(path).into_owned()))
            .flatten();
        Ok(Self { protocol, port: sip.port.unwrap_or(protocol.default_port()), host, server_name, resource })
    }
}

/// The addresses of a target, as far as they are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolution {
    pub(crate) open: Vec<(QuestionId, RecordType)>,
    ipv4: Vec<IpAddr>,
    ipv6: Vec<IpAddr>,
}

impl Resolution {
    /// The questions that a name needs; the ids are given by `next`.
    pub(crate) fn ask(name: &str, next: &mut u64) -> (Self, Vec<(QuestionId, DnsQuestion)>) {
        let mut resolution = Self::default();
        let mut questions = Vec::new();
        for record in [RecordType::A, RecordType::Aaaa] {
            *next += 1;
            let id = QuestionId(*next);
            resolution.open.push((id, record));
            questions.push((id, DnsQuestion { name: name.to_owned(), record }));
        }
        (resolution, questions)
    }

    /// Takes one answer; true when nothing is open any more.
    pub(crate) fn answer(&mut self, id: QuestionId, addresses: Vec<IpAddr>) -> bool {
        let Some(at) = self.open.iter().position(|(open, _)| *open == id) else {
            return self.open.is_empty();
        };
        self.open.swap_remove(at);
        // Of a hostile answer with thousands of addresses only some are ever tried.
        for address in addresses.into_iter().take(16) {
            match address {
                IpAddr::V4(_) => self.ipv4.push(address),
                IpAddr::V6(_) => self.ipv6.push(address),
            }
        }
        self.open.is_empty()
    }

    pub(crate) fn into_addresses(self) -> impl Iterator<Item = IpAddr> {
        self.ipv4.into_iter().chain(self.ipv6)
    }
}

/// The addresses to try, in order. A request that is too large for a datagram is tried over TCP first, and over UDP only
/// where TCP fails (RFC 3261 §18.1.1).
pub(crate) fn candidates(
    hop: &Hop,
    addresses: impl Iterator<Item = IpAddr>,
    too_large: bool,
) -> VecDeque<Candidate> {
    let mut all = VecDeque::new();
    let mut datagrams = Vec::new();
    for address in addresses {
        let address = SocketAddr::new(address, hop.port);
        if hop.protocol == Protocol::Udp && too_large {
            all.push_back(Candidate { protocol: Protocol::Tcp, address });
            datagrams.push(Candidate { protocol: Protocol::Udp, address });
        } else {
            all.push_back(Candidate { protocol: hop.protocol, address });
        }
    }
    all.extend(datagrams);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(uri: &str) -> Result<Hop, &'static str> {
        Hop::of(&UriBuf::parse(uri).unwrap())
    }

    #[test]
    fn scheme_and_transport_choose_the_protocol() {
        for (uri, protocol, port) in [
            ("sip:192.0.2.1", Protocol::Udp, 5060),
            ("sip:192.0.2.1;transport=tcp", Protocol::Tcp, 5060),
            ("sips:192.0.2.1", Protocol::Tls, 5061),
            ("sips:192.0.2.1;transport=ws", Protocol::Wss, 443),
            ("sip:192.0.2.1:7000;transport=TLS", Protocol::Tls, 7000),
            ("sip:192.0.2.1;transport=tls", Protocol::Tls, 5061),
            ("sips:192.0.2.1;transport=tcp", Protocol::Tls, 5061),
            ("sip:192.0.2.1;transport=ws;lr", Protocol::Ws, 80),
            ("sip:192.0.2.1:8080;transport=ws", Protocol::Ws, 8080),
            ("sip:192.0.2.1;transport=wss", Protocol::Wss, 443),
        ] {
            let hop = hop(uri).unwrap();
            assert_eq!((hop.protocol, hop.port), (protocol, port), "{uri}");
        }
        assert!(hop("sip:192.0.2.1;transport=pigeon").is_err());
        assert!(hop("sips:192.0.2.1;transport=udp").is_err());
        assert!(hop("tel:+1").is_err());
        assert_eq!(
            hop("sip:a@b.example;maddr=192.0.2.9").unwrap().host,
            HopHost::Address([192, 0, 2, 9].into())
        );
        assert_eq!(hop("sip:a@B.Example.").unwrap().server_name.as_deref(), Some("b.example"));
    }

    #[test]
    fn a_large_request_tries_tcp_before_udp() {
        let hop = hop("sip:b.example").unwrap();
        let addresses: [IpAddr; 2] = [[192, 0, 2, 1].into(), [192, 0, 2, 2].into()];
        let protocols = |too_large| {
            candidates(&hop, addresses.into_iter(), too_large)
                .iter()
                .map(|one| one.protocol)
                .collect::<Vec<_>>()
        };
        assert_eq!(protocols(false), [Protocol::Udp; 2]);
        assert_eq!(protocols(true), [Protocol::Tcp, Protocol::Tcp, Protocol::Udp, Protocol::Udp]);
    }
}
