//! The endpoint: the transaction user of a phone.

mod answered;
mod called;
mod caller;
mod change;
mod ending;
mod exchange;
mod in_dialog;
mod incoming;
mod message;
mod path;
mod recovering;
mod registered;
mod registering;
mod requests;

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_sans_io::{Counters, FlowId, Instant, Map, Now, Random, Set, Timers};
use rvoip_transaction_core::{ClientFailure, ClientKey, DialogId, LayerEvent, ServerKey, TransactionLayer};

use crate::authentication::Authenticator;
use crate::registration::{self, Registration};
use crate::session::Session;
use crate::{
    Failure, FailureKind, Identity, IdentityId, MediaQuestion, NegotiationId, RequestId, SessionId,
    UserAgentEvent,
};
use exchange::Exchange;

/// The settings of an [`Endpoint`].
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// What User-Agent and Server say; empty for nothing.
    pub user_agent: String,
    /// How long a call may ring before it ends, here and there. Default 180 s.
    pub ringing: Duration,
    /// How long the user waits at most for the end of a call after hanging up. Default 5 s.
    pub hang_up_wait: Duration,
    /// The first wait after a failed registration; doubled each time (RFC 5626 §4.5). Default 30 s.
    pub retry_base: Duration,
    /// The longest such wait. Default 1,800 s.
    pub retry_max: Duration,
    /// The first wait after a failed attempt to carry on over another connection; doubled each time (RFC 5626 §4.5).
    /// Default 1 s.
    pub recovery_base: Duration,
    /// The longest such wait. Default 8 s.
    pub recovery_max: Duration,
    /// How long a call, and what is said of a registration, outlives its connection. Default 32 s.
    pub recovery_deadline: Duration,
    /// How long a re-INVITE may be left without a final response before it is withdrawn. Default 32 s.
    pub change_wait: Duration,
    /// Sessions that may exist at once; further calls are answered 503. Default 10,000.
    pub sessions: usize,
    /// The name of this device, a URN that outlives restarts (`+sip.instance`, RFC 5626 §4.1); drawn unless given.
    pub instance: Option<String>,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            user_agent: concat!("rvoip/", env!("CARGO_PKG_VERSION")).to_owned(),
            ringing: Duration::from_secs(180),
            hang_up_wait: Duration::from_secs(5),
            retry_base: Duration::from_secs(30),
            retry_max: Duration::from_secs(1_800),
            recovery_base: Duration::from_secs(1),
            recovery_max: Duration::from_secs(8),
            recovery_deadline: Duration::from_secs(32),
            change_wait: Duration::from_secs(32),
            sessions: 10_000,
            instance: None,
        }
    }
}

/// A question to the media side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// For which session.
    pub session: SessionId,
    /// The question's name.
    pub negotiation: NegotiationId,
    /// The question.
    pub question: MediaQuestion,
}

/// What the endpoint wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointOutput {
    /// Ask the media side.
    Media(Question),
    /// Tell the user.
    Event(UserAgentEvent),
}

/// What a question to the media side was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// The offer of our first INVITE.
    CallOffer,
    /// The answer of a provisional response.
    EarlyAnswer,
    /// The answer of the 2xx.
    CallAnswer,
    /// Our answer to the offer of the 2xx, which the ACK brings.
    AckAnswer,
    /// Our description for the 2xx of an incoming call.
    CalledDescription,
    /// The answer that the ACK of an incoming call brought.
    CalledAnswer,
    /// The offer of our re-INVITE.
    ChangeOffer,
    /// The answer to our re-INVITE.
    ChangeAnswer,
    /// Our description for the 2xx of the peer's re-INVITE.
    ReinviteDescription,
    /// The answer that the ACK of the peer's re-INVITE brought.
    ReinviteAnswer,
    /// Nobody waits for it.
    Rollback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TimerKey {
    /// A registration is to be refreshed, or tried again.
    Registration(IdentityId),
    /// A call has rung long enough.
    Ringing(SessionId),
    /// A 2xx is to be repeated.
    Repeat(SessionId),
    /// The ACK of a 2xx is overdue.
    AckMissing(SessionId),
    /// A change that met one of the peer's is to be tried again.
    Glare(SessionId),
    /// The user has waited long enough for the end of a call.
    HangUp(SessionId),
    /// A re-INVITE has waited long enough for its final response.
    Change(SessionId),
    /// The next attempt to carry a session on over another connection.
    Recover(SessionId),
    /// A session cannot be carried on.
    RecoveryOver(SessionId),
}

#[derive(Debug)]
struct IdentityState {
    identity: Identity,
    authenticator: Authenticator,
    registration: Registration,
    is_removed: bool,
}

/// The transaction user of a phone: registrations, sessions and requests of its identities.
///
/// Its methods are lent the [`TransactionLayer`] that carries its messages.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    random: Random,
    /// The name of this device.
    instance: String,
    identities: Map<IdentityId, IdentityState>,
    /// Identities that were removed and are still needed.
    removed: usize,
    sessions: Map<SessionId, Session>,
    dialogs: Map<DialogId, SessionId>,
    exchanges: Map<ClientKey, Exchange>,
    invites: Map<ServerKey, SessionId>,
    negotiations: Map<NegotiationId, (SessionId, Asked)>,
    /// The flows that sessions need, and whose they are.
    kept: Map<FlowId, Set<SessionId>>,
    timers: Timers<TimerKey>,
    outputs: VecDeque<EndpointOutput>,
    counters: Counters,
    last_identity: u32,
    last_session: u32,
    last_request: u32,
    last_negotiation: u32,
}

impl Endpoint {
    /// An endpoint without identities.
    pub fn new(config: EndpointConfig, mut random: Random) -> Self {
        let instance = config.instance.clone().unwrap_or_else(|| registration::instance(&mut random));
        Self {
            config,
            random,
            instance,
            identities: Map::new(),
            removed: 0,
            sessions: Map::new(),
            dialogs: Map::new(),
            exchanges: Map::new(),
            invites: Map::new(),
            negotiations: Map::new(),
            kept: Map::new(),
            timers: Timers::new(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            last_identity: 0,
            last_session: 0,
            last_request: 0,
            last_negotiation: 0,
        }
    }

    /// Adds an identity. It is not registered until [`Self::register`].
    pub fn add_identity(&mut self, identity: Identity) -> IdentityId {
        self.last_identity += 1;
        let id = IdentityId(self.last_identity);
        let registration = Registration::new(&mut self.random);
        let authenticator = Authenticator::default();
        self.identities
            .insert(id, IdentityState { identity, authenticator, registration, is_removed: false });
        id
    }

    /// Forgets an identity: nobody is called by it any more. What is registered stays so until it expires. Its sessions and
    /// requests go on, for which its credentials and servers are kept as long.
    pub fn remove_identity(&mut self, layer: &mut TransactionLayer, id: IdentityId) {
        if let Some(state) = self.identities.get_mut(&id).filter(|state| !state.is_removed) {
            if let Some((flow, address)) = state.registration.path.take() {
                layer.stop_keep_alive(flow, address);
            }
            state.is_removed = true;
            self.removed += 1;
            self.timers.cancel(TimerKey::Registration(id));
        }
    }

    /// Drops the identities that were removed and that nothing needs any more.
    fn drop_removed(&mut self) {
        let (sessions, exchanges) = (&self.sessions, &self.exchanges);
        let before = self.identities.len();
        self.identities.retain(|id, state| {
            !state.is_removed
                || sessions.values().any(|session| session.identity == Some(*id))
                || exchanges.values().any(|exchange| exchange.identity == Some(*id))
        });
        self.removed -= before - self.identities.len();
    }

    /// What was dropped, by name.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many sessions, dialogs, requests and questions there are; 0 when nothing lives.
    pub fn live(&self) -> usize {
        self.sessions.len() + self.dialogs.len() + self.exchanges.len() + self.negotiations.len()
    }

    /// The session that a dialog belongs to, if it is one of ours; for [`dispatch`](rvoip_transaction_core::dispatch).
    pub fn session_of(&self, dialog: &DialogId) -> Option<SessionId> {
        self.dialogs.get(dialog).copied()
    }

    /// What to do next; `None` if nothing.
    pub fn poll_output(&mut self) -> Option<EndpointOutput> {
        if self.removed > 0 && self.outputs.is_empty() {
            self.drop_removed();
        }
        self.outputs.pop_front()
    }

    /// When to call [`Self::handle_timeout`] again.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Lets timers fire that are due.
    pub fn handle_timeout(&mut self, now: Now, layer: &mut TransactionLayer) {
        while let Some(key) = self.timers.pop_due(now.monotonic) {
            match key {
                TimerKey::Registration(identity) => self.registration_due(now, layer, identity),
                TimerKey::Ringing(session) => self.rung_out(now, layer, session),
                TimerKey::Repeat(session) => self.repeat_success(now, layer, session),
                TimerKey::AckMissing(session) => self.ack_missing(now, layer, session),
                TimerKey::Glare(session) => self.glare_over(session),
                TimerKey::HangUp(session) => self.hang_up_overdue(session),
                TimerKey::Change(session) => self.change_overdue(now, layer, session),
                TimerKey::Recover(session) => self.recover(session),
                TimerKey::RecoveryOver(session) => self.recovery_over(now, layer, session),
            }
        }
    }

    /// Takes an event of the layer.
    pub fn handle_layer_event(&mut self, now: Now, layer: &mut TransactionLayer, event: LayerEvent) {
        match event {
            LayerEvent::ClientFailed(key, failure) => {
                if let Some(exchange) = self.exchanges.remove(&key) {
                    self.exchange_failed(now, layer, key, &exchange, &failure_of(&failure));
                }
            }
            LayerEvent::ClientTerminated(key) => {
                self.exchanges.remove(&key);
            }
            LayerEvent::AckMissing(key) | LayerEvent::ServerTerminated(key) => {
                self.invites.remove(&key);
            }
            LayerEvent::ServerTransportFailed(_) => self.counters.count("answer that could not be sent"),
            LayerEvent::FlowLost(flow) => {
                self.registrations_lost_flow(now, layer, flow);
                self.sessions_lost_flow(now, flow);
            }
        }
    }

    fn tell(&mut self, event: UserAgentEvent) {
        // The user of a session that took too long to end has been told so, and hears nothing more of it.
        let over = event.session().and_then(|id| self.sessions.get(&id)).is_some_and(|session| session.ended);
        if over {
            return;
        }
        self.outputs.push_back(EndpointOutput::Event(event));
    }

    fn ask(&mut self, session: SessionId, asked: Asked, question: MediaQuestion) {
        self.last_negotiation += 1;
        let negotiation = NegotiationId(self.last_negotiation);
        if asked != Asked::Rollback {
            self.negotiations.insert(negotiation, (session, asked));
            if let Some(session) = self.sessions.get_mut(&session) {
                session.questions.push(negotiation);
            }
        }
        self.outputs.push_back(EndpointOutput::Media(Question { session, negotiation, question }));
    }

    fn next_session(&mut self) -> SessionId {
        self.last_session += 1;
        SessionId(self.last_session)
    }

    fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }
}

fn failure_of(failure: &ClientFailure) -> Failure {
    let kind = match failure {
        ClientFailure::TimedOut => FailureKind::TimedOut,
        ClientFailure::Busy => FailureKind::Busy,
        ClientFailure::Transport(_) | ClientFailure::Unreachable(_) | _ => FailureKind::Unreachable,
    };
    Failure { kind, status: None, reason: failure.to_string() }
}
