//! Timers of the layer, and what each does when it fires.

use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, Now, Protocol};
use rvoip_sip_core::PING;

use super::TransactionLayer;
use crate::machine::Timer;
use crate::{ClientKey, LayerOutput, ServerKey};

/// The shortest time between two pings that a server may ask for.
const SHORTEST: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimerKey {
    Client(ClientKey, Timer),
    Server(ServerKey, Timer),
    /// The addresses of a target have been waited for long enough.
    Resolve(ClientKey),
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
                TimerKey::Resolve(key) => self.resolved(now, key),
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
        self.transmit(path.flow, path.destination, Bytes::from_static(PING));
        self.ping_later(now, id);
        if path.answers && protocol.is_reliable() {
            self.timers.set(TimerKey::Pong(id), now.after(self.config.pong_wait));
        }
    }

    /// The next ping of a path: after 80 to 100 % of the longest time, so that many clients do not fall into step (RFC 5626
    /// §4.4.1).
    pub(super) fn ping_later(&mut self, now: Now, id: u32) {
        let Some(path) = self.keep_alives.get(id) else { return };
        let usual = if self.protocol(path.flow).is_some_and(Protocol::is_reliable) {
            self.config.stream_keep_alive
        } else {
            self.config.datagram_keep_alive
        };
        // A server may want to hear of us seldom, which a NAT on the way does not know, but not all the time.
        let full = path.within.map_or(usual, |within| within.max(SHORTEST).min(usual));
        let percent = 80 + u32::try_from(self.random.below(21)).unwrap_or(20);
        self.timers.set(TimerKey::KeepAlive(id), now.after(full.saturating_mul(percent) / 100));
    }

    pub(super) fn forget_ping(&mut self, id: u32) {
        self.timers.cancel(TimerKey::KeepAlive(id));
        self.timers.cancel(TimerKey::Pong(id));
    }

    /// Takes a single CRLF as the answer to a ping of ours; false if there was none to answer.
    pub(super) fn pong_received(&mut self, flow: FlowId) -> bool {
        let answered = self.keep_alives.answered(flow);
        for id in &answered {
            self.timers.cancel(TimerKey::Pong(*id));
        }
        !answered.is_empty()
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
