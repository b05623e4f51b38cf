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
    /// The flow of a dialog. It is used if it leads to the next hop, and where nothing else does.
    pub flow: Option<FlowId>,
    /// While that flow is open the request goes over it, wherever the URI leads and however large it is: the peer is behind
    /// a NAT, or we send all that we send to one server.
    pub bound: bool,
    /// The URI is of our own configuration: the resource of a WebSocket is what its parameter `ws-path` says.
    pub configured: bool,
}

impl Target {
    /// The next hop, over whichever flow leads there.
    pub fn new(uri: UriBuf) -> Self {
        Self { uri, flow: None, bound: false, configured: false }
    }

    /// The peer at the end of a flow.
    pub fn over(uri: UriBuf, flow: FlowId) -> Self {
        Self { flow: Some(flow), ..Self::new(uri) }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub(crate) protocol: Protocol,
    pub(crate) address: SocketAddr,
}

impl Candidate {
    pub(crate) fn new(protocol: Protocol, address: SocketAddr) -> Self {
        Self { protocol, address }
    }
}

/// What a target's URI asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) protocol: Protocol,
    /// The URI itself names the transport.
    pub(crate) named: bool,
    pub(crate) port: u16,
    pub(crate) host: NextHop,
    /// The host of the URI, against which a certificate is checked, whatever `maddr` says.
    pub(crate) server_name: Option<String>,
    /// The resource of a WebSocket server.
    pub(crate) resource: Option<String>,
    /// Only a flow that is there leads to it: `ob` (RFC 5626 §5.3), or a name that stands for no host (RFC 7118 §5,
    /// RFC 6761 §6.4).
    pub(crate) by_flow: bool,
}

/// Where a request goes first, as the URI of its target says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// An address.
    Address(IpAddr),
    /// The name of a host, in lower case.
    Name(String),
    /// A name that stands for no host: only a flow that is there leads there.
    Nowhere,
}

impl Hop {
    /// Reads a next hop. A request for a SIPS URI is secure on every hop (RFC 3261 §8.1.2).
    ///
    /// # Errors
    /// One line for people.
    pub(crate) fn of(target: &Target, secure: bool) -> Result<Self, &'static str> {
        let uri = target.uri.as_uri();
        let Uri::Sip(sip) = uri else { return Err("only SIP and SIPS URIs lead to an address") };
        let transport = match sip.transport() {
            None => None,
            Some(transport) => Some(transport.protocol().ok_or("the URI names an unknown transport")?),
        };
        let protocol = match (sip.is_secure() || secure, transport) {
            (false, None | Some(Protocol::Udp)) => Protocol::Udp,
            (false, Some(protocol)) => protocol,
            (true, None | Some(Protocol::Tcp | Protocol::Tls)) => Protocol::Tls,
            (true, Some(Protocol::Ws | Protocol::Wss)) => Protocol::Wss,
            (true, Some(Protocol::Udp)) => return Err("a SIPS URI cannot be reached over UDP"),
        };
        let maddr = sip.maddr();
        let host = match maddr.unwrap_or(sip.host) {
            Host::V4(address) => NextHop::Address(address.into()),
            Host::V6(address) => NextHop::Address(address.into()),
            Host::Name(name) => match canonical(name) {
                name if name == "invalid" || name.ends_with(".invalid") => NextHop::Nowhere,
                name => NextHop::Name(name),
            },
        };
        let server_name = match sip.host {
            Host::Name(name) => Some(canonical(name)),
            // Where the URI names an address and `maddr` another, the certificate is that of the first.
            Host::V4(address) => maddr.map(|_| address.to_string()),
            Host::V6(address) => maddr.map(|_| address.to_string()),
        };
        let resource = (target.configured && matches!(protocol, Protocol::Ws | Protocol::Wss))
            .then(|| sip.params.value("ws-path").map(|path| unescape(path).into_owned()))
            .flatten();
        Ok(Self {
            protocol,
            named: transport.is_some(),
            port: sip.port.unwrap_or(protocol.default_port()),
            by_flow: host == NextHop::Nowhere || sip.params.contains("ob"),
            host,
            server_name,
            resource,
        })
    }
}

/// A host name as it is looked up and compared.
fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
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
        self.open.retain(|(open, _)| *open != id);
        // Of a hostile answer with thousands of addresses only some are ever tried.
        for address in addresses.into_iter().take(16) {
            match address {
                IpAddr::V4(_) => self.ipv4.push(address),
                IpAddr::V6(_) => self.ipv6.push(address),
            }
        }
        self.open.is_empty()
    }

    /// Whether there is an address already.
    pub(crate) fn has_addresses(&self) -> bool {
        !self.ipv4.is_empty() || !self.ipv6.is_empty()
    }

    pub(crate) fn into_addresses(self) -> impl Iterator<Item = IpAddr> {
        self.ipv4.into_iter().chain(self.ipv6)
    }
}

/// The addresses of a request that is too large for a datagram: it is tried over TCP first, and over UDP only where TCP
/// fails (RFC 3261 §18.1.1).
pub(crate) fn too_large(datagrams: &VecDeque<Candidate>) -> VecDeque<Candidate> {
    let streams = datagrams.iter().map(|one| Candidate::new(Protocol::Tcp, one.address));
    streams.chain(datagrams.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(uri: &str) -> Result<Hop, &'static str> {
        Hop::of(&Target::new(UriBuf::parse(uri).unwrap()), false)
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
            NextHop::Address([192, 0, 2, 9].into())
        );
        assert_eq!(hop("sip:a@B.Example.").unwrap().server_name.as_deref(), Some("b.example"));
    }

    #[test]
    fn a_sips_request_is_secure_on_every_hop() {
        let secure = |uri: &str| Hop::of(&Target::new(UriBuf::parse(uri).unwrap()), true);
        for (uri, protocol) in [
            ("sip:proxy.example;lr", Protocol::Tls),
            ("sip:proxy.example;transport=tcp;lr", Protocol::Tls),
            ("sip:proxy.example;transport=ws;lr", Protocol::Wss),
        ] {
            assert_eq!(secure(uri).unwrap().protocol, protocol, "{uri}");
        }
        assert!(secure("sip:proxy.example;transport=udp;lr").is_err());
    }

    #[test]
    fn a_certificate_is_that_of_the_uris_host_wherever_maddr_leads() {
        for (uri, name) in [
            ("sips:example.com;maddr=evil.example", Some("example.com")),
            ("sips:example.com;maddr=192.0.2.1", Some("example.com")),
            ("sips:192.0.2.1;maddr=evil.example", Some("192.0.2.1")),
            ("sips:192.0.2.1", None),
        ] {
            assert_eq!(hop(uri).unwrap().server_name.as_deref(), name, "{uri}");
        }
    }

    #[test]
    fn nobody_but_we_ourselves_names_the_resource_of_a_websocket() {
        let uri = UriBuf::parse("sip:192.0.2.1;transport=ws;ws-path=%2fadmin").unwrap();
        let resource =
            |configured| Hop::of(&Target { configured, ..Target::new(uri.clone()) }, false).unwrap().resource;
        assert_eq!(resource(true).as_deref(), Some("/admin"));
        assert_eq!(resource(false), None);
    }

    #[test]
    fn some_uris_lead_nowhere_but_over_their_flow() {
        for (uri, by_flow) in [
            ("sip:x@df7jal23ls0d.invalid;transport=ws", true),
            ("sip:a.INVALID.", true),
            ("sip:x@192.0.2.1;transport=tcp;ob", true),
            ("sip:x@192.0.2.1;transport=tcp", false),
        ] {
            assert_eq!(hop(uri).unwrap().by_flow, by_flow, "{uri}");
        }
    }

    #[test]
    fn a_large_request_tries_tcp_before_udp() {
        let at = |host| SocketAddr::from(([192, 0, 2, host], 5060));
        let datagrams = [1, 2].map(|host| Candidate::new(Protocol::Udp, at(host)));
        let all = too_large(&datagrams.into());
        let all: Vec<_> = all.iter().map(|one| (one.protocol, one.address)).collect();
        let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
        assert_eq!(all, [(tcp, at(1)), (tcp, at(2)), (udp, at(1)), (udp, at(2))]);
    }
}
