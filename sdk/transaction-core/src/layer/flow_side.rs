//! Flows that open and fail, and DNS answers.

use std::net::SocketAddr;

use rvoip_sans_io::{DnsAnswer, DnsError, FlowId, FlowOpened, Now, OpenFlow, Protocol, QuestionId};

use super::TransactionLayer;
use super::timers::TimerKey;
use crate::client::Phase;
use crate::flows::{Names, Waiting};
use crate::target::{Hop, candidates};
use crate::{LayerEvent, LayerOutput};

impl TransactionLayer {
    /// A flow is there.
    pub fn handle_flow_opened(&mut self, now: Now, opened: &FlowOpened) {
        self.timers.cancel(TimerKey::Connect(opened.flow));
        for waiting in self.flows.opened(opened) {
            match waiting {
                Waiting::Client(key) => {
                    if let Some(remote) = opened.remote {
                        self.start_client(now, key, opened.flow, remote);
                    }
                }
                Waiting::Server(key) => {
                    if let Some(server) = self.servers.get_mut(&key) {
                        server.source.flow = opened.flow;
                    }
                    self.resend_response(key);
                }
            }
        }
    }

    /// A flow is gone, or could not be opened; `reason` is one line for people.
    pub fn handle_flow_failed(&mut self, now: Now, flow: FlowId, reason: &str) {
        self.timers.cancel(TimerKey::Connect(flow));
        self.forget_keep_alives(flow, None);
        let (was_open, waiting) = self.flows.failed(flow);
        // Told ahead of the failures that follow from it, so that nobody takes them for failures of the peer.
        if was_open {
            self.outputs.push_back(LayerOutput::Event(LayerEvent::FlowLost(flow)));
        }
        for waiting in waiting {
            match waiting {
                Waiting::Client(key) => self.path_failed(now, key, reason),
                Waiting::Server(key) => self.server_transport_failed(now, key),
            }
        }
        if was_open {
            let on_flow = |(key, client): (&crate::ClientKey, &crate::client::Client)| {
                client.path.is_some_and(|(of, _)| of == flow).then_some(*key)
            };
            let keys: Vec<_> = self.clients.iter().filter_map(on_flow).collect();
            for key in keys {
                self.path_failed(now, key, reason);
            }
        }
    }

    /// An answer to a [`LayerOutput::Dns`].
    pub fn handle_dns(&mut self, now: Now, id: QuestionId, answer: Result<DnsAnswer, DnsError>) {
        let Some(key) = self.questions.remove(&id) else { return };
        let Some(client) = self.clients.get_mut(&key) else { return };
        let Phase::Resolving(resolution) = &mut client.phase else { return };
        let addresses = match answer {
            Ok(DnsAnswer::Addresses(addresses)) => addresses,
            Ok(DnsAnswer::Services(_) | DnsAnswer::Pointers(_)) => Vec::new(),
            Err(error) => {
                client.last_failure = Some(match error {
                    DnsError::NoSuchName => "the host name does not exist".to_owned(),
                    DnsError::Unavailable => "no DNS server answered".to_owned(),
                });
                Vec::new()
            }
        };
        if !resolution.answer(id, addresses) {
            return;
        }
        let resolution = std::mem::take(resolution);
        client.phase = Phase::Idle;
        let size = client.outgoing.request.as_bytes().len();
        let Ok(hop) = Hop::of(&client.outgoing.target.uri) else { return };
        let too_large = size > self.config.datagram_size;
        client.candidates = candidates(&hop, resolution.into_addresses(), too_large);
        if client.candidates.is_empty() && client.last_failure.is_none() {
            client.last_failure = Some("the host name has no address".to_owned());
        }
        self.try_next_address(now, key);
    }

    /// Asks for a connection, and has somebody wait for it.
    pub(super) fn open_connection(
        &mut self,
        now: Now,
        protocol: Protocol,
        remote: SocketAddr,
        names: Names,
        who: Waiting,
    ) -> FlowId {
        self.last_flow += 1;
        let flow = FlowId::from_machine(self.last_flow);
        self.flows.begin(flow, protocol, remote, names.clone());
        self.flows.wait(flow, who);
        self.timers.set(TimerKey::Connect(flow), now.after(self.config.connect_wait));
        let Names { server: server_name, resource } = names;
        let open = OpenFlow { flow, protocol, remote, server_name, resource };
        self.outputs.push_back(LayerOutput::OpenFlow(open));
        flow
    }
}
