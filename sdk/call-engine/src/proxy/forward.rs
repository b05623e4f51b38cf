//! Forwarding a request (RFC 3261 §16.6), and refusing one.

use rvoip_driver::Now;
use rvoip_sip_core::{HeaderName, Message, MessageBuf, MessageBuilder, Method, StatusCode};
use rvoip_transaction_core::{ClientKey, Outgoing, ServerKey, Source, TransactionLayer};

use super::admit::{Admitted, Refusal, Surroundings};
use super::route::Destination;
use super::written::Original;
use super::{Branch, Forwarding, Proxy, TIMER_C};
use crate::SwitchConfig;

impl Proxy {
    /// A request that is not for the registrar. Gives how many places it was forwarded to.
    pub(crate) fn handle_request(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        around: &mut Surroundings<'_>,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
    ) -> usize {
        let message = request.as_message();
        let admitted = if self.forwardings.len() >= around.config.forwarded {
            Err(Refusal::Status(StatusCode::SERVICE_UNAVAILABLE))
        } else if message.method() == Some(Method::Cancel) {
            // It matched no INVITE of ours.
            Err(Refusal::Status(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST))
        } else {
            self.admit(now, layer, around, &message)
        };
        match admitted {
            // Strangers leave room for our users and the calls that there are.
            Ok(Admitted { known: false, .. })
                if self.forwardings.len() >= around.config.forwarded.div_ceil(2) =>
            {
                self.refuse(layer, key, &message, StatusCode::SERVICE_UNAVAILABLE.into());
                0
            }
            Ok(admitted) => self.forward(now, layer, around.config, key, request, source, admitted),
            Err(refusal) => {
                self.refuse(layer, key, &message, refusal);
                0
            }
        }
    }

    /// Says no, once: the sender is not known, so nothing is repeated for it.
    fn refuse(
        &mut self,
        layer: &mut TransactionLayer,
        key: ServerKey,
        request: &Message<'_>,
        refusal: Refusal,
    ) {
        let builder = match refusal {
            Refusal::Status(status) => MessageBuilder::response_to(request, status),
            Refusal::Extensions(list) => MessageBuilder::response_to(request, StatusCode::BAD_EXTENSION)
                .raw(HeaderName::Unsupported, &list),
            Refusal::Written(builder) => *builder,
        };
        layer.answer_once(key, &self.tag(), builder);
    }

    #[expect(clippy::too_many_arguments, reason = "what is forwarded, from where and whereto")]
    fn forward(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        config: &SwitchConfig,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
        admitted: Admitted,
    ) -> usize {
        let message = request.as_message();
        let is_invite = message.method() == Some(Method::Invite);
        let Admitted { routed, places, breadth, .. } = admitted;
        let name = Forwarding::name(&message);
        self.names.insert(name.clone());
        let forwarding = Forwarding {
            request: request.clone(),
            source,
            routed,
            name,
            is_invite,
            branches: std::collections::BTreeMap::new(),
            answered: false,
            cancelled: false,
        };
        self.forwardings.insert(key, forwarding);
        if is_invite && let Ok(trying) = MessageBuilder::response_to(&message, StatusCode::TRYING).build() {
            layer.respond(now, key, trying);
        }
        let count = places.len();
        for flows in places {
            self.begin(now, layer, config, key, flows, breadth);
        }
        if self.forwardings.get(&key).is_some_and(|forwarding| forwarding.branches.is_empty()) {
            self.forget(key);
            let builder = MessageBuilder::response_to(&message, StatusCode::SERVER_INTERNAL_ERROR);
            layer.answer(now, key, &message, &self.tag(), builder);
            return 0;
        }
        count
    }

    /// Begins a branch over the first of the flows that lead to a phone; false if none can be used.
    pub(super) fn begin(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        config: &SwitchConfig,
        key: ServerKey,
        flows: Vec<Destination>,
        breadth: u32,
    ) -> bool {
        let mut flows = flows.into_iter();
        while let Some(destination) = flows.next() {
            let Some(forwarding) = self.forwardings.get(&key) else { return false };
            if destination.hop.is_some_and(|hop| layer.protocol(hop.flow).is_none()) {
                continue;
            }
            let is_invite = forwarding.is_invite;
            let request = forwarding.request.as_message();
            let original =
                Original { request: &request, source: forwarding.source, routed: &forwarding.routed };
            let Ok(request) = self.written(layer, config, &original, &destination, breadth) else {
                self.counters.count("request that cannot be forwarded");
                continue;
            };
            let outgoing = Outgoing { request, target: destination.target, contact: None };
            let branch = layer.send_request(now, outgoing);
            self.note_branch(
                now,
                key,
                branch,
                is_invite,
                Branch { others: flows.collect(), breadth, ..Branch::default() },
            );
            return true;
        }
        false
    }

    fn note_branch(&mut self, now: Now, key: ServerKey, id: ClientKey, is_invite: bool, branch: Branch) {
        if is_invite {
            self.timers.set(id, now.after(TIMER_C));
        }
        self.branches.insert(id, key);
        if let Some(forwarding) = self.forwardings.get_mut(&key) {
            forwarding.branches.insert(id, branch);
        }
    }

    /// The ACK of a 2xx goes on its way without state (RFC 3261 §16.11).
    pub(crate) fn handle_ack(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        around: &mut Surroundings<'_>,
        ack: &Message<'_>,
        source: Source,
    ) {
        // What is within no dialog acknowledges a refusal of ours, or nothing.
        let Ok(admitted) = self.admit(now, layer, around, ack) else {
            return self.counters.count("ACK that leads nowhere");
        };
        if admitted.routed.hop.is_none() {
            return self.counters.count("ACK that leads nowhere");
        }
        let original = Original { request: ack, source, routed: &admitted.routed };
        let Some(destination) = admitted.places.into_iter().flatten().next() else { return };
        if let Ok(request) = self.written(layer, around.config, &original, &destination, admitted.breadth) {
            layer.send_ack(now, Outgoing { request, target: destination.target, contact: None });
        }
    }
}
