//! Flows that open and fail.

use rvoip_sans_io::{FlowId, FlowOpened, Now, OpenFlow};

use super::TransactionLayer;
use super::timers::TimerKey;
use crate::flows::{Lost, Names, Waiting};
use crate::target::Candidate;
use crate::{LayerEvent, LayerOutput};

impl TransactionLayer {
    /// A flow is there.
    pub fn handle_flow_opened(&mut self, now: Now, opened: &FlowOpened) {
        self.timers.cancel(TimerKey::Connect(opened.flow));
        if let Some(remote) = opened.remote {
            self.failures.forget(Candidate::new(opened.protocol, remote));
        }
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
        for id in self.keep_alives.lost(flow) {
            self.forget_ping(id);
        }
        let Lost { flow: lost, to, waiting } = self.flows.failed(flow);
        if let Some(to) = to {
            self.failures.note(now, to, self.config.failure_memory);
        }
        // Told ahead of the failures that follow from it, so that nobody takes them for failures of the peer.
        if lost.is_some() {
            self.outputs.push_back(LayerOutput::Event(LayerEvent::FlowLost(flow)));
        }
        for waiting in waiting {
            match waiting {
                Waiting::Client(key) => self.path_failed(now, key, reason),
                Waiting::Server(key) => self.server_transport_failed(now, key),
            }
        }
        if let Some(lost) = lost {
            for key in lost.clients.iter().copied() {
                self.connection_lost(now, key, &lost, reason);
            }
        }
    }

    /// Asks for a connection, and has somebody wait for it.
    pub(super) fn open_connection(&mut self, now: Now, to: Candidate, names: Names, who: Waiting) -> FlowId {
        self.last_flow += 1;
        let flow = FlowId::from_machine(self.last_flow);
        self.flows.begin(flow, to, names.clone());
        self.flows.wait(flow, who);
        self.timers.set(TimerKey::Connect(flow), now.after(self.config.connect_wait));
        let Names { server: server_name, resource } = names;
        let Candidate { protocol, address: remote } = to;
        let open = OpenFlow { flow, protocol, remote, server_name, resource };
        self.outputs.push_back(LayerOutput::OpenFlow(open));
        flow
    }
}
