//! The transaction layer: all transactions, flows and targets of one port.

mod client_side;
mod flow_side;
mod path;
mod receive;
mod server_side;
mod timers;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rvoip_sans_io::{Counters, FlowId, Instant, Map, Now, Protocol, QuestionId, Random, Timers};

use crate::client::Client;
use crate::failures::Failures;
use crate::flows::Flows;
use crate::keep_alive::KeepAlives;
use crate::matching::{ClientName, MergeName, ServerName};
use crate::server::Server;
use crate::{ClientKey, Config, LayerOutput, ServerKey};
use timers::TimerKey;

/// All transactions, flows and targets of one port.
///
/// Give it what happens (`handle_…`) and what is wanted (`send_request`, `respond`, …), then take what is to be done with
/// [`poll_output`](Self::poll_output) until that gives [`LayerOutput::Timeout`].
#[derive(Debug)]
pub struct TransactionLayer {
    config: Config,
    random: Random,
    /// Part of every branch, so that a response finds the instance that sent the request.
    instance: String,
    /// The host name that stands for us where nobody can connect to us.
    nowhere: String,
    flows: Flows,
    failures: Failures,
    clients: Map<ClientKey, Client>,
    client_names: Map<ClientName, ClientKey>,
    questions: Map<QuestionId, ClientKey>,
    servers: Map<ServerKey, Server>,
    /// What they hold, in bytes.
    server_bytes: usize,
    server_names: Map<ServerName, ServerKey>,
    merge_names: Map<MergeName, ServerKey>,
    keep_alives: KeepAlives,
    timers: Timers<TimerKey>,
    outputs: VecDeque<LayerOutput>,
    counters: Counters,
    last_key: u64,
    last_flow: u64,
    last_question: u64,
}

impl TransactionLayer {
    /// A layer without flows.
    pub fn new(config: Config, mut random: Random) -> Self {
        let mut instance = random.token(12);
        let nowhere = format!("{instance}.invalid");
        instance.truncate(6);
        Self {
            config,
            random,
            instance,
            nowhere,
            flows: Flows::default(),
            failures: Failures::default(),
            clients: Map::new(),
            client_names: Map::new(),
            questions: Map::new(),
            servers: Map::new(),
            server_bytes: 0,
            server_names: Map::new(),
            merge_names: Map::new(),
            keep_alives: KeepAlives::default(),
            timers: Timers::new(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            last_key: 0,
            last_flow: 0,
            last_question: 0,
        }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What was dropped, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many transactions exist.
    pub fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// Whether no transaction exists.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The flows that are open.
    pub fn flows(&self) -> impl Iterator<Item = FlowId> {
        self.flows.ids()
    }

    /// How a flow moves bytes, if it is open.
    pub fn protocol(&self, flow: FlowId) -> Option<Protocol> {
        self.flows.get(flow).map(|flow| flow.protocol)
    }

    /// The local address of a flow, if it is open.
    pub fn local_address(&self, flow: FlowId) -> Option<SocketAddr> {
        self.flows.get(flow).map(|flow| flow.local)
    }

    /// The address at which a flow's peer can open another: that of our listening socket where there is one.
    pub fn serving_address(&self, flow: FlowId) -> Option<SocketAddr> {
        self.flows.listening(flow)
    }

    /// The address of a socket that takes datagrams, or listens for connections, of a protocol.
    pub fn listening_address(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.flows.serving(protocol)
    }

    /// Whether a peer cannot reach us when this flow is gone: a connection for which we do not listen, or one through a
    /// NAT. Then it is for us to keep it alive, and to let the peer know of another.
    pub fn is_needed(&self, flow: FlowId, peer: IpAddr) -> bool {
        self.flows.is_needed(flow, peer)
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> LayerOutput {
        self.outputs.pop_front().unwrap_or_else(|| LayerOutput::Timeout(self.timers.next()))
    }

    /// When to call [`Self::handle_timeout`] again.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Keeps a path alive by CRLF (RFC 5626 §4.4.1) until [`Self::stop_keep_alive`] is called as often, or its flow fails.
    pub fn keep_alive(&mut self, now: Now, flow: FlowId, destination: SocketAddr) {
        if self.protocol(flow).is_none() {
            return;
        }
        if let Some(id) = self.keep_alives.start(flow, destination) {
            self.ping_later(now, id);
        }
    }

    /// The server at the other end of a path that is kept alive said that it answers keep-alives, so that the first one
    /// without answer means that the connection is dead (RFC 5626 §4.4.1); of others one must have been answered. `within`
    /// is the longest time between two of them that it allows (`Flow-Timer`, §4.4).
    pub fn expect_pongs(
        &mut self,
        now: Now,
        flow: FlowId,
        destination: SocketAddr,
        within: Option<Duration>,
    ) {
        if let Some(id) = self.keep_alives.expect(flow, destination, within) {
            self.ping_later(now, id);
        }
    }

    /// Ends what [`Self::keep_alive`] began.
    pub fn stop_keep_alive(&mut self, flow: FlowId, destination: SocketAddr) {
        if let Some(id) = self.keep_alives.stop(flow, destination) {
            self.forget_ping(id);
        }
    }

    fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    /// A tag for answers that the layer itself gives.
    fn tag(&mut self) -> String {
        format!("{}{}", self.instance, self.random.token(8))
    }
}
