//! Client transactions: sending requests, and what timers, failures and withdrawals do to them.

use std::net::SocketAddr;

use rvoip_sans_io::{FlowId, Now, Protocol, Transmit};
use rvoip_sip_core::header::{CSeq, Via};
use rvoip_sip_core::{BuildError, HeaderName, Message, MessageBuf, MessageBuilder, Method};

use super::TransactionLayer;
use super::timers::TimerKey;
use crate::client::{Cancelling, Client, Kind, Phase};
use crate::flows::Waiting;
use crate::machine::{Action, InviteClient, NonInviteClient, Timer, invite_client, non_invite_client};
use crate::matching::ClientName;
use crate::target::{Candidate, Outgoing};
use crate::{ClientFailure, ClientKey, LayerEvent, LayerOutput, Source};

/// Addresses of one target from which an answer is waited for in vain.
const SILENT: u8 = 3;

/// What a response is to its machine.
#[derive(Clone, Copy, Debug)]
enum ClientEvent {
    Provisional,
    Success,
    Failure,
    Cancel,
    Fired(Timer),
    TransportError,
}

impl TransactionLayer {
    /// Sends a request: finds the address, opens or reuses a flow, adds the Via and, if wanted, the Contact.
    ///
    /// Whatever goes wrong comes as [`LayerEvent::ClientFailed`].
    pub fn send_request(&mut self, now: Now, outgoing: Outgoing) -> ClientKey {
        let method = outgoing.request.as_message().method().unwrap_or(Method::Options);
        let kind = if method == Method::Invite { Kind::Invite } else { Kind::NonInvite };
        self.send(now, outgoing, method, kind)
    }

    /// Sends the ACK of a 2xx, which is no transaction (RFC 3261 §13.2.2.4).
    pub fn send_ack(&mut self, now: Now, outgoing: Outgoing) {
        self.send(now, outgoing, Method::Ack, Kind::Ack);
    }

    fn send(&mut self, now: Now, outgoing: Outgoing, method: Method, kind: Kind) -> ClientKey {
        let key = ClientKey(self.next_key());
        let full = self.clients.len() >= self.config.client_transactions;
        self.clients.insert(key, Client::new(outgoing, method, kind));
        if full {
            self.fail(key, ClientFailure::Busy);
        } else {
            self.begin(now, key);
        }
        key
    }

    pub(super) fn transmit(&mut self, flow: FlowId, destination: SocketAddr, bytes: bytes::Bytes) {
        self.outputs.push_back(LayerOutput::Transmit(Transmit { flow, destination, bytes }));
    }

    /// Withdraws a request. An INVITE on its way is cancelled as soon as a provisional response came (RFC 3261 §9.1), and
    /// its final response still arrives; one that was not sent yet fails with [`ClientFailure::Withdrawn`]. Other requests
    /// are not cancelled.
    pub fn cancel(&mut self, now: Now, key: ClientKey) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        match client.phase {
            Phase::Idle | Phase::Resolving(_) | Phase::Connecting(_) => {
                self.fail(key, ClientFailure::Withdrawn);
            }
            Phase::Invite(invite_client::State::Calling) => client.cancelling = Cancelling::Wanted,
            Phase::Invite(_) if client.cancelling != Cancelling::Sent => {
                self.step_client(now, key, ClientEvent::Cancel, None);
            }
            Phase::Invite(_) | Phase::NonInvite(_) => {}
        }
    }

    fn send_cancel(&mut self, now: Now, key: ClientKey) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        client.cancelling = Cancelling::Sent;
        let (Some(sent), Some((flow, remote))) = (&client.sent, client.path) else { return };
        let Ok(cancel) = beside_invite(&sent.as_message(), Method::Cancel, None) else {
            // The INVITE is given up all the same when its time is over.
            return self.counters.count("CANCEL that cannot be written");
        };
        let target = client.outgoing.target.clone();
        let message = cancel.as_message();
        let branch =
            message.get::<Via<'_>>().and_then(Result::ok).and_then(|via| via.branch().map(str::to_owned));
        let Some(branch) = branch else { return };
        let cancel_key = ClientKey(self.next_key());
        let outgoing = Outgoing { request: cancel.clone(), target, contact: None };
        let mut client = Client::new(outgoing, Method::Cancel, Kind::Cancel);
        let name = ClientName::new(&branch, &Method::Cancel);
        client.name = Some(name.clone());
        client.path = Some((flow, remote));
        client.phase = Phase::NonInvite(non_invite_client::State::Trying);
        let bytes = cancel.to_bytes();
        client.sent = Some(cancel);
        self.clients.insert(cancel_key, client);
        self.goes_over(cancel_key, flow);
        self.client_names.insert(name, cancel_key);
        self.transmit(flow, remote, bytes);
        self.run_client(now, cancel_key, NonInviteClient::START, None);
    }

    /// A response found its transaction; true if it is for the transaction user.
    pub(super) fn client_received(
        &mut self,
        now: Now,
        key: ClientKey,
        response: &Message<'_>,
        source: Source,
    ) -> bool {
        let Some(status) = response.status() else { return false };
        self.learn_public_address(response, source);
        let event = if status.is_provisional() {
            ClientEvent::Provisional
        } else if status.is_success() {
            ClientEvent::Success
        } else {
            ClientEvent::Failure
        };
        let passed = self.step_client(now, key, event, Some(response));
        if passed
            && status.is_provisional()
            && self.clients.get(&key).is_some_and(|client| client.cancelling == Cancelling::Wanted)
        {
            self.step_client(now, key, ClientEvent::Cancel, None);
        }
        passed && self.clients.get(&key).is_none_or(|client| client.kind != Kind::Cancel)
    }

    fn learn_public_address(&mut self, response: &Message<'_>, source: Source) {
        let Some(Ok(via)) = response.get::<Via<'_>>() else { return };
        let Some(local) = self.local_address(source.flow) else { return };
        let ip = via.received().unwrap_or(local.ip());
        let port = via.rport().flatten().unwrap_or(local.port());
        self.flows.learn(source.flow, source.address.ip(), SocketAddr::new(ip, port));
    }

    pub(super) fn client_timer_fired(&mut self, now: Now, key: ClientKey, timer: Timer) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        if matches!(timer, Timer::B | Timer::F)
            && client.is_unanswered()
            && let Some((flow, remote)) = client.path
        {
            client.silent += 1;
            let another = !client.is_withdrawn() && client.silent < SILENT && !client.candidates.is_empty();
            if let Some(flow) = self.flows.get(flow) {
                let at = Candidate::new(flow.protocol, remote);
                self.failures.note(now, at, self.config.failure_memory);
            }
            if another {
                client.last_failure = Some("no response came in time".to_owned());
                self.leave_path(key);
                return self.try_next_address(now, key);
            }
        }
        self.step_client(now, key, ClientEvent::Fired(timer), None);
    }

    /// The flow of a request that was answered is gone.
    pub(super) fn client_transport_failed(&mut self, now: Now, key: ClientKey) {
        self.step_client(now, key, ClientEvent::TransportError, None);
    }

    fn step_client(
        &mut self,
        now: Now,
        key: ClientKey,
        event: ClientEvent,
        response: Option<&Message<'_>>,
    ) -> bool {
        let Some(client) = self.clients.get_mut(&key) else { return false };
        let actions = match client.phase {
            Phase::Idle | Phase::Resolving(_) | Phase::Connecting(_) => return false,
            Phase::Invite(state) => {
                let event = match event {
                    ClientEvent::Provisional => invite_client::Event::Provisional,
                    ClientEvent::Success => invite_client::Event::Success,
                    ClientEvent::Failure => invite_client::Event::Failure,
                    ClientEvent::Cancel => invite_client::Event::Cancel,
                    ClientEvent::Fired(timer) => invite_client::Event::Fired(timer),
                    ClientEvent::TransportError => invite_client::Event::TransportError,
                };
                let Some((next, actions)) = InviteClient::step(state, event) else { return false };
                client.phase = Phase::Invite(next);
                actions
            }
            Phase::NonInvite(state) => {
                let event = match event {
                    ClientEvent::Provisional => non_invite_client::Event::Provisional,
                    ClientEvent::Success | ClientEvent::Failure => non_invite_client::Event::Final,
                    ClientEvent::Cancel => return false,
                    ClientEvent::Fired(timer) => non_invite_client::Event::Fired(timer),
                    ClientEvent::TransportError => non_invite_client::Event::TransportError,
                };
                let Some((next, actions)) = NonInviteClient::step(state, event) else { return false };
                client.phase = Phase::NonInvite(next);
                actions
            }
        };
        let passed = self.run_client(now, key, actions, response);
        let ended = self.clients.get(&key).is_some_and(|client| {
            matches!(
                client.phase,
                Phase::Invite(invite_client::State::Terminated)
                    | Phase::NonInvite(non_invite_client::State::Terminated)
            )
        });
        if ended && self.forget_client(key) != Some(Kind::Cancel) {
            self.outputs.push_back(LayerOutput::Event(LayerEvent::ClientTerminated(key)));
        }
        passed
    }

    /// Carries out actions; true if the message is for the transaction user.
    pub(super) fn run_client(
        &mut self,
        now: Now,
        key: ClientKey,
        actions: &[Action],
        response: Option<&Message<'_>>,
    ) -> bool {
        let mut passed = false;
        for action in actions {
            match action {
                Action::SendRequest => self.resend_request(key),
                Action::SendAck => self.acknowledge(key, response),
                Action::SendCancel => self.send_cancel(now, key),
                Action::Start(timer) => self.start_client_timer(now, key, *timer),
                Action::Restart(timer) => self.restart_client_timer(now, key, *timer),
                Action::Stop(timer) => self.timers.cancel(TimerKey::Client(key, *timer)),
                Action::Pass => passed = true,
                Action::TimedOut => self.fail(key, ClientFailure::TimedOut),
                Action::TransportFailed => {
                    let reason = self.clients.get_mut(&key).and_then(|client| client.last_failure.take());
                    self.fail(key, ClientFailure::Transport(reason.unwrap_or_default()));
                }
                // Of server transactions alone.
                Action::SendResponse | Action::ResendResponse | Action::SendTrying => {}
            }
        }
        passed
    }

    fn resend_request(&mut self, key: ClientKey) {
        let Some(client) = self.clients.get(&key) else { return };
        if let (Some(sent), Some((flow, remote))) = (&client.sent, client.path) {
            let bytes = sent.to_bytes();
            self.transmit(flow, remote, bytes);
        }
    }

    fn acknowledge(&mut self, key: ClientKey, response: Option<&Message<'_>>) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        if client.ack.is_none()
            && let (Some(sent), Some(response)) = (&client.sent, response)
        {
            let ack = beside_invite(&sent.as_message(), Method::Ack, Some(response));
            client.ack = ack.ok().map(MessageBuf::into_bytes);
        }
        if let (Some(ack), Some((flow, remote))) = (client.ack.clone(), client.path) {
            self.transmit(flow, remote, ack);
        }
    }

    fn is_reliable(&self, key: ClientKey) -> bool {
        let path = self.clients.get(&key).and_then(|client| client.path);
        path.and_then(|(flow, _)| self.protocol(flow)).is_none_or(Protocol::is_reliable)
    }

    fn start_client_timer(&mut self, now: Now, key: ClientKey, timer: Timer) {
        let Some(after) = self.config.timers.first(timer, self.is_reliable(key)) else { return };
        if matches!(timer, Timer::A | Timer::E)
            && let Some(client) = self.clients.get_mut(&key)
        {
            client.interval = after;
        }
        self.timers.set(TimerKey::Client(key, timer), now.after(after));
    }

    fn restart_client_timer(&mut self, now: Now, key: ClientKey, timer: Timer) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        let proceeding = matches!(client.phase, Phase::NonInvite(non_invite_client::State::Proceeding));
        client.interval = self.config.timers.next(timer, client.interval, proceeding);
        self.timers.set(TimerKey::Client(key, timer), now.after(client.interval));
    }

    /// Ends a transaction that got no final response.
    pub(super) fn fail(&mut self, key: ClientKey, failure: ClientFailure) {
        match self.forget_client(key) {
            Some(Kind::Invite | Kind::NonInvite) => {
                self.outputs.push_back(LayerOutput::Event(LayerEvent::ClientFailed(key, failure)));
            }
            Some(Kind::Ack) => self.counters.count("ACK not sent"),
            Some(Kind::Cancel) => self.counters.count("CANCEL not answered"),
            None => {}
        }
    }

    fn forget_client(&mut self, key: ClientKey) -> Option<Kind> {
        match &self.clients.get(&key)?.phase {
            Phase::Resolving(resolution) => {
                for (id, _) in &resolution.open {
                    self.questions.remove(id);
                }
                self.timers.cancel(TimerKey::Resolve(key));
            }
            Phase::Connecting(flow) => self.flows.stop_waiting(*flow, Waiting::Client(key)),
            Phase::Idle | Phase::Invite(_) | Phase::NonInvite(_) => {}
        }
        self.leave_path(key);
        self.clients.remove(&key).map(|client| client.kind)
    }
}

/// The ACK of a failure response (RFC 3261 §17.1.1.3), or the CANCEL of an INVITE (§9.1): the same request URI, Via, Route
/// and From, To of the response or else of the INVITE.
fn beside_invite(
    invite: &Message<'_>,
    method: Method,
    response: Option<&Message<'_>>,
) -> Result<MessageBuf, BuildError> {
    let uri = invite.request_uri().and_then(Result::ok).ok_or(BuildError::InvalidRequestUri)?;
    let sequence = invite.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
    let cseq = CSeq { sequence, method: method.clone() };
    MessageBuilder::request(method, &uri)
        .copy_first(invite, &HeaderName::Via)
        .copy(invite, &HeaderName::Route)
        .copy(invite, &HeaderName::From)
        .copy(response.unwrap_or(invite), &HeaderName::To)
        .copy(invite, &HeaderName::CallId)
        .header(&cseq)
        .build()
}
