//! The flows of a layer: which are there, which lead where, and who waits for one to open.

use std::net::{IpAddr, SocketAddr};

use rvoip_sans_io::{FlowId, FlowOpened, Map, Protocol, Set};

use crate::target::Candidate;
use crate::{ClientKey, ServerKey};

/// Who waits for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    Client(ClientKey),
    Server(ServerKey),
}

#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) protocol: Protocol,
    pub(crate) local: SocketAddr,
    pub(crate) remote: Option<SocketAddr>,
    /// What it was opened for; nothing where a peer opened it.
    pub(crate) names: Names,
    /// We opened it.
    pub(crate) ours: bool,
    /// A single CRLF came that answers no ping of ours: half of a ping, if another one follows.
    half_ping: bool,
    /// Whose requests went over it and are not over.
    pub(crate) clients: Set<ClientKey>,
}

/// What a connection leads to, beside an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// The host of the URI, for which a server's certificate was checked.
    pub(crate) server: Option<String>,
    /// The resource of a WebSocket.
    pub(crate) resource: Option<String>,
}

impl Names {
    /// Whether a connection that was opened for these may be used for others: a server that proved to be one host of an
    /// address did not prove to be another of the same address (RFC 5922 §7.1).
    fn serve(&self, protocol: Protocol, wanted: &Self) -> bool {
        let same = |own: &Option<String>, wanted: &Option<String>| wanted.is_none() || own == wanted;
        protocol == Protocol::Tcp
            || (same(&self.server, &wanted.server) && same(&self.resource, &wanted.resource))
    }
}

#[derive(Clone, Debug)]
struct Opening {
    to: Candidate,
    names: Names,
    waiting: Vec<Waiting>,
}

/// How a destination is reached.
pub(crate) enum Route {
    Open(FlowId),
    Opening(FlowId),
    None,
}

/// What a flow leaves behind.
pub(crate) struct Lost {
    /// The flow, if it was open.
    pub(crate) flow: Option<Flow>,
    /// Where it was to lead, if it was not.
    pub(crate) to: Option<Candidate>,
    /// Who waited for it.
    pub(crate) waiting: Vec<Waiting>,
}

/// How many addresses that peers see us at are remembered.
const PUBLIC_ADDRESSES: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Flows {
    open: Map<FlowId, Flow>,
    opening: Map<FlowId, Opening>,
    /// Those of them that have no other end: sockets for datagrams, and sockets that listen.
    sockets: Vec<FlowId>,
    /// The connections, there or being opened, by where they lead.
    connections: Map<Candidate, Vec<FlowId>>,
    /// Where peers see us, the last that said so last.
    public: Vec<((FlowId, IpAddr), SocketAddr)>,
}

impl Flows {
    pub(crate) fn get(&self, flow: FlowId) -> Option<&Flow> {
        self.open.get(&flow)
    }

    pub(crate) fn get_mut(&mut self, flow: FlowId) -> Option<&mut Flow> {
        self.open.get_mut(&flow)
    }

    /// Adds a flow; gives those who waited for it.
    pub(crate) fn opened(&mut self, opened: &FlowOpened) -> Vec<Waiting> {
        let opening = self.opening.remove(&opened.flow);
        let ours = opening.is_some();
        if let Some(opening) = &opening {
            self.disconnect(opened.flow, opening.to);
        }
        let (names, waiting) = opening.map(|opening| (opening.names, opening.waiting)).unwrap_or_default();
        let FlowOpened { flow: id, protocol, local, remote } = *opened;
        match remote {
            Some(remote) => self.connections.entry(Candidate::new(protocol, remote)).or_default().push(id),
            None => self.sockets.push(id),
        }
        let clients = Set::new();
        self.open.insert(id, Flow { protocol, local, remote, names, ours, half_ping: false, clients });
        waiting
    }

    /// Half of a ping came, or something else; says whether it was the second half.
    pub(crate) fn half_ping(&mut self, flow: FlowId, came: bool) -> bool {
        self.open.get_mut(&flow).is_some_and(|flow| {
            let both = flow.half_ping && came;
            flow.half_ping = came && !both;
            both
        })
    }

    /// Removes a flow.
    pub(crate) fn failed(&mut self, flow: FlowId) -> Lost {
        self.public.retain(|((of, _), _)| *of != flow);
        self.sockets.retain(|socket| *socket != flow);
        let (open, opening) = (self.open.remove(&flow), self.opening.remove(&flow));
        let led_to = open.as_ref().and_then(|open| Some(Candidate::new(open.protocol, open.remote?)));
        let to = opening.as_ref().map(|opening| opening.to);
        if let Some(to) = led_to.or(to) {
            self.disconnect(flow, to);
        }
        Lost { flow: open, to, waiting: opening.map(|opening| opening.waiting).unwrap_or_default() }
    }

    fn disconnect(&mut self, flow: FlowId, from: Candidate) {
        if let Some(flows) = self.connections.get_mut(&from) {
            flows.retain(|one| *one != flow);
            if flows.is_empty() {
                self.connections.remove(&from);
            }
        }
    }

    /// The connection to an address, and to what is named there.
    pub(crate) fn connection(&self, to: Candidate, names: &Names) -> Route {
        let flows = || self.connections.get(&to).into_iter().flatten();
        let serves = |of: &Names| of.serve(to.protocol, names);
        let open = |id: &&FlowId| self.open.get(id).is_some_and(|flow| serves(&flow.names));
        let opening = |id: &&FlowId| self.opening.get(id).is_some_and(|flow| serves(&flow.names));
        match flows().find(open) {
            Some(id) => Route::Open(*id),
            None => flows().find(opening).map_or(Route::None, |id| Route::Opening(*id)),
        }
    }

    /// A flow in place of one that is gone: another connection to the same end, or else one that is there.
    pub(crate) fn instead(&self, peer: SocketAddr) -> Option<FlowId> {
        let open = |protocol| match self.connection(Candidate::new(protocol, peer), &Names::default()) {
            Route::Open(flow) => Some(flow),
            Route::Opening(_) | Route::None => None,
        };
        let connected =
            [Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss].into_iter().find_map(open);
        connected.or_else(|| self.datagram(peer)).or_else(|| self.ids().next())
    }

    pub(crate) fn begin(&mut self, flow: FlowId, to: Candidate, names: Names) {
        self.connections.entry(to).or_default().push(flow);
        self.opening.insert(flow, Opening { to, names, waiting: Vec::new() });
    }

    pub(crate) fn wait(&mut self, flow: FlowId, who: Waiting) {
        if let Some(opening) = self.opening.get_mut(&flow) {
            opening.waiting.push(who);
        }
    }

    pub(crate) fn stop_waiting(&mut self, flow: FlowId, who: Waiting) {
        if let Some(opening) = self.opening.get_mut(&flow) {
            opening.waiting.retain(|one| *one != who);
        }
    }

    /// The flows without another end.
    fn sockets(&self) -> impl Iterator<Item = (FlowId, &Flow)> {
        self.sockets.iter().filter_map(|id| Some((*id, self.open.get(id)?)))
    }

    /// The bound socket from which datagrams to an address are sent: of the same family, and on the loopback interface
    /// only if the address is.
    pub(crate) fn datagram(&self, remote: SocketAddr) -> Option<FlowId> {
        let fits = |(_, flow): &(FlowId, &Flow)| {
            flow.protocol == Protocol::Udp && flow.local.is_ipv4() == remote.is_ipv4()
        };
        let loopback = remote.ip().is_loopback();
        let best = |one: &(FlowId, &Flow)| fits(one) && one.1.local.ip().is_loopback() == loopback;
        self.sockets().find(best).or_else(|| self.sockets().find(fits)).map(|(id, _)| id)
    }

    /// Remembers the address at which a peer sees us.
    pub(crate) fn learn(&mut self, flow: FlowId, peer: IpAddr, public: SocketAddr) {
        self.public.retain(|(of, _)| *of != (flow, peer));
        if self.public.len() >= PUBLIC_ADDRESSES {
            self.public.remove(0);
        }
        self.public.push(((flow, peer), public));
    }

    /// The address at which a peer reaches us: the one it sees, or else the flow's own.
    fn public(&self, flow: FlowId, peer: IpAddr) -> Option<SocketAddr> {
        let seen = self.public.iter().find(|(of, _)| *of == (flow, peer)).map(|(_, public)| *public);
        seen.or_else(|| self.open.get(&flow).map(|flow| flow.local))
    }

    /// Where a connection's peer can open another one: our listening socket of the same address, if there is one.
    fn listener(&self, own: &Flow) -> Option<SocketAddr> {
        own.remote?;
        let serves = |(_, other): &(FlowId, &Flow)| {
            other.protocol == own.protocol && other.local.ip() == own.local.ip()
        };
        self.sockets().find(serves).map(|(_, listener)| listener.local)
    }

    /// The same, or else the flow's own end.
    pub(crate) fn listening(&self, flow: FlowId) -> Option<SocketAddr> {
        let own = self.open.get(&flow)?;
        Some(self.listener(own).unwrap_or(own.local))
    }

    /// The address of a socket that takes messages of a protocol.
    pub(crate) fn serving(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.sockets().find(|(_, flow)| flow.protocol == protocol).map(|(_, flow)| flow.local)
    }

    /// The address for a Contact: the one that the peer sees or, where it sees the connection as it is, that of our
    /// listening socket, which is there when the connection is gone.
    pub(crate) fn reachable(&self, flow: FlowId, peer: IpAddr) -> Option<SocketAddr> {
        let seen = self.public(flow, peer)?;
        let own = self.open.get(&flow)?.local;
        if seen == own { self.listening(flow) } else { Some(seen) }
    }

    /// Whether nothing leads to us but this flow: a WebSocket of a client, which cannot be connected to (RFC 7118 §5).
    pub(crate) fn is_unreachable(&self, flow: FlowId) -> bool {
        self.open.get(&flow).is_some_and(|own| {
            is_websocket(own.protocol) && own.remote.is_some() && self.serving(own.protocol).is_none()
        })
    }

    /// Whether a peer cannot reach us when this flow is gone: a connection for which we do not listen, or one through a
    /// NAT.
    pub(crate) fn is_needed(&self, flow: FlowId, peer: IpAddr) -> bool {
        let Some(own) = self.open.get(&flow).filter(|own| own.remote.is_some()) else { return false };
        self.listener(own).is_none() || self.public(flow, peer) != Some(own.local)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = FlowId> {
        self.open.keys().copied()
    }
}

/// Whether a protocol leads from a client to its server alone: neither of them connects to others, nor is connected to by
/// the other.
pub(crate) fn is_websocket(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Ws | Protocol::Wss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(number: u64, local: &str) -> FlowOpened {
        let local = local.parse().unwrap();
        FlowOpened { flow: FlowId::from_platform(number), protocol: Protocol::Udp, local, remote: None }
    }

    #[test]
    fn datagrams_leave_from_a_socket_that_reaches_the_address() {
        let mut flows = Flows::default();
        for opened in [udp(1, "127.0.0.1:1"), udp(2, "192.0.2.1:1"), udp(3, "[::1]:1")] {
            flows.opened(&opened);
        }
        let from = |remote: &str| flows.datagram(remote.parse().unwrap());
        assert_eq!(from("127.0.0.1:5060"), Some(FlowId::from_platform(1)));
        assert_eq!(from("198.51.100.1:5060"), Some(FlowId::from_platform(2)));
        assert_eq!(from("[2001:db8::1]:5060"), Some(FlowId::from_platform(3)));
        flows.failed(FlowId::from_platform(3));
        assert_eq!(flows.datagram("[::1]:5060".parse().unwrap()), None);
    }

    fn connection(number: u64, local: &str, remote: &str) -> FlowOpened {
        let (local, remote) = (local.parse().unwrap(), Some(remote.parse().unwrap()));
        FlowOpened { flow: FlowId::from_platform(number), protocol: Protocol::Tcp, local, remote }
    }

    #[test]
    fn the_last_addresses_that_peers_see_us_at_are_remembered() {
        let mut flows = Flows::default();
        flows.opened(&udp(1, "10.0.0.1:5060"));
        let flow = FlowId::from_platform(1);
        let peer = |number: u16| IpAddr::from([192, 0, number.to_be_bytes()[0], number.to_be_bytes()[1]]);
        let public = "203.0.113.5:1".parse().unwrap();
        for number in 0..=256 {
            flows.learn(flow, peer(number), public);
        }
        assert_eq!(flows.reachable(flow, peer(256)), Some(public));
        assert_eq!(flows.reachable(flow, peer(1)), Some(public));
        assert_eq!(flows.reachable(flow, peer(0)), Some("10.0.0.1:5060".parse().unwrap()));
    }

    #[test]
    fn a_flow_is_needed_where_nothing_else_leads_to_us() {
        let mut flows = Flows::default();
        let peer = IpAddr::from([192, 0, 2, 9]);
        flows.opened(&udp(1, "192.0.2.1:5060"));
        assert!(!flows.is_needed(FlowId::from_platform(1), peer), "datagrams need no connection");
        flows.opened(&connection(2, "192.0.2.1:40000", "192.0.2.9:5060"));
        let flow = FlowId::from_platform(2);
        assert!(flows.is_needed(flow, peer), "nobody listens");
        let listens = FlowOpened { remote: None, ..connection(3, "192.0.2.1:5060", "192.0.2.9:5060") };
        flows.opened(&listens);
        assert!(!flows.is_needed(flow, peer));
        flows.learn(flow, peer, "203.0.113.5:40000".parse().unwrap());
        assert!(flows.is_needed(flow, peer), "behind a NAT");
    }
}
