//! Server transactions: answering requests, and what retransmissions, timers and failures do to them.

use rvoip_sans_io::{Now, Protocol};
use rvoip_sip_core::header::To;
use rvoip_sip_core::{Message, MessageBuf, MessageBuilder, Method, StatusCode};

use super::TransactionLayer;
use super::timers::TimerKey;
use crate::flows::{Names, Route, Waiting, is_websocket};
use crate::machine::{Action, InviteServer, NonInviteServer, Timer, invite_server, non_invite_server};
use crate::server::{Phase, Server};
use crate::target::Candidate;
use crate::{LayerEvent, LayerOutput, ServerKey};

#[derive(Clone, Copy, Debug)]
pub(super) enum ServerEvent {
    Request,
    Ack,
    Provisional,
    Success,
    Failure,
    Fired(Timer),
    TransportError,
}

impl TransactionLayer {
    /// Answers a request. An answer that the transaction's state does not allow any more is dropped and counted, as is one
    /// that RFC 4320 forbids to anything but INVITE: a provisional response other than 100, a 100 by datagram before the
    /// layer itself sends one, and 408.
    pub fn respond(&mut self, now: Now, key: ServerKey, response: MessageBuf) {
        let Some(server) = self.servers.get_mut(&key) else {
            return self.counters.count("answer to a request that is gone");
        };
        let message = response.as_message();
        let Some(status) = message.status() else { return self.counters.count("answer that is no response") };
        if server.method != Method::Invite {
            if status.is_provisional() && status != StatusCode::TRYING {
                return self.counters.count("provisional response to a non-INVITE request");
            }
            let untried = matches!(server.phase, Phase::NonInvite(non_invite_server::State::Trying));
            if status == StatusCode::TRYING && untried && !server.source.protocol.is_reliable() {
                return self.counters.count("early 100 to a non-INVITE request");
            }
            if status == StatusCode::REQUEST_TIMEOUT {
                self.counters.count("408 to a non-INVITE request");
                return self.end_server(key);
            }
        }
        let tag = message.get::<To<'_>>().and_then(Result::ok).and_then(|to| to.tag().map(str::to_owned));
        if tag.is_some() {
            server.local_tag = tag;
        }
        let event = if status.is_provisional() {
            ServerEvent::Provisional
        } else if status.is_success() {
            ServerEvent::Success
        } else {
            ServerEvent::Failure
        };
        let previous = server.response.replace(response.into_bytes());
        if self.step_server(now, key, event).is_none() {
            self.counters.count("answer after the final answer");
            if let Some(server) = self.servers.get_mut(&key) {
                server.response = previous;
            }
        }
        self.count_bytes(key);
    }

    /// Counts what a transaction holds now.
    fn count_bytes(&mut self, key: ServerKey) {
        let Some(server) = self.servers.get_mut(&key) else { return };
        let before = std::mem::replace(&mut server.counted, 0);
        server.counted = server.bytes();
        self.server_bytes = (self.server_bytes - before).saturating_add(server.counted);
    }

    /// Answers a request once and forgets it. For refusals of what nobody vouches for: one message makes one answer, and
    /// nothing is held or repeated for a sender who may be forged (RFC 3261 §26.3.2.4). Whoever did not get it asks again.
    pub fn respond_once(&mut self, key: ServerKey, response: MessageBuf) {
        let Some(server) = self.servers.get_mut(&key) else {
            return self.counters.count("answer to a request that is gone");
        };
        server.response = Some(response.into_bytes());
        self.resend_response(key);
        self.end_server(key);
    }

    /// Answers as [`Self::respond`] with what a builder has, under a tag. False if that cannot be written: the peer is answered
    /// 500 in its place.
    pub fn answer(
        &mut self,
        now: Now,
        key: ServerKey,
        request: &Message<'_>,
        tag: &str,
        answer: MessageBuilder,
    ) -> bool {
        let written = answer.to_tag(tag).build();
        let is_written = written.is_ok();
        match written {
            Ok(answer) => self.respond(now, key, answer),
            Err(_) => self.cannot_answer(now, key, request, tag),
        }
        is_written
    }

    /// Answers as [`Self::respond_once`] with what a builder has, under a tag.
    pub fn answer_once(&mut self, key: ServerKey, tag: &str, answer: MessageBuilder) {
        match answer.to_tag(tag).build() {
            Ok(answer) => self.respond_once(key, answer),
            Err(_) => self.forget_request(key),
        }
    }

    /// Answers 500 in place of what cannot be written. A request that cannot even be answered so is let go: it would be there
    /// for ever.
    pub fn cannot_answer(&mut self, now: Now, key: ServerKey, request: &Message<'_>, tag: &str) {
        let builder = MessageBuilder::response_to(request, StatusCode::SERVER_INTERNAL_ERROR);
        match builder.to_tag(tag).build() {
            Ok(answer) => {
                self.counters.count("answer that cannot be written");
                self.respond(now, key, answer);
            }
            Err(_) => self.forget_request(key),
        }
    }

    fn forget_request(&mut self, key: ServerKey) {
        self.counters.count("request that cannot be answered");
        self.end_server(key);
    }

    pub(super) fn server_timer_fired(&mut self, now: Now, key: ServerKey, timer: Timer) {
        self.step_server(now, key, ServerEvent::Fired(timer));
    }

    pub(super) fn server_transport_failed(&mut self, now: Now, key: ServerKey) {
        self.step_server(now, key, ServerEvent::TransportError);
    }

    /// One transition; `None` if the event was absorbed, else whether the message is for the transaction user.
    pub(super) fn step_server(&mut self, now: Now, key: ServerKey, event: ServerEvent) -> Option<bool> {
        let server = self.servers.get_mut(&key)?;
        let (actions, ended) = match server.phase {
            Phase::Invite(state) => {
                let event = match event {
                    ServerEvent::Request => invite_server::Event::Request,
                    ServerEvent::Ack => invite_server::Event::Ack,
                    ServerEvent::Provisional => invite_server::Event::Provisional,
                    ServerEvent::Success => invite_server::Event::Success,
                    ServerEvent::Failure => invite_server::Event::Failure,
                    ServerEvent::Fired(timer) => invite_server::Event::Fired(timer),
                    ServerEvent::TransportError => invite_server::Event::TransportError,
                };
                let (next, actions) = InviteServer::step(state, event)?;
                server.phase = Phase::Invite(next);
                (actions, next == invite_server::State::Terminated)
            }
            Phase::NonInvite(state) => {
                let event = match event {
                    ServerEvent::Request => non_invite_server::Event::Request,
                    ServerEvent::Ack => return None,
                    ServerEvent::Provisional => non_invite_server::Event::Provisional,
                    ServerEvent::Success | ServerEvent::Failure => non_invite_server::Event::Final,
                    ServerEvent::Fired(timer) => non_invite_server::Event::Fired(timer),
                    ServerEvent::TransportError => non_invite_server::Event::TransportError,
                };
                let (next, actions) = NonInviteServer::step(state, event)?;
                server.phase = Phase::NonInvite(next);
                (actions, next == non_invite_server::State::Terminated)
            }
        };
        let passed = self.run_server(now, key, actions);
        if ended {
            self.end_server(key);
        }
        Some(passed)
    }

    /// Carries out actions; true if the message is for the transaction user.
    pub(super) fn run_server(&mut self, now: Now, key: ServerKey, actions: &[Action]) -> bool {
        let mut passed = false;
        for action in actions {
            match action {
                Action::SendResponse => {
                    if let Some(server) = self.servers.get_mut(&key) {
                        server.unanswered = None;
                    }
                    self.send_response(now, key);
                }
                Action::ResendResponse => self.send_response(now, key),
                Action::SendTrying => self.send_trying(now, key),
                Action::Start(timer) => self.start_server_timer(now, key, *timer),
                Action::Restart(timer) => self.restart_server_timer(now, key, *timer),
                Action::Stop(timer) => self.timers.cancel(TimerKey::Server(key, *timer)),
                Action::Pass => passed = true,
                Action::TimedOut => {
                    if self.forget_server(key) {
                        self.outputs.push_back(LayerOutput::Event(LayerEvent::AckMissing(key)));
                    }
                }
                Action::TransportFailed => {
                    self.outputs.push_back(LayerOutput::Event(LayerEvent::ServerTransportFailed(key)));
                }
                // Of client transactions alone.
                Action::SendRequest | Action::SendAck | Action::SendCancel => {}
            }
        }
        passed
    }

    /// Sends the response on the connection that the request came on, or opens one to the sender (RFC 3261 §18.2.2).
    fn send_response(&mut self, now: Now, key: ServerKey) {
        let Some(server) = self.servers.get_mut(&key) else { return };
        let source = server.source;
        let destination = server.destination;
        if source.protocol == Protocol::Udp || self.flows.get(source.flow).is_some() {
            return self.resend_response(key);
        }
        let who = Waiting::Server(key);
        // The sender may be connected again already; what its Via names need not be there for us.
        let at = |address| Candidate::new(source.protocol, address);
        let again = match self.flows.connection(at(source.address), &Names::default()) {
            Route::Open(flow) => Route::Open(flow),
            Route::Opening(_) | Route::None => self.flows.connection(at(destination), &Names::default()),
        };
        match again {
            Route::Open(flow) => {
                server.source.flow = flow;
                self.resend_response(key);
            }
            Route::Opening(flow) => self.flows.wait(flow, who),
            // Nobody listens at the other end of a WebSocket.
            Route::None if is_websocket(source.protocol) => self.server_transport_failed(now, key),
            Route::None => {
                self.open_connection(now, at(destination), Names::default(), who);
            }
        }
    }

    pub(super) fn resend_response(&mut self, key: ServerKey) {
        let Some(server) = self.servers.get(&key) else { return };
        let Some(bytes) = server.response.clone() else { return };
        let destination = match self.flows.get(server.source.flow) {
            Some(flow) => flow.remote.unwrap_or(server.destination),
            None => server.destination,
        };
        self.transmit(server.source.flow, destination, bytes);
    }

    fn send_trying(&mut self, now: Now, key: ServerKey) {
        let Some(server) = self.servers.get_mut(&key) else { return };
        let Some(request) = server.unanswered.take() else { return };
        let trying = MessageBuilder::response_to(&request.as_message(), StatusCode::TRYING).build();
        if let Ok(trying) = trying {
            server.response = Some(trying.into_bytes());
            self.send_response(now, key);
        }
        self.count_bytes(key);
    }

    fn start_server_timer(&mut self, now: Now, key: ServerKey, timer: Timer) {
        // The answer before it may have ended the transaction.
        let Some(server) = self.servers.get(&key) else { return };
        let reliable = server.source.protocol.is_reliable();
        let Some(after) = self.config.timers.first(timer, reliable) else { return };
        if timer == Timer::G
            && let Some(server) = self.servers.get_mut(&key)
        {
            server.interval = after;
        }
        self.timers.set(TimerKey::Server(key, timer), now.after(after));
    }

    fn restart_server_timer(&mut self, now: Now, key: ServerKey, timer: Timer) {
        let Some(server) = self.servers.get_mut(&key) else { return };
        server.interval = self.config.timers.next(timer, server.interval, false);
        self.timers.set(TimerKey::Server(key, timer), now.after(server.interval));
    }

    fn end_server(&mut self, key: ServerKey) {
        if self.forget_server(key) {
            self.outputs.push_back(LayerOutput::Event(LayerEvent::ServerTerminated(key)));
        }
    }

    fn forget_server(&mut self, key: ServerKey) -> bool {
        let Some(server) = self.servers.remove(&key) else { return false };
        self.server_bytes -= server.counted;
        self.stop_server_timers(key);
        self.server_names.remove(&server.name);
        if let Some(merge) = &server.merge
            && self.merge_names.get(merge) == Some(&key)
        {
            self.merge_names.remove(merge);
        }
        true
    }

    pub(super) fn insert_server(&mut self, server: Server) -> ServerKey {
        let key = ServerKey(self.next_key());
        self.server_names.insert(server.name.clone(), key);
        if let Some(merge) = &server.merge {
            self.merge_names.entry(merge.clone()).or_insert(key);
        }
        self.servers.insert(key, server);
        self.count_bytes(key);
        key
    }
}
