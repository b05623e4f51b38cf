//! All sockets and connections of one client.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rvoip_sans_io::{Counters, FlowId, FlowOpened, OpenFlow, Protocol, Transmit};

use super::address;
use super::connected::Connected;
use super::connecting::{Connecting, Established};
use super::connection::Connection;
use super::listener::Listener;
use super::ready::{ReadyQueue, SourceId, Turn};
use super::send_queue::SendQueue;
use super::tls::Tls;
use super::udp::{DATAGRAM, UdpFlow};
use crate::{TlsError, TransportConfig, TransportEvent};

/// What one turn of a source came to.
#[derive(Debug)]
pub(super) enum Step {
    Event(TransportEvent),
    /// The flow is over; `None` where its owner knows.
    End(Option<String>),
    /// The flow is over, for this reason; what is queued still leaves.
    Drain(String),
    Pending,
}

#[derive(Debug)]
enum Flow {
    Udp(UdpFlow),
    Connecting(Connecting),
    Connected(Connected),
}

#[derive(Debug)]
struct Source {
    flow: Flow,
    /// It counts among the accepted ones.
    accepted: bool,
    turn: Arc<Turn>,
}

/// Sockets and connections, by the names of their flows.
///
/// All methods must be called in a tokio runtime with I/O and time enabled.
#[derive(Debug)]
pub struct Transports {
    config: TransportConfig,
    tls: Tls,
    flows: BTreeMap<FlowId, Source>,
    /// Closed by their owners and still sending; their names are free.
    draining: BTreeMap<u64, (Connected, Arc<Turn>)>,
    listeners: BTreeMap<u64, (Listener, Arc<Turn>)>,
    /// The addresses that were bound and listened on, from which connections are opened.
    bound: Vec<SocketAddr>,
    /// Says which of the sources above want to be polled.
    ready: ReadyQueue,
    events: VecDeque<TransportEvent>,
    counters: Counters,
    buffer: Box<[u8]>,
    accepted: usize,
    /// The last number given to a flow, a listener or a draining connection.
    number: u64,
    waker: Option<Waker>,
}

impl Transports {
    /// No sockets yet.
    ///
    /// # Errors
    /// What [`TransportConfig::tls`] holds cannot be used.
    pub fn new(config: TransportConfig) -> Result<Self, TlsError> {
        let tls = Tls::new(&config.tls)?;
        Ok(Self {
            config,
            tls,
            flows: BTreeMap::new(),
            draining: BTreeMap::new(),
            listeners: BTreeMap::new(),
            bound: Vec::new(),
            ready: ReadyQueue::default(),
            events: VecDeque::new(),
            counters: Counters::default(),
            buffer: vec![0; DATAGRAM].into_boxed_slice(),
            accepted: 0,
            number: 0,
            waker: None,
        })
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    fn insert(&mut self, id: FlowId, accepted: bool, mut flow: Flow) {
        let turn = self.ready.place(SourceId::Flow(id));
        if let Flow::Connecting(connecting) = &mut flow {
            let waker = Waker::from(Arc::clone(&turn));
            connecting.start(&mut Context::from_waker(&waker));
        }
        turn.request();
        self.flows.insert(id, Source { flow, accepted, turn });
    }

    /// Binds a UDP socket (RFC 3261 §18); port 0 takes a free one, and an IPv6 socket takes no IPv4. Its flow has, in place
    /// of an unspecified address, the one from which the default route leaves.
    ///
    /// # Errors
    /// The address is taken, or not of this machine.
    pub fn bind_udp(&mut self, address: SocketAddr) -> io::Result<FlowOpened> {
        let socket = address::bind_udp(address, self.config.udp_buffer)?;
        self.bound.push(address);
        let local = address::shown(socket.local_addr()?);
        let flow = FlowId::from_platform(self.next_number());
        self.insert(flow, false, Flow::Udp(UdpFlow::new(flow, socket, &self.config)));
        Ok(FlowOpened { flow, protocol: Protocol::Udp, local, remote: None })
    }

    /// Listens for connections (RFC 3261 §18); each becomes a flow that [`TransportEvent::Opened`] names once it speaks the
    /// protocol. What is given names the listening socket, which carries nothing itself.
    ///
    /// # Errors
    /// The address is taken, or not of this machine; there is no certificate for TLS; UDP is bound, not listened on.
    pub fn listen(&mut self, protocol: Protocol, address: SocketAddr) -> io::Result<FlowOpened> {
        if protocol == Protocol::Udp {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "UDP is bound, not listened on"));
        }
        if protocol.is_secure() && !self.tls.serves() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no certificate for it"));
        }
        let socket = address::listen_tcp(address)?;
        self.bound.push(address);
        let local = address::shown(socket.local_addr()?);
        let number = self.next_number();
        let turn = self.ready.place(SourceId::Listener(number));
        turn.request();
        self.listeners.insert(number, (Listener::new(socket, protocol), turn));
        let flow = FlowId::from_platform(number);
        Ok(FlowOpened { flow, protocol, local, remote: None })
    }

    /// Opens a connection. [`TransportEvent::Opened`] or [`TransportEvent::Failed`] follows.
    pub fn open(&mut self, open: &OpenFlow) {
        if self.flows.contains_key(&open.flow) {
            // The flow that has the name answers for it.
            self.counters.count("flow opened twice");
            return;
        }
        match open.protocol {
            Protocol::Udp => self.fail(open.flow, "UDP is bound, not opened".to_owned()),
            Protocol::Tcp | Protocol::Tls | Protocol::Ws | Protocol::Wss => {
                let from = address::source(&self.bound, open.remote);
                let connecting = Connecting::to(open, from, &self.tls, &self.config);
                self.insert(open.flow, false, Flow::Connecting(connecting));
            }
        }
    }

    fn fail(&mut self, flow: FlowId, reason: String) {
        self.events.push_back(TransportEvent::Failed { flow, reason });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Sends, now or as soon as the flow can. What does not fit in the queue of a socket is dropped and counted; a
    /// connection whose queue overflows has failed.
    pub fn transmit(&mut self, transmit: Transmit) {
        let Transmit { flow: id, destination, bytes } = transmit;
        let Some(source) = self.flows.get_mut(&id) else {
            self.counters.count("transmit on a flow that is gone");
            return;
        };
        let fits = match &mut source.flow {
            Flow::Udp(udp) => {
                if udp.transmit(destination, bytes, &mut self.counters) {
                    source.turn.request();
                }
                return;
            }
            Flow::Connecting(connecting) => connecting.queue.push(bytes),
            Flow::Connected(connected) => {
                let fits = connected.transmit(bytes);
                source.turn.request();
                fits
            }
        };
        if fits.is_err() {
            // The peer does not read: what is queued is lost with the connection, and the machine is told.
            self.counters.count("connection ended: queue full");
            self.remove(id);
            self.fail(id, "the peer does not take what is sent to it".to_owned());
        }
    }

    /// Closes a flow, of which nothing more is heard. What a connection has queued still leaves.
    pub fn close(&mut self, id: FlowId) {
        self.events.retain(|event| !matches!(event, TransportEvent::Failed { flow, .. } if *flow == id));
        let Some(Source { flow, .. }) = self.remove(id) else { return };
        let Flow::Connected(mut connected) = flow else { return };
        if self.draining.len() >= self.config.connections {
            self.counters.count("connection not drained: too many");
            return;
        }
        connected.drain(&self.config);
        let number = self.next_number();
        let turn = self.ready.place(SourceId::Draining(number));
        turn.request();
        self.draining.insert(number, (connected, turn));
    }

    fn remove(&mut self, id: FlowId) -> Option<Source> {
        let source = self.flows.remove(&id)?;
        if source.accepted {
            self.accepted -= 1;
        }
        Some(source)
    }

    /// What was dropped, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The next event. Must be called until it is pending.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TransportEvent> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        // Each source gets one turn; those that ask again meanwhile wake the task, which lets others run in between.
        for _ in 0..self.ready.begin(cx.waker()) {
            let Some((source, turn)) = self.ready.next() else { break };
            let waker = Waker::from(Arc::clone(&turn));
            let mut cx = Context::from_waker(&waker);
            let event = match source {
                SourceId::Flow(id) => self.poll_flow(id, &turn, &mut cx),
                SourceId::Listener(number) => self.poll_listener(number, &turn, &mut cx),
                SourceId::Draining(number) => {
                    self.poll_draining(number, &mut cx);
                    None
                }
            };
            if let Some(event) = event {
                return Poll::Ready(event);
            }
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_flow(&mut self, id: FlowId, turn: &Arc<Turn>, cx: &mut Context<'_>) -> Option<TransportEvent> {
        let source = self.flows.get_mut(&id).filter(|source| Arc::ptr_eq(&source.turn, turn))?;
        let step = match &mut source.flow {
            Flow::Udp(udp) => udp.poll(cx, &mut self.buffer, &mut self.counters),
            Flow::Connected(connected) => connected.poll(cx, &mut self.buffer, &self.config),
            Flow::Connecting(connecting) => match connecting.poll(cx) {
                Poll::Ready(Ok((established, local))) => return self.connected(id, established, local),
                Poll::Ready(Err(reason)) if source.accepted => {
                    // Nobody has heard of it.
                    self.counters.count("accepted connection without its handshake");
                    tracing::debug!(remote = %connecting.remote, reason, "handshake failed");
                    Step::End(None)
                }
                Poll::Ready(Err(reason)) => Step::End(Some(reason)),
                Poll::Pending => Step::Pending,
            },
        };
        match step {
            Step::Event(event) => {
                turn.request();
                Some(event)
            }
            Step::Drain(reason) => {
                self.close(id);
                Some(TransportEvent::Failed { flow: id, reason })
            }
            Step::End(reason) => {
                self.remove(id);
                reason.map(|reason| TransportEvent::Failed { flow: id, reason })
            }
            Step::Pending => None,
        }
    }

    fn connected(
        &mut self,
        id: FlowId,
        established: Established,
        local: SocketAddr,
    ) -> Option<TransportEvent> {
        let source = self.flows.remove(&id)?;
        let accepted = source.accepted;
        let Flow::Connecting(Connecting { protocol, remote, queue, .. }) = source.flow else { return None };
        let connected = Connected::new(id, established, remote, queue, &self.config);
        self.insert(id, accepted, Flow::Connected(connected));
        Some(TransportEvent::Opened(FlowOpened { flow: id, protocol, local, remote: Some(remote) }))
    }

    fn poll_listener(
        &mut self,
        number: u64,
        turn: &Arc<Turn>,
        cx: &mut Context<'_>,
    ) -> Option<TransportEvent> {
        let (listener, _) = self.listeners.get_mut(&number)?;
        let Poll::Ready((stream, remote)) = listener.poll(cx, &mut self.counters) else { return None };
        turn.request();
        if self.accepted >= self.config.connections {
            self.counters.count("connection refused: too many");
            return None;
        }
        let protocol = listener.protocol;
        let id = FlowId::from_platform(self.next_number());
        if protocol != Protocol::Tcp {
            let connecting = Connecting::of(stream, protocol, remote, &self.tls, &self.config);
            self.accepted += 1;
            self.insert(id, true, Flow::Connecting(connecting));
            return None;
        }
        // A message is written whole, so there is nothing to gather; a socket that cannot do it still works.
        let _ = stream.set_nodelay(true);
        // The peer may be gone again.
        let local = stream.local_addr().ok()?;
        let queue = SendQueue::new(self.config.send_queue, self.config.send_bytes);
        self.accepted += 1;
        let established = Established::Stream(Connection::Plain(stream));
        let connected = Connected::new(id, established, remote, queue, &self.config);
        self.insert(id, true, Flow::Connected(connected));
        Some(TransportEvent::Opened(FlowOpened { flow: id, protocol, local, remote: Some(remote) }))
    }

    fn poll_draining(&mut self, number: u64, cx: &mut Context<'_>) {
        let Some((connected, _)) = self.draining.get_mut(&number) else { return };
        if matches!(connected.poll(cx, &mut self.buffer, &self.config), Step::End(_)) {
            self.draining.remove(&number);
        }
    }

    /// Sends what is queued as far as that needs no waiting, and nothing more after: for the end of a runtime, in which nobody
    /// polls any more.
    pub fn leave(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        for source in self.flows.values_mut() {
            if let Flow::Connected(connected) = &mut source.flow {
                connected.send_now(&mut cx);
            }
        }
        for (connected, _) in self.draining.values_mut() {
            connected.send_now(&mut cx);
        }
    }

    /// Ready when everything that was sent has left, or cannot leave: for the end, as events meanwhile are dropped.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.poll(cx).is_ready() {}
        let flushed = self.draining.values().all(|(connected, _)| connected.is_flushed())
            && self.flows.values().all(|source| match &source.flow {
                Flow::Udp(udp) => udp.is_flushed(),
                Flow::Connected(connected) => connected.is_flushed(),
                Flow::Connecting(connecting) => connecting.queue.is_empty(),
            });
        if flushed { Poll::Ready(()) } else { Poll::Pending }
    }
}
