//! The flows of a layer: which are there, which lead where, and who waits for one to open.

use std::net::{IpAddr, SocketAddr};

use rvoip_sans_io::{FlowId, FlowOpened, Map, Protocol};

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
    names: Names,
    /// We opened it.
    pub(crate) ours: bool,
    /// A single CRLF came that answers no ping of ours: half of a ping, if another one follows.
    half_ping: bool,
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
    protocol: Protocol,
    remote: SocketAddr,
    names: Names,
    waiting: Vec<Waiting>,
}

/// How a destination is reached.
pub(crate) enum Route {
    Open(FlowId),
    Opening(FlowId),
    None,
}

/// How many addresses that peers see us at are remembered.
const PUBLIC_ADDRESSES: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Flows {
    open: Map<FlowId, Flow>,
    opening: Map<FlowId, Opening>,
    public: Map<(FlowId, IpAddr), SocketAddr>,
}

impl Flows {
    pub(crate) fn get(&self, flow: FlowId) -> Option<&Flow> {
        self.open.get(&flow)
    }

    /// Adds a flow; gives those who waited for it.
    pub(crate) fn opened(&mut self, opened: &FlowOpened) -> Vec<Waiting> {
        let opening = self.opening.remove(&opened.flow);
        let ours = opening.is_some();
        let (names, waiting) = opening.map(|opening| (opening.names, opening.waiting)).unwrap_or_default();
        let FlowOpened { flow: id, protocol, local, remote } = *opened;
        self.open.insert(id, Flow { protocol, local, remote, names, ours, half_ping: false });
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

    /// Removes a flow; says whether it was open, and who waited for it.
    pub(crate) fn failed(&mut self, flow: FlowId) -> (bool, Vec<Waiting>) {
        let was_open = self.open.remove(&flow).is_some();
        self.public.retain(|(of, _), _| *of != flow);
        (was_open, self.opening.remove(&flow).map(|opening| opening.waiting).unwrap_or_default())
    }

    /// The connection to an address, and to what is named there.
    pub(crate) fn connection(&self, protocol: Protocol, remote: SocketAddr, names: &Names) -> Route {
        let open = self.open.iter().find(|(_, flow)| {
            flow.protocol == protocol && flow.remote == Some(remote) && flow.names.serve(protocol, names)
        });
        if let Some((id, _)) = open {
            return Route::Open(*id);
        }
        let opening = self.opening.iter().find(|(_, flow)| {
            flow.protocol == protocol && flow.remote == remote && flow.names.serve(protocol, names)
        });
        opening.map_or(Route::None, |(id, _)| Route::Opening(*id))
    }

    pub(crate) fn begin(&mut self, flow: FlowId, protocol: Protocol, remote: SocketAddr, names: Names) {
        self.opening.insert(flow, Opening { protocol, remote, names, waiting: Vec::new() });
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

    /// The bound socket from which datagrams to an address are sent: of the same family, and on the loopback interface
    /// only if the address is.
    pub(crate) fn datagram(&self, remote: SocketAddr) -> Option<FlowId> {
        let fits = |flow: &Flow| flow.protocol == Protocol::Udp && flow.local.is_ipv4() == remote.is_ipv4();
        let loopback = remote.ip().is_loopback();
        let best = self.open.iter().find(|(_, flow)| fits(flow) && flow.local.ip().is_loopback() == loopback);
        best.or_else(|| self.open.iter().find(|(_, flow)| fits(flow))).map(|(id, _)| *id)
    }

    /// Remembers the address at which a peer sees us.
    pub(crate) fn learn(&mut self, flow: FlowId, peer: IpAddr, public: SocketAddr) {
        if self.public.len() < PUBLIC_ADDRESSES || self.public.contains_key(&(flow, peer)) {
            self.public.insert((flow, peer), public);
        }
    }

    /// The address at which a peer reaches us: the one it sees, or else the flow's own.
    pub(crate) fn public(&self, flow: FlowId, peer: IpAddr) -> Option<SocketAddr> {
        let seen = self.public.get(&(flow, peer)).copied();
        seen.or_else(|| self.open.get(&flow).map(|flow| flow.local))
    }

    /// Where a connection's peer can open another one: our listening socket of the same address, if there is one, else the
    /// connection's own end.
    pub(crate) fn listening(&self, flow: FlowId) -> Option<SocketAddr> {
        let own = self.open.get(&flow)?;
        let serves = |other: &&Flow| {
            own.remote.is_some()
                && other.remote.is_none()
                && other.protocol == own.protocol
                && other.local.ip() == own.local.ip()
        };
        Some(self.open.values().find(serves).map_or(own.local, |listener| listener.local))
    }

    /// The address of a socket that takes messages of a protocol.
    pub(crate) fn serving(&self, protocol: Protocol) -> Option<SocketAddr> {
        let serves = |flow: &&Flow| flow.remote.is_none() && flow.protocol == protocol;
        self.open.values().find(serves).map(|flow| flow.local)
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
            matches!(own.protocol, Protocol::Ws | Protocol::Wss)
                && own.remote.is_some()
                && self.serving(own.protocol).is_none()
        })
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = FlowId> {
        self.open.keys().copied()
    }
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
}
