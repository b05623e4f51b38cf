//! Being called: from the INVITE to its ACK (RFC 3261 §13.3).

use rvoip_sans_io::Now;
use rvoip_sip_core::header::{CSeq, From, To};
use rvoip_sip_core::{HeaderName, Message, MessageBuf, StatusCode};
use rvoip_transaction_core::{ServerKey, Source, TransactionLayer};

use super::message::{ACCEPT, owned};
use super::{Asked, Endpoint, TimerKey};
use crate::description::{description, holds_us};
use crate::dialog::{Dialog, DialogEvent};
use crate::session::{Called, ChangeEvent, PhaseEvent, Session, SessionPhase, Unacknowledged};
use crate::{Direction, EndCause, MediaQuestion, NextHop, SessionId, UserAgentEvent};

impl Endpoint {
    /// An INVITE outside of dialogs that passed all checks.
    pub(super) fn call_received(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        invite: &MessageBuf,
        source: Source,
    ) {
        let message = invite.as_message();
        let tag = self.random.token(10);
        if self.sessions.len() >= self.config.sessions {
            return self.respond(now, layer, key, &message, StatusCode::SERVICE_UNAVAILABLE);
        }
        let (Ok(from), Ok(to)) = (message.require::<From<'_>>(), message.require::<To<'_>>()) else {
            return self.respond(now, layer, key, &message, StatusCode::BAD_REQUEST);
        };
        let sequence = u32::try_from(self.random.below(1 << 16)).unwrap_or(0);
        let Ok(dialog) = Dialog::of_called(&message, &tag, sequence, (source.flow, source.address)) else {
            return self.respond(now, layer, key, &message, StatusCode::BAD_REQUEST);
        };
        let id = self.next_session();
        let identity = self.identity_of(&message);
        let dialog = dialog.through(self.server_of(identity));
        let offer = description(&message);
        let event = UserAgentEvent::InviteReceived {
            session: id,
            identity,
            from: owned(&from.address),
            to: owned(&to.address),
        };
        let mut session = Session::new(identity, SessionPhase::Ringing, tag);
        session.known = self.came_by_server(identity, source);
        self.dialogs.insert(dialog.id.clone(), id);
        session.dialog = Some(dialog);
        if let Some(offer) = &offer {
            session.held_remote = holds_us(offer);
        }
        session.called = Some(Called { key, invite: invite.clone(), source, offer });
        self.sessions.insert(id, session);
        self.invites.insert(key, id);
        self.timers.set(TimerKey::Ringing(id), now.after(self.config.ringing));
        self.tell(event);
    }

    /// Whether a call came by the server that an identity is registered at, or sends all to.
    fn came_by_server(&self, identity: Option<crate::IdentityId>, source: Source) -> bool {
        let Some(state) = identity.and_then(|id| self.identities.get(&id)) else { return false };
        let of = &state.identity;
        let registered = state.registration.path.is_some_and(|(_, at)| at.ip() == source.address.ip());
        registered || of.server.is_some() || of.outbound_proxy.is_some()
    }

    /// Tells the caller that we ring (180), or another provisional status.
    pub fn ring(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId, status: StatusCode) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(called) = &session.called else { return };
        if session.phase != SessionPhase::Ringing || !status.is_provisional() {
            return;
        }
        let invite = called.invite.clone();
        let (key, source, tag) = (called.key, called.source, session.local_tag.clone());
        let builder = self.dialog_answer(layer, session, &invite.as_message(), source, status);
        if !layer.answer(now, key, &invite.as_message(), &tag, builder) {
            self.cannot_answer(now, layer, id);
        }
    }

    /// The caller was told so: our answer cannot be written.
    fn cannot_answer(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.called = None;
        session.advance(PhaseEvent::Reject);
        let reason = "our answer cannot be written".to_owned();
        self.end(now, layer, id, EndCause::ProtocolFailed { reason });
    }

    /// Accepts a call. The media side is asked for our description first.
    pub fn accept(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.advance(PhaseEvent::Accept) {
            return;
        }
        let offer = session.called.as_ref().and_then(|called| called.offer.clone());
        let direction = Direction::SendRecv;
        let question = if let Some(offer) = offer {
            MediaQuestion::CreateAnswer { offer, direction }
        } else {
            let caller = session.called.as_ref().map(|called| called.source.address.ip());
            MediaQuestion::CreateOffer { direction, restart: false, toward: caller.map(NextHop::Address) }
        };
        self.ask(id, Asked::CalledDescription, question);
    }

    /// Refuses a call with 300 to 699.
    pub fn reject(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId, status: StatusCode) {
        let reason = status.reason().to_owned();
        self.refuse_call(now, layer, id, status, EndCause::Rejected { status, reason });
    }

    pub(super) fn refuse_call(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        status: StatusCode,
        cause: EndCause,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !status.is_final() || status.is_success() || !session.advance(PhaseEvent::Reject) {
            return;
        }
        let tag = session.local_tag.clone();
        if let Some(called) = session.called.take() {
            let invite = called.invite.as_message();
            let mut builder = self.answer(&invite, status, &tag);
            if status == StatusCode::NOT_ACCEPTABLE_HERE {
                builder = builder.raw(HeaderName::Accept, ACCEPT);
            }
            layer.answer(now, called.key, &invite, &tag, builder);
        }
        self.end(now, layer, id, cause);
    }

    /// The media side wrote our description: the 2xx is sent.
    pub(super) fn called_described(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        description: String,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.phase != SessionPhase::Accepting {
            return;
        }
        let Some(called) = session.called.take() else { return };
        self.timers.cancel(TimerKey::Ringing(id));
        let offered = called.offer.is_none();
        if !self.send_success(now, layer, id, called.key, &called.invite, called.source, description, offered)
        {
            return self.cannot_answer(now, layer, id);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.advance(PhaseEvent::Described);
        if let Some(dialog) = &mut session.dialog {
            dialog.step(DialogEvent::Success);
        }
        self.keep_path(now, layer, id);
    }

    /// Sends a 2xx of an INVITE or re-INVITE, and repeats it until its ACK comes; false if it cannot be written, which the
    /// peer was told.
    #[expect(clippy::too_many_arguments, reason = "what the answer says, and to which request")]
    pub(super) fn send_success(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ServerKey,
        invite: &MessageBuf,
        source: Source,
        description: String,
        offered: bool,
    ) -> bool {
        let message = invite.as_message();
        let Some(session) = self.sessions.get(&id) else { return false };
        let tag = session.local_tag.clone();
        let builder = self.dialog_answer(layer, session, &message, source, StatusCode::OK);
        let Ok(response) = builder.body("application/sdp", description).build() else {
            layer.cannot_answer(now, key, &message, &tag);
            return false;
        };
        let sequence = message.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        let timers = layer.config().timers;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.unacknowledged = Some(Unacknowledged {
                key,
                sequence,
                response: response.clone(),
                interval: timers.t1,
                offered,
            });
        }
        self.timers.set(TimerKey::Repeat(id), now.after(timers.t1));
        self.timers.set(TimerKey::AckMissing(id), now.after(timers.give_up()));
        layer.respond(now, key, response);
        true
    }

    pub(super) fn repeat_success(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let timers = layer.config().timers;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(waiting) = &mut session.unacknowledged else { return };
        waiting.interval = waiting.interval.saturating_mul(2).min(timers.t2);
        let (key, response, interval) = (waiting.key, waiting.response.clone(), waiting.interval);
        self.timers.set(TimerKey::Repeat(id), now.after(interval));
        layer.respond(now, key, response);
    }

    /// The ACK of our 2xx did not come (RFC 3261 §13.3.1.4): the session is hung up.
    pub(super) fn ack_missing(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.unacknowledged = None;
        self.timers.cancel(TimerKey::Repeat(id));
        let cause = session.bye_wanted.take();
        let reason = "the peer did not acknowledge our answer".to_owned();
        let cause = cause.unwrap_or(EndCause::ProtocolFailed { reason });
        self.abandon(now, layer, id, PhaseEvent::AckMissing, cause);
    }

    /// An ACK of a 2xx, for the session of [`Self::session_of`].
    pub fn handle_ack(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        session: Option<SessionId>,
        message: &Message<'_>,
    ) {
        let Some((id, session)) = session.and_then(|id| Some((id, self.sessions.get_mut(&id)?))) else {
            return self.counters.count("stray ACK");
        };
        let sequence = message.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        let Some(waiting) = session.unacknowledged.take_if(|waiting| waiting.sequence == sequence) else {
            return self.counters.count("ACK that came again");
        };
        self.timers.cancel(TimerKey::Repeat(id));
        self.timers.cancel(TimerKey::AckMissing(id));
        let answer = if waiting.offered { description(message) } else { None };
        if session.phase != SessionPhase::AwaitingAck {
            return self.reinvite_acknowledged(now, layer, id, waiting.offered, answer);
        }
        if let Some(cause) = session.bye_wanted.take() {
            session.advance(PhaseEvent::Ack);
            return self.abandon(now, layer, id, PhaseEvent::HangUp, cause);
        }
        match (waiting.offered, answer) {
            (false, _) => {
                session.advance(PhaseEvent::Ack);
                self.established(id);
            }
            (true, Some(answer)) => {
                session.advance(PhaseEvent::AckWithAnswer);
                session.held_remote = holds_us(&answer);
                self.ask(id, Asked::CalledAnswer, MediaQuestion::SetRemote { answer, provisional: false });
            }
            (true, None) => {
                session.advance(PhaseEvent::AckWithAnswer);
                let reason = "the peer did not answer our offer".to_owned();
                self.abandon(now, layer, id, PhaseEvent::Refused, EndCause::ProtocolFailed { reason });
            }
        }
    }

    /// The media side took the answer that the ACK brought.
    pub(super) fn called_agreed(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.advance(PhaseEvent::Applied) {
            self.established(id);
        }
    }

    /// A CANCEL of an INVITE that we did not answer; it is answered already.
    pub fn handle_cancel(&mut self, now: Now, layer: &mut TransactionLayer, invite: ServerKey) {
        let Some(id) = self.invites.get(&invite).copied() else {
            return self.counters.count("CANCEL of an INVITE that is gone");
        };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if matches!(session.phase, SessionPhase::Ringing | SessionPhase::Accepting) {
            self.refuse_call(now, layer, id, StatusCode::REQUEST_TERMINATED, EndCause::Cancelled);
        } else if let Some((key, request, _)) = session.reinvited.take_if(|(key, _, _)| *key == invite) {
            session.change(ChangeEvent::Refused);
            // A description that is still being written is not for the peer's next offer.
            self.forget_questions(id, Some(Asked::ReinviteDescription));
            self.respond(now, layer, key, &request.as_message(), StatusCode::REQUEST_TERMINATED);
            self.ask(id, Asked::Rollback, MediaQuestion::Rollback);
            self.next_change(id);
        }
    }
}

/// The URI that was called.
pub(super) fn called_uri<'a>(invite: &Message<'a>) -> Option<rvoip_sip_core::Uri<'a>> {
    invite.request_uri()?.ok()
}
