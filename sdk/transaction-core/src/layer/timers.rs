//! Timers of the layer, and what each does when it fires.

use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, Now, Protocol, Transmit};
use rvoip_sip_core::PING;

use super::TransactionLayer;
use crate::machine::Timer;
use crate::{ClientKey, LayerOutput, ServerKey};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimerKey {
    Client(ClientKey, Timer),
    Server(ServerKey, Timer),
    Connect(FlowId),
    KeepAlive(u32),
    Pong(u32),
}

impl TransactionLayer {
    /// Lets timers fire that are due.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(key) = self.timers.pop_due(now.monotonic) {
            match key {
                TimerKey::Client(key, timer) => self.client_timer_fired(now, key, timer),
                TimerKey::Server(key, timer) => self.server_timer_fired(now, key, timer),
                TimerKey::Connect(flow) => {
                    self.outputs.push_back(LayerOutput::CloseFlow(flow));
                    self.handle_flow_failed(now, flow, "the connection could not be opened in time");
                }
                TimerKey::KeepAlive(id) => self.send_keep_alive(now, id),
                TimerKey::Pong(id) => {
                    if let Some(path) = self.keep_alives.get(id) {
                        self.outputs.push_back(LayerOutput::CloseFlow(path.flow));
                        self.handle_flow_failed(now, path.flow, "the peer no longer answers keep-alives");
                    }
                }
            }
        }
    }

    fn send_keep_alive(&mut self, now: Now, id: u32) {
        let Some(path) = self.keep_alives.pinged(id) else { return };
        let Some(protocol) = self.protocol(path.flow) else { return };
        let bytes = Bytes::from_static(PING);
        let transmit = Transmit { flow: path.flow, destination: path.destination, bytes };
        self.outputs.push_back(LayerOutput::Transmit(transmit));
        let after = self.keep_alive_interval(protocol);
        self.timers.set(TimerKey::KeepAlive(id), now.after(after));
        if path.answers && protocol.is_reliable() {
            self.timers.set(TimerKey::Pong(id), now.after(self.config.pong_wait));
        }
    }

    /// Takes a single CRLF as the answer to a ping of ours; false if there was none to answer.
    pub(super) fn pong_received(&mut self, flow: FlowId) -> bool {
        let answered = self.keep_alives.answered(flow);
        for id in &answered {
            self.timers.cancel(TimerKey::Pong(*id));
        }
        !answered.is_empty()
    }

    /// 80 to 100 % of the configured interval, so that many clients do not fall into step (RFC 5626 §4.4.1).
    pub(super) fn keep_alive_interval(&mut self, protocol: Protocol) -> Duration {
        let full = if protocol.is_reliable() {
            self.config.stream_keep_alive
        } else {
            self.config.datagram_keep_alive
        };
        let percent = 80 + u32::try_from(self.random.below(21)).unwrap_or(20);
        full.saturating_mul(percent) / 100
    }

    pub(super) fn stop_client_timers(&mut self, key: ClientKey) {
        for timer in [Timer::A, Timer::B, Timer::D, Timer::E, Timer::F, Timer::K, Timer::M, Timer::Cancelled]
        {
            self.timers.cancel(TimerKey::Client(key, timer));
        }
    }

    pub(super) fn stop_server_timers(&mut self, key: ServerKey) {
        for timer in [Timer::G, Timer::H, Timer::I, Timer::J, Timer::L, Timer::Trying, Timer::LateTrying] {
            self.timers.cancel(TimerKey::Server(key, timer));
        }
    }
}
