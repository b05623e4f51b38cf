//! The stateful proxy (RFC 3261 §16).

mod forward;
mod respond;
mod routing;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rvoip_driver::{Now, Timers};
use rvoip_sans_io::Counters;
use rvoip_sip_core::header::CallId;
use rvoip_sip_core::{Message, MessageBuf, StatusCode, UriBuf};
use rvoip_transaction_core::{ClientKey, ServerKey, Source, TransactionLayer};

pub(crate) use forward::Surroundings;
pub(crate) use routing::Destination;

/// How long an INVITE may ring on one branch after its last sign of life (timer C, RFC 3261 §16.6).
pub(super) const TIMER_C: Duration = Duration::from_secs(181);
/// Calls whose parties are remembered, so that their requests find them without a Route.
const CALLS: usize = 10_000;

/// One request on its way.
#[derive(Debug)]
pub(super) struct Forwarding {
    pub(super) request: MessageBuf,
    pub(super) is_invite: bool,
    pub(super) branches: BTreeMap<ClientKey, Branch>,
    /// A final response was sent.
    pub(super) answered: bool,
    pub(super) cancelled: bool,
}

/// One of the places that a request was forwarded to.
#[derive(Debug, Default)]
pub(super) struct Branch {
    /// Its final response, as it will be forwarded.
    pub(super) answer: Option<(StatusCode, Option<MessageBuf>)>,
    pub(super) cancelled: bool,
}

/// The parties of a call that went through us.
#[derive(Debug)]
pub(super) struct Parties {
    pub(super) contacts: Vec<(UriBuf, Source)>,
}

/// The proxy: requests that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Proxy {
    pub(super) forwardings: BTreeMap<ServerKey, Forwarding>,
    pub(super) branches: BTreeMap<ClientKey, ServerKey>,
    pub(super) calls: BTreeMap<String, Parties>,
    call_order: VecDeque<String>,
    pub(super) timers: Timers<ClientKey>,
    pub(super) counters: Counters,
}

impl Proxy {
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
            layer.cancel(now, branch);
        }
    }

    /// Remembers how a party of a call is reached.
    pub(super) fn remember(&mut self, message: &Message<'_>, contact: Option<UriBuf>, source: Source) {
        let (Some(Ok(call_id)), Some(contact)) = (message.get::<CallId<'_>>(), contact) else { return };
        let call_id = call_id.0.to_owned();
        if !self.calls.contains_key(&call_id) {
            if self.call_order.len() >= CALLS
                && let Some(oldest) = self.call_order.pop_front()
            {
                self.calls.remove(&oldest);
            }
            self.call_order.push_back(call_id.clone());
        }
        let parties = self.calls.entry(call_id).or_insert(Parties { contacts: Vec::new() });
        parties.contacts.retain(|(known, _)| *known != contact);
        if parties.contacts.len() < 8 {
            parties.contacts.push((contact, source));
        }
    }

    pub(super) fn forget_call(&mut self, call_id: &str) {
        if self.calls.remove(call_id).is_some() {
            self.call_order.retain(|known| known != call_id);
        }
    }
}
