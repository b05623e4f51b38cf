//! Sockets on tokio.

mod address;
mod datagram;
mod resolver;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use rvoip_sans_io::{Counters, FlowId, FlowOpened, OpenFlow, Protocol, Transmit};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub use address::local_address_towards;
pub use resolver::Resolver;

use crate::{TransportConfig, TransportEvent};
use datagram::Datagrams;
use stream::Connection;

/// Events of streams that may wait for the loop; a stream that brings more waits, and with it its peer.
const STREAM_EVENTS: usize = 1_024;

/// All sockets of one machine.
#[derive(Debug)]
pub struct Transports {
    config: TransportConfig,
    datagrams: BTreeMap<FlowId, Datagrams>,
    listeners: Vec<TcpListener>,
    connections: BTreeMap<FlowId, Connection>,
    events: mpsc::Receiver<TransportEvent>,
    /// For the tasks of connections.
    sender: mpsc::Sender<TransportEvent>,
    ready: Vec<TransportEvent>,
    buffer: Vec<u8>,
    last_flow: u64,
    /// Which kind of socket is looked at first, so that none starves the others.
    turn: u8,
    counters: Counters,
}

impl Transports {
    /// Transports without sockets. To be called, and polled, within a tokio runtime.
    pub fn new(config: TransportConfig) -> Self {
        let (sender, events) = mpsc::channel(STREAM_EVENTS);
        Self {
            config,
            datagrams: BTreeMap::new(),
            listeners: Vec::new(),
            connections: BTreeMap::new(),
            events,
            sender,
            ready: Vec::new(),
            buffer: vec![0; 65_536],
            last_flow: 0,
            turn: 0,
            counters: Counters::default(),
        }
    }

    /// What was dropped, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Binds a UDP socket. Its flow has, in place of an unspecified address, the one from which the default route leaves.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn bind_udp(&mut self, address: SocketAddr) -> io::Result<FlowOpened> {
        let socket = address::bind_udp(address)?;
        let local = address::shown(socket.local_addr()?);
        let flow = self.next_flow();
        self.datagrams.insert(flow, Datagrams::new(socket, self.config.send_queue));
        Ok(FlowOpened { flow, protocol: Protocol::Udp, local, remote: None })
    }

    /// Listens for TCP connections; gives the bound address.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn listen_tcp(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = address::listen_tcp(address)?;
        let local = listener.local_addr()?;
        self.listeners.push(listener);
        Ok(address::shown(local))
    }

    fn next_flow(&mut self) -> FlowId {
        self.last_flow += 1;
        FlowId::from_platform(self.last_flow)
    }

    /// Opens a connection; [`TransportEvent::Opened`] or [`TransportEvent::Failed`] follows.
    pub fn open(&mut self, open: &OpenFlow) {
        if open.protocol == Protocol::Tcp {
            let connection = Connection::connect(open.flow, open.remote, &self.config, self.sender.clone());
            self.connections.insert(open.flow, connection);
        } else {
            let reason = format!("{} is not available yet", open.protocol);
            self.ready.push(TransportEvent::Failed { flow: open.flow, reason });
        }
    }

    /// Closes a flow, after what is queued on it was sent. Nothing is told of it any more.
    pub fn close(&mut self, flow: FlowId) {
        self.connections.remove(&flow);
        self.datagrams.remove(&flow);
    }

    /// Sends one message. What cannot be sent now waits in the flow's queue.
    pub fn transmit(&mut self, transmit: Transmit) {
        if let Some(datagrams) = self.datagrams.get_mut(&transmit.flow) {
            if !datagrams.send(transmit.destination, transmit.bytes) {
                self.counters.count("datagram dropped: queue full");
            }
        } else if let Some(connection) = self.connections.get(&transmit.flow) {
            if !connection.send(transmit.bytes) {
                // The peer does not read: what is queued is lost with the connection, and the machine is told.
                self.connections.remove(&transmit.flow);
                let reason = "the peer does not take what is sent to it".to_owned();
                self.ready.push(TransportEvent::Failed { flow: transmit.flow, reason });
            }
        } else {
            self.counters.count("transmit on a flow that is gone");
        }
    }

    /// What happened.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TransportEvent> {
        if let Some(event) = self.ready.pop() {
            return Poll::Ready(event);
        }
        self.turn = (self.turn + 1) % 3;
        for kind in 0..3 {
            let found = match (kind + self.turn) % 3 {
                0 => self.poll_datagrams(cx),
                1 => self.poll_connections(cx),
                _ => self.poll_listeners(cx),
            };
            if let Some(event) = found {
                return Poll::Ready(event);
            }
        }
        Poll::Pending
    }

    fn poll_datagrams(&mut self, cx: &mut Context<'_>) -> Option<TransportEvent> {
        for (flow, datagrams) in &mut self.datagrams {
            datagrams.flush(cx);
            if let Poll::Ready((source, bytes)) = datagrams.poll_receive(cx, &mut self.buffer) {
                return Some(TransportEvent::Received { flow: *flow, source, bytes });
            }
        }
        None
    }

    fn poll_connections(&mut self, cx: &mut Context<'_>) -> Option<TransportEvent> {
        // Events of connections that were closed meanwhile are nobody's any more.
        while let Poll::Ready(Some(event)) = self.events.poll_recv(cx) {
            let flow = match &event {
                TransportEvent::Received { flow, .. } | TransportEvent::Failed { flow, .. } => *flow,
                TransportEvent::Opened(opened) => opened.flow,
            };
            if !self.connections.contains_key(&flow) {
                continue;
            }
            if matches!(event, TransportEvent::Failed { .. }) {
                self.connections.remove(&flow);
            }
            return Some(event);
        }
        None
    }

    fn poll_listeners(&mut self, cx: &mut Context<'_>) -> Option<TransportEvent> {
        // A listener that fails for now (too many open files) is asked again when it wakes us.
        for index in 0..self.listeners.len() {
            let accepted = self.listeners.get(index).map(|listener| listener.poll_accept(cx));
            let Some(Poll::Ready(Ok((stream, remote)))) = accepted else { continue };
            cx.waker().wake_by_ref();
            if self.connections.len() >= self.config.connections {
                self.counters.count("connection refused: too many");
                continue;
            }
            let Ok(local) = stream.local_addr() else { continue };
            let flow = self.next_flow();
            let connection = Connection::accepted(flow, stream, remote, &self.config, self.sender.clone());
            self.connections.insert(flow, connection);
            return Some(TransportEvent::Opened(FlowOpened {
                flow,
                protocol: Protocol::Tcp,
                local,
                remote: Some(remote),
            }));
        }
        None
    }
}
