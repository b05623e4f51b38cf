//! What goes over the wire, as one stream for ladders and logs, with secrets taken out in one place.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_sans_io::{FlowId, FlowOpened, Map, Protocol};

use crate::redact::redact;

/// One message that entered or left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireEntry {
    /// Time since the Unix epoch.
    pub time: Duration,
    /// It was received; otherwise it was sent.
    pub incoming: bool,
    /// The flow that it travelled on.
    pub flow: FlowId,
    /// How it travelled.
    pub protocol: Protocol,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The message, without secrets.
    pub text: String,
}

/// A message as it passes, with its secrets.
struct Passage<'a> {
    incoming: bool,
    flow: FlowId,
    protocol: Protocol,
    local: SocketAddr,
    remote: SocketAddr,
    bytes: &'a [u8],
}

impl Passage<'_> {
    fn entry(&self) -> WireEntry {
        let Self { incoming, flow, protocol, local, remote, bytes } = *self;
        let time = crate::clock::now().unix;
        WireEntry { time, incoming, flow, protocol, local, remote, text: redact(bytes) }
    }
}

/// Sees every message.
// The tap makes the entries that it sees, so that a program without one has no code for them.
#[derive(Clone)]
pub struct WireTap(Arc<dyn Fn(&Passage<'_>) + Send + Sync>);

impl WireTap {
    /// Calls `see` for every message, from the loop: it must not wait.
    pub fn new(see: impl Fn(&WireEntry) + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |passage| see(&passage.entry())))
    }
}

impl fmt::Debug for WireTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireTap")
    }
}

/// Records where bytes enter and leave.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    tap: Option<WireTap>,
    flows: Map<FlowId, (Protocol, SocketAddr, Option<SocketAddr>)>,
}

impl Wire {
    pub(crate) fn new(tap: Option<WireTap>) -> Self {
        Self { tap, flows: Map::new() }
    }

    pub(crate) fn opened(&mut self, opened: &FlowOpened) {
        self.flows.insert(opened.flow, (opened.protocol, opened.local, opened.remote));
    }

    pub(crate) fn closed(&mut self, flow: FlowId) {
        self.flows.remove(&flow);
    }

    pub(crate) fn record(&self, incoming: bool, flow: FlowId, peer: SocketAddr, bytes: &[u8]) {
        let keep_alive = bytes.iter().all(u8::is_ascii_whitespace);
        let traced = tracing::enabled!(target: "rvoip::wire", tracing::Level::DEBUG);
        if keep_alive || (self.tap.is_none() && !traced) {
            return;
        }
        let Some((protocol, local, remote)) = self.flows.get(&flow) else { return };
        let passage = Passage {
            incoming,
            flow,
            protocol: *protocol,
            local: *local,
            remote: remote.unwrap_or(peer),
            bytes,
        };
        if let Some(tap) = &self.tap {
            (tap.0)(&passage);
        }
        if !traced {
            return;
        }
        let entry = passage.entry();
        tracing::debug!(
            target: "rvoip::wire",
            incoming,
            flow = ?entry.flow,
            protocol = %entry.protocol,
            local = %entry.local,
            remote = %entry.remote,
            text = entry.text,
            "message"
        );
    }
}
