//! Changing an established session by re-INVITE: hold, resume, fresh media (RFC 3261 §14).

use std::time::Duration;

use rvoip_sans_io::Now;
use rvoip_sip_core::header::CSeq;
use rvoip_sip_core::{HeaderName, Message, MessageBuf, Method, StatusCode};
use rvoip_transaction_core::{ClientKey, ServerKey, Source, TransactionLayer};

use super::exchange::{Exchange, Purpose, Way};
use super::message::{ACCEPT, ALLOW, SUPPORTED};
use super::{Asked, Endpoint, TimerKey};
use crate::description::description;
use crate::session::{Change, ChangeEvent, ChangeState, PhaseEvent, Session, SessionPhase};
use crate::{Direction, EndCause, Failure, FailureKind, MediaQuestion, SessionId, UserAgentEvent};

/// Changes that may wait for one another.
const CHANGES: usize = 8;

impl Endpoint {
    /// Puts the peer on hold (RFC 3264 §8.4). [`UserAgentEvent::Modified`] or `ModifyFailed` follows.
    pub fn hold(&mut self, id: SessionId) {
        self.change(id, Change::Hold);
    }

    /// Takes the peer off hold.
    pub fn resume(&mut self, id: SessionId) {
        self.change(id, Change::Resume);
    }

    /// Agrees on the media anew, as after a change of address.
    pub fn reinvite(&mut self, id: SessionId) {
        self.change(id, Change::Refresh);
    }

    fn change(&mut self, id: SessionId, change: Change) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.phase != SessionPhase::Established || session.changes.len() >= CHANGES {
            let reason = if session.phase == SessionPhase::Established {
                "too many changes are waiting"
            } else {
                "the call is not established"
            };
            let failure =
                Failure { kind: FailureKind::InvalidState, status: None, reason: reason.to_owned() };
            return self.tell(UserAgentEvent::ModifyFailed { session: id, failure });
        }
        session.changes.push_back(change);
        self.next_change(id);
    }

    /// Begins the next change that is wanted, if none is going on.
    pub(super) fn next_change(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.phase != SessionPhase::Established || session.change != ChangeState::Idle {
            return;
        }
        if session.recovery.is_some_and(|recovery| recovery.waits) {
            return;
        }
        let wanted = session.changing.or_else(|| session.changes.pop_front());
        let Some(change) = wanted.or_else(|| session.recovery.map(|_| Change::Recover)) else { return };
        session.changing = Some(change);
        session.change(ChangeEvent::Begin);
        let direction = wish(session, Some(change));
        let restart = change == Change::Refresh || session.recovery.is_some();
        self.ask(id, Asked::ChangeOffer, MediaQuestion::CreateOffer { direction, restart, toward: None });
    }

    pub(super) fn change_described(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        offer: String,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.phase != SessionPhase::Established || !session.change(ChangeEvent::Described) {
            return;
        }
        let Some(dialog) = &mut session.dialog else { return };
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(Method::Invite, sequence);
        let (identity, known, secure) = (session.identity, session.known, dialog.is_secure());
        let builder = builder.raw(HeaderName::Allow, ALLOW).raw(HeaderName::Accept, ACCEPT);
        let builder = builder.raw(HeaderName::Supported, SUPPORTED);
        let request = match self.signed(builder).body("application/sdp", offer).build() {
            Ok(request) => request,
            Err(error) => return self.change_refused(id, error.to_string()),
        };
        let way = Way { target, contact: Some(self.contact(identity, None, secure)), known };
        let exchange = Exchange::new(Purpose::Reinvite(id), identity, request, way);
        let key = self.send(now, layer, exchange);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.reinvite = Some(key);
        }
        self.timers.set(TimerKey::Change(id), now.after(self.config.change_wait));
    }

    /// Whether our re-INVITE is not wanted any more: its time is over, or that of the session.
    pub(super) fn is_change_withdrawn(&self, id: SessionId) -> bool {
        self.timers.deadline(TimerKey::Change(id)).is_none()
    }

    /// The peer began to answer our re-INVITE and went no further: it is withdrawn.
    pub(super) fn change_overdue(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        if let Some(key) = self.sessions.get(&id).and_then(|session| session.reinvite) {
            layer.cancel(now, key);
        }
    }

    pub(super) fn change_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
        response: &Message<'_>,
    ) {
        let sequence = response.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        let current =
            |session: &Session| session.reinvite == Some(key) && session.change == ChangeState::Inviting;
        match self.sessions.get(&id) {
            // The session is over, and its dialog forgotten: the peer waits for the ACK all the same.
            None => return self.acknowledge_forgotten(now, layer, key),
            Some(session) if !current(session) => {
                return self.acknowledge_again(now, layer, id, sequence);
            }
            Some(_) => {}
        }
        let path = layer.path(key);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.reinvite = None;
        session.invited = Some(key);
        if let Some(dialog) = &mut session.dialog {
            dialog.refresh_target(response);
            if let Some(path) = path {
                dialog.take_path(path);
            }
        }
        session.change(ChangeEvent::Success);
        self.timers.cancel(TimerKey::Change(id));
        self.acknowledge(now, layer, id, sequence, None);
        self.keep_path(now, layer, id);
        match description(response) {
            Some(answer) => {
                self.note_remote_hold(id, &answer);
                self.ask(id, Asked::ChangeAnswer, MediaQuestion::SetRemote { answer, provisional: false });
            }
            None => self.change_refused(id, "the peer's answer describes no media".to_owned()),
        }
    }

    /// The media side took the peer's answer.
    pub(super) fn change_applied(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.change != ChangeState::Applying || !session.change(ChangeEvent::Applied) {
            return;
        }
        let change = session.changing.take();
        match change {
            Some(Change::Hold) => session.held_local = true,
            Some(Change::Resume) => session.held_local = false,
            Some(Change::Refresh | Change::Recover) | None => {}
        }
        self.recovered(id);
        self.tell_hold(id);
        if change != Some(Change::Recover) {
            self.tell(UserAgentEvent::Modified { session: id });
        }
        self.next_change(id);
    }

    /// The media side does not take what was agreed, or cannot offer: the session stays as it was.
    pub(super) fn change_refused(&mut self, id: SessionId, reason: String) {
        let failure = Failure { kind: FailureKind::MediaRefused, status: None, reason };
        self.give_up_change(id, failure);
    }

    fn give_up_change(&mut self, id: SessionId, failure: Failure) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.change(ChangeEvent::Refused);
        let change = session.changing.take();
        session.reinvite = None;
        self.ask(id, Asked::Rollback, MediaQuestion::Rollback);
        // Whatever the peer did not like: it is there.
        self.recovered(id);
        if change != Some(Change::Recover) {
            self.tell(UserAgentEvent::ModifyFailed { session: id, failure });
        }
        self.next_change(id);
    }

    pub(super) fn change_failed(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
        failure: &Failure,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.reinvite != Some(key) {
            return;
        }
        session.reinvite = None;
        self.timers.cancel(TimerKey::Change(id));
        if self.recovery_failed(now, id, failure) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        // The peer has no such dialog, or is not there any more (RFC 3261 §12.2.1.2, §14.1).
        let gone = matches!(failure.status, Some(481 | 408)) || failure.kind == FailureKind::TimedOut;
        if gone {
            let reason = format!("the peer lost the call: {}", failure.reason);
            return self.abandon(now, layer, id, PhaseEvent::HangUp, EndCause::ProtocolFailed { reason });
        }
        if failure.status == Some(StatusCode::REQUEST_PENDING.code()) {
            // Both sides changed at once: the owner of the Call-ID waits longer.
            let owner = session.dialog.as_ref().is_some_and(|dialog| dialog.is_caller);
            session.change(ChangeEvent::Glare);
            let tens = if owner { 210 + self.random.below(191) } else { self.random.below(201) };
            self.timers.set(TimerKey::Glare(id), now.after(Duration::from_millis(tens * 10)));
            return self.ask(id, Asked::Rollback, MediaQuestion::Rollback);
        }
        self.give_up_change(id, failure.clone());
    }

    pub(super) fn glare_over(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.change(ChangeEvent::Waited);
        // A change of the peer may be going on by now: ours begins when that is over.
        self.next_change(id);
    }

    /// A re-INVITE of the peer.
    pub(super) fn reinvite_received(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
    ) {
        let message = request.as_message();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        // An offer of ours that the missing ACK was to answer is still open.
        let unanswered = session.unacknowledged.as_ref().is_some_and(|waiting| waiting.offered);
        let refused = match session.phase {
            SessionPhase::Established if unanswered => Some(491),
            SessionPhase::Established => {
                session.change.step(ChangeEvent::Reinvite).is_none().then(|| session.change.refusal())
            }
            SessionPhase::AwaitingAck if !unanswered => None,
            // The first offer and answer are not done.
            SessionPhase::AwaitingAck
            | SessionPhase::Answered
            | SessionPhase::Completing
            | SessionPhase::Offering
            | SessionPhase::Calling
            | SessionPhase::Proceeding
            | SessionPhase::Cancelling => Some(491),
            SessionPhase::Ringing | SessionPhase::Accepting => Some(500),
            SessionPhase::Ending | SessionPhase::Ended => Some(481),
        };
        if let Some(status) = refused {
            let tag = session.local_tag.clone();
            let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
            let mut builder = self.answer(&message, status, &tag);
            if status == StatusCode::SERVER_INTERNAL_ERROR {
                builder = builder.raw(HeaderName::RetryAfter, &self.random.below(11).to_string());
            }
            layer.answer(now, key, &message, &tag, builder);
            return;
        }
        // The ACK was lost or overtaken; the peer's next request shows that our 2xx arrived.
        session.unacknowledged = None;
        self.timers.cancel(TimerKey::Repeat(id));
        self.timers.cancel(TimerKey::AckMissing(id));
        let cause = session.bye_wanted.take_if(|_| session.phase == SessionPhase::AwaitingAck);
        let is_new = session.advance(PhaseEvent::Ack);
        if let Some(cause) = cause {
            // We hung up meanwhile, and waited for the ACK alone.
            self.respond(now, layer, key, &message, StatusCode::REQUEST_TERMINATED);
            return self.abandon(now, layer, id, PhaseEvent::HangUp, cause);
        }
        if let Some(dialog) = &mut session.dialog {
            // The peer may have lost its connection before we know.
            dialog.follow(&message, (source.flow, source.address));
        }
        session.change(ChangeEvent::Reinvite);
        session.reinvited = Some((key, request.clone(), source));
        self.invites.insert(key, id);
        if is_new {
            // A change that the user wanted meanwhile begins when this one is over.
            self.established(id);
        }
        self.keep_path(now, layer, id);
        let Some(session) = self.sessions.get(&id) else { return };
        let direction = wish(session, None);
        let question = match description(&message) {
            Some(offer) => MediaQuestion::CreateAnswer { offer, direction },
            None => MediaQuestion::CreateOffer { direction, restart: false, toward: None },
        };
        self.ask(id, Asked::ReinviteDescription, question);
    }

    /// The media side wrote our description for the peer's re-INVITE.
    pub(super) fn reinvite_described(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        text: String,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.change != ChangeState::Answering {
            return;
        }
        let Some((key, request, source)) = session.reinvited.take() else { return };
        let message = request.as_message();
        // Only a change that is agreed on has the peer be elsewhere (RFC 6141 §4.9).
        let before = session.dialog.clone();
        if let Some(dialog) = &mut session.dialog {
            dialog.refresh_target(&message);
            dialog.follow(&message, (source.flow, source.address));
        }
        let offer = description(&message);
        let offered = offer.is_none();
        if !self.send_success(now, layer, id, key, &request, source, text, offered) {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.dialog = before;
                session.change(ChangeEvent::Refused);
            }
            self.ask(id, Asked::Rollback, MediaQuestion::Rollback);
            return self.next_change(id);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.change(ChangeEvent::Described);
        }
        if let Some(offer) = offer {
            self.note_remote_hold(id, &offer);
            self.tell_hold(id);
        }
    }

    pub(super) fn reinvite_refused(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        status: StatusCode,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some((key, request, _)) = session.reinvited.take() else { return };
        session.change(ChangeEvent::Refused);
        self.respond(now, layer, key, &request.as_message(), status);
        self.next_change(id);
    }

    pub(super) fn reinvite_acknowledged(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        offered: bool,
        answer: Option<String>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.change != ChangeState::AwaitingAck {
            return;
        }
        match (offered, answer) {
            (false, _) => {
                session.change(ChangeEvent::Ack);
                self.recovered(id);
                self.next_change(id);
            }
            (true, Some(answer)) => {
                session.change(ChangeEvent::AckWithAnswer);
                self.note_remote_hold(id, &answer);
                self.ask(id, Asked::ReinviteAnswer, MediaQuestion::SetRemote { answer, provisional: false });
            }
            (true, None) => {
                let reason = "the peer did not answer our offer".to_owned();
                self.abandon(now, layer, id, PhaseEvent::HangUp, EndCause::ProtocolFailed { reason });
            }
        }
    }

    /// The media side took, or refused, the answer that the ACK of the peer's re-INVITE brought.
    pub(super) fn reinvite_completed(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.change != ChangeState::Completing || !session.change(ChangeEvent::Applied) {
            return;
        }
        self.recovered(id);
        self.tell_hold(id);
        self.next_change(id);
    }

    pub(super) fn tell_hold(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (local, remote) = (session.held_local, session.held_remote);
        self.tell(UserAgentEvent::HoldChanged { session: id, local, remote });
    }
}

/// Which way audio shall flow: a held peer hears us at most.
fn wish(session: &Session, change: Option<Change>) -> Direction {
    let held = match change {
        Some(Change::Hold) => true,
        Some(Change::Resume) => false,
        Some(Change::Refresh | Change::Recover) | None => session.held_local,
    };
    if held { Direction::SendOnly } else { Direction::SendRecv }
}
