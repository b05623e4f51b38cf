//! The stateful proxy (RFC 3261 §16), and an edge of other domains (RFC 5626 §5).

mod admit;
mod forward;
mod respond;
mod route;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_driver::{Now, Random, Timers};
use rvoip_sans_io::Counters;
use rvoip_sip_core::{MessageBuf, StatusCode};
use rvoip_transaction_core::{ClientKey, ServerKey, Source, TransactionLayer};

use crate::flow_token::FlowTokens;
use route::{Destination, Routed};

pub(crate) use admit::Surroundings;

/// How long an INVITE may ring on one branch after its last sign of life (timer C, RFC 3261 §16.6).
const TIMER_C: Duration = Duration::from_secs(181);
/// Addresses of ours that are known: one for each socket and interface.
const ADDRESSES: usize = 1_024;

/// One request on its way.
#[derive(Debug)]
struct Forwarding {
    request: MessageBuf,
    source: Source,
    routed: Routed,
    /// What the request is known by if it comes back.
    name: String,
    is_invite: bool,
    branches: BTreeMap<ClientKey, Branch>,
    /// A final response was sent.
    answered: bool,
    cancelled: bool,
}

/// One of the places that a request was forwarded to.
#[derive(Debug, Default)]
struct Branch {
    /// Its final response, as it will be forwarded.
    answer: Option<(StatusCode, Option<MessageBuf>)>,
    cancelled: bool,
    /// Other flows of the same phone, for when this one fails (RFC 5626 §7).
    others: Vec<Destination>,
    /// How many branches it may become (RFC 5393).
    breadth: u32,
}

/// The proxy: requests that are on their way.
#[derive(Debug)]
pub(crate) struct Proxy {
    tokens: FlowTokens,
    random: Random,
    forwardings: BTreeMap<ServerKey, Forwarding>,
    branches: BTreeMap<ClientKey, ServerKey>,
    names: BTreeSet<String>,
    /// Where we are reached.
    own: BTreeSet<SocketAddr>,
    timers: Timers<ClientKey>,
    counters: Counters,
}

impl Proxy {
    pub(crate) fn new(mut random: Random) -> Self {
        Self {
            tokens: FlowTokens::new(&mut random),
            random,
            forwardings: BTreeMap::new(),
            branches: BTreeMap::new(),
            names: BTreeSet::new(),
            own: BTreeSet::new(),
            timers: Timers::new(),
            counters: Counters::default(),
        }
    }

    /// We are reached at an address.
    pub(crate) fn serves_at(&mut self, address: SocketAddr) {
        if self.own.len() < ADDRESSES {
            self.own.insert(address);
        }
    }

    /// How many requests are on their way.
    pub(crate) fn len(&self) -> usize {
        self.forwardings.len()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn next_timeout(&self) -> Option<rvoip_driver::Instant> {
        self.timers.next()
    }

    /// Branches that ring for too long are cancelled (RFC 3261 §16.8).
    pub(crate) fn handle_timeout(&mut self, now: Now, layer: &mut TransactionLayer) {
        while let Some(branch) = self.timers.pop_due(now.monotonic) {
            // The phone has rung: another of its flows is no way out.
            let forwarding = self.branches.get(&branch).and_then(|key| self.forwardings.get_mut(key));
            if let Some(branch) = forwarding.and_then(|forwarding| forwarding.branches.get_mut(&branch)) {
                branch.cancelled = true;
            }
            layer.cancel(now, branch);
        }
    }

    /// A tag for answers of our own.
    fn tag(&mut self) -> String {
        self.random.token(10)
    }

    fn forget(&mut self, key: ServerKey) {
        if let Some(forwarding) = self.forwardings.remove(&key) {
            self.names.remove(&forwarding.name);
        }
    }
}
