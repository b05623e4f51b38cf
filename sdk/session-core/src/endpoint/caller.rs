//! Calling somebody: from the wish to the 2xx (RFC 3261 §13.2).

use std::collections::VecDeque;

use rvoip_sans_io::{Map, Now};
use rvoip_sip_core::header::{CSeq, Contact};
use rvoip_sip_core::{HeaderName, Message, Method, UriBuf};
use rvoip_transaction_core::{ClientKey, DialogId, Outgoing, Source, TransactionLayer};

use super::exchange::{Exchange, Purpose, failure_of_response, reason};
use super::message::{ACCEPT, ALLOW, Outside, bracketed};
use super::{Asked, Endpoint, TimerKey};
use crate::description::holds_us;
use crate::dialog::{Dialog, DialogState};
use crate::session::{Calling, PhaseEvent, Session, SessionPhase};
use crate::{
    Direction, EndCause, Failure, FailureKind, IdentityId, MediaQuestion, SessionId, UserAgentEvent,
};

/// Early dialogs and redirects of one call that are followed at most.
const FORKS: usize = 16;

impl Endpoint {
    /// Calls somebody. The media side is asked for an offer first.
    pub fn invite(&mut self, now: Now, identity: IdentityId, to: &UriBuf) -> SessionId {
        let id = self.new_call(identity, to, true);
        self.timers.set(TimerKey::Ringing(id), now.after(self.config.ringing));
        let offer = MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false };
        self.ask(id, Asked::CallOffer, offer);
        id
    }

    /// Calls somebody without an offer: the callee offers in its 2xx, and our ACK answers (RFC 3261 §13.2.1).
    pub fn invite_without_offer(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        to: &UriBuf,
    ) -> SessionId {
        let id = self.new_call(identity, to, false);
        self.timers.set(TimerKey::Ringing(id), now.after(self.config.ringing));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.advance(PhaseEvent::Described);
        }
        self.send_invite(now, layer, id);
        id
    }

    fn new_call(&mut self, identity: IdentityId, to: &UriBuf, offers: bool) -> SessionId {
        let id = self.next_session();
        let tag = self.random.token(10);
        let mut session = Session::new(Some(identity), SessionPhase::Offering, tag);
        session.calling = Some(Calling {
            key: None,
            to: to.clone(),
            target: to.clone(),
            call_id: self.random.token(24),
            sequence: 1,
            offer: offers.then(String::new),
            early: Map::new(),
            early_answers: Map::new(),
            alternatives: VecDeque::new(),
            visited: vec![to.clone()],
        });
        self.sessions.insert(id, session);
        id
    }

    pub(super) fn call_described(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        offer: String,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.advance(PhaseEvent::Described) {
            return;
        }
        if let Some(calling) = &mut session.calling {
            calling.offer = Some(offer);
        }
        self.send_invite(now, layer, id);
    }

    fn send_invite(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (Some(calling), Some(identity)) = (&session.calling, session.identity) else { return };
        let parts = Outside {
            method: Method::Invite,
            uri: &calling.target,
            to: bracketed(&calling.to),
            from_tag: &session.local_tag,
            call_id: &calling.call_id,
            sequence: calling.sequence,
        };
        let offer = calling.offer.clone();
        let built = self.outside(identity, parts).ok_or_else(|| "the account is gone".to_owned()).and_then(
            |(builder, target)| {
                let builder = builder.raw(HeaderName::Allow, ALLOW).raw(HeaderName::Accept, ACCEPT);
                let builder = match offer {
                    Some(offer) => builder.body("application/sdp", offer),
                    None => builder,
                };
                builder.build().map(|request| (request, target)).map_err(|error| error.to_string())
            },
        );
        match built {
            Ok((request, target)) => {
                let contact = Some(self.contact(Some(identity), None));
                let purpose = Purpose::Invite(id);
                let exchange =
                    Exchange { purpose, identity: Some(identity), request, target, contact, challenges: 0 };
                let key = self.send(now, layer, exchange);
                if let Some(calling) = self.sessions.get_mut(&id).and_then(|session| session.calling.as_mut())
                {
                    calling.key = Some(key);
                }
            }
            Err(reason) => self.end(id, EndCause::ProtocolFailed { reason }),
        }
    }

    /// The INVITE was sent again with credentials.
    pub(super) fn call_retried(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(calling) = &mut session.calling {
            calling.key = Some(key);
            for early in std::mem::take(&mut calling.early).into_values() {
                self.dialogs.remove(&early.id);
            }
            calling.early_answers.clear();
        }
        if session.phase == SessionPhase::Cancelling {
            layer.cancel(now, key);
        } else {
            session.advance(PhaseEvent::Retry);
        }
    }

    pub(super) fn call_progressed(
        &mut self,
        id: SessionId,
        key: ClientKey,
        response: &Message<'_>,
        source: Source,
    ) {
        let Some(status) = response.status() else { return };
        let server = self.server_of(self.sessions.get(&id).and_then(|session| session.identity));
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(calling) = &mut session.calling else { return };
        if status.code() == 100 || calling.key != Some(key) {
            return;
        }
        let mut answer = None;
        if let Some(tag) = DialogId::of_response(response).map(|id| id.remote_tag) {
            if calling.early.len() < FORKS
                && !calling.early.contains_key(&tag)
                && let Ok(dialog) = Dialog::of_caller(response, DialogState::Early, Some(source.flow))
            {
                self.dialogs.insert(dialog.id.clone(), id);
                calling.early.insert(tag.clone(), dialog.through(server));
            }
            if calling.offer.is_some()
                && calling.early.contains_key(&tag)
                && !calling.early_answers.contains_key(&tag)
                && let Some(description) = description(response)
            {
                calling.early_answers.insert(tag, description.clone());
                answer = Some(description);
            }
        }
        let early_media = !calling.early_answers.is_empty();
        if !session.advance(PhaseEvent::Provisional) {
            return;
        }
        if let Some(answer) = answer {
            self.ask(id, Asked::EarlyAnswer, MediaQuestion::SetRemote { answer, provisional: true });
        }
        self.tell(UserAgentEvent::Progress { session: id, status, reason: reason(response), early_media });
    }

    pub(super) fn call_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
        response: &Message<'_>,
        source: Source,
    ) {
        let Ok(dialog) = Dialog::of_caller(response, DialogState::Confirmed, Some(source.flow)) else {
            // Without tag or Contact nobody can be acknowledged; the peer gives up by itself.
            self.counters.count("2xx that makes no dialog");
            let reason = "the peer's answer lacks what a dialog needs".to_owned();
            let failure = Failure { kind: FailureKind::Rejected, status: None, reason };
            return self.call_failed(now, layer, id, key, &failure);
        };
        let server = self.server_of(self.sessions.get(&id).and_then(|session| session.identity));
        let dialog = dialog.through(server);
        let sequence = response.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        let Some(session) = self.sessions.get_mut(&id) else {
            let identity = self.exchanges.get(&key).and_then(|exchange| exchange.identity);
            return self.refuse_fork(now, layer, dialog, sequence, identity);
        };
        if let Some(chosen) = &session.dialog {
            if chosen.id.remote_tag != dialog.id.remote_tag {
                // Another branch of the fork answered too: acknowledged, and hung up at once (RFC 3261 §13.2.2.4).
                let identity = session.identity;
                return self.refuse_fork(now, layer, dialog, sequence, identity);
            }
            return self.acknowledge_again(now, layer, id, sequence);
        }
        let cancelled = session.phase == SessionPhase::Cancelling;
        if !session.advance(PhaseEvent::Success) {
            return;
        }
        let dialog_id = dialog.id.clone();
        session.dialog = Some(dialog);
        let calling = session.calling.take();
        self.dialogs.insert(dialog_id.clone(), id);
        self.timers.cancel(TimerKey::Ringing(id));
        for early in calling.iter().flat_map(|calling| calling.early.values()) {
            if early.id != dialog_id {
                self.dialogs.remove(&early.id);
            }
        }
        let Some(mut calling) = calling else { return };
        let answered = description(response);
        if cancelled {
            self.acknowledge(now, layer, id, sequence, None);
            return self.send_bye(now, layer, id);
        }
        match (calling.offer.is_some(), answered) {
            (true, answered) => {
                self.acknowledge(now, layer, id, sequence, None);
                // What a dialog answered first stands, whatever its later responses describe (RFC 3261 §13.2.1).
                let early = calling.early_answers.remove(&dialog_id.remote_tag);
                if let Some(answer) = early.or(answered) {
                    self.note_remote_hold(id, &answer);
                    let question = MediaQuestion::SetRemote { answer, provisional: false };
                    self.ask(id, Asked::CallAnswer, question);
                } else {
                    let reason = "the peer's answer describes no media".to_owned();
                    self.abandon(now, layer, id, PhaseEvent::Refused, EndCause::ProtocolFailed { reason });
                }
            }
            (false, Some(offer)) => {
                self.note_remote_hold(id, &offer);
                let direction = Direction::SendRecv;
                self.ask(id, Asked::AckAnswer, MediaQuestion::CreateAnswer { offer, direction });
            }
            (false, None) => {
                self.acknowledge(now, layer, id, sequence, None);
                let reason = "the peer offers no media".to_owned();
                self.abandon(now, layer, id, PhaseEvent::Refused, EndCause::ProtocolFailed { reason });
            }
        }
    }

    /// The media side took the answer to our call.
    pub(super) fn call_agreed(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.advance(PhaseEvent::Applied) {
            self.established(id);
        }
    }

    /// The media side wrote the answer for our ACK.
    pub(super) fn ack_described(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        answer: String,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.phase != SessionPhase::Answered {
            return;
        }
        let sequence = session.dialog.as_ref().map_or(1, Dialog::invite_sequence);
        self.acknowledge(now, layer, id, sequence, Some(answer));
        self.call_agreed(id);
    }

    /// Sends the ACK of a 2xx and keeps it for the 2xx that come again.
    pub(super) fn acknowledge(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        sequence: u32,
        answer: Option<String>,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(dialog) = &session.dialog else { return };
        let Some(outgoing) = self.ack(dialog, sequence, session.identity, answer) else { return };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.acknowledged = Some((sequence, outgoing.clone()));
        }
        layer.send_ack(now, outgoing);
    }

    fn ack(
        &self,
        dialog: &Dialog,
        sequence: u32,
        identity: Option<IdentityId>,
        answer: Option<String>,
    ) -> Option<Outgoing> {
        let (builder, target) = dialog.request(Method::Ack, sequence);
        let builder = match answer {
            Some(answer) => builder.body("application/sdp", answer),
            None => builder,
        };
        let request = self.signed(builder).build().ok()?;
        let contact = Some(self.contact(identity, None));
        Some(Outgoing { request, target, contact })
    }

    pub(super) fn acknowledge_again(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        sequence: u32,
    ) {
        let acknowledged = self.sessions.get(&id).and_then(|session| session.acknowledged.clone());
        if let Some((of, outgoing)) = acknowledged
            && of == sequence
        {
            layer.send_ack(now, outgoing);
        }
    }

    /// A 2xx of a dialog that nobody wants.
    fn refuse_fork(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        mut dialog: Dialog,
        sequence: u32,
        identity: Option<IdentityId>,
    ) {
        self.counters.count("2xx of another fork");
        if let Some(ack) = self.ack(&dialog, sequence, identity, None) {
            layer.send_ack(now, ack);
        }
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(Method::Bye, sequence);
        if let Ok(request) = self.signed(builder).build() {
            let purpose = Purpose::Refusal;
            self.send(
                now,
                layer,
                Exchange { purpose, identity, request, target, contact: None, challenges: 0 },
            );
        }
    }

    /// A redirect: the targets are tried one after the other, none twice (RFC 3261 §8.1.3.4).
    pub(super) fn call_redirected(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status() else { return };
        let failure = failure_of_response(response, status);
        let Some(calling) = self.sessions.get_mut(&id).and_then(|session| session.calling.as_mut()) else {
            return;
        };
        let mut contacts: Vec<_> = response
            .get_all::<Contact<'_>>()
            .filter_map(Result::ok)
            .filter_map(|contact| Some((contact.q(), UriBuf::from(contact.uri()?))))
            .take(FORKS)
            .collect();
        // The order of the response holds among equals; no q means 1.
        contacts.sort_by_key(|(q, _)| {
            std::cmp::Reverse(q.map_or(1_000, rvoip_sip_core::header::QValue::thousandths))
        });
        for (_, uri) in contacts {
            let is_sip = uri.as_uri().as_sip().is_some();
            if is_sip
                && calling.visited.len() < FORKS
                && !calling.visited.iter().any(|visited| visited.equivalent(&uri))
            {
                calling.visited.push(uri.clone());
                calling.alternatives.push_back(uri);
            }
        }
        self.call_failed(now, layer, id, key, &failure);
    }

    pub(super) fn call_failed(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
        failure: &Failure,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let cancelled = session.phase == SessionPhase::Cancelling;
        let Some(calling) = &mut session.calling else { return };
        if calling.key != Some(key) {
            return;
        }
        for early in std::mem::take(&mut calling.early).into_values() {
            self.dialogs.remove(&early.id);
        }
        calling.early_answers.clear();
        if !cancelled && let Some(next) = calling.alternatives.pop_front() {
            calling.target = next;
            calling.sequence += 1;
            session.advance(PhaseEvent::Retry);
            return self.send_invite(now, layer, id);
        }
        if !session.advance(PhaseEvent::Failure) {
            return;
        }
        let cause = session.bye_wanted.take();
        let cause = cause.unwrap_or_else(|| end_cause(failure));
        self.end(id, cause);
    }

    /// A call has rung long enough.
    pub(super) fn rung_out(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.called.is_some() {
            return self.reject(now, layer, id, rvoip_sip_core::StatusCode::TEMPORARILY_UNAVAILABLE);
        }
        self.withdraw(now, layer, id, EndCause::TimedOut);
    }
}

/// Why a call ended that failed so.
fn end_cause(failure: &Failure) -> EndCause {
    let status = failure.status.and_then(rvoip_sip_core::StatusCode::new);
    let reason = failure.reason.clone();
    match (failure.kind, status) {
        (FailureKind::AuthenticationFailed, Some(status)) => {
            EndCause::AuthenticationFailed { status, reason }
        }
        (FailureKind::Rejected, Some(status)) => EndCause::Rejected { status, reason },
        (FailureKind::TimedOut, _) => EndCause::TimedOut,
        (FailureKind::Unreachable, _) => EndCause::Unreachable { reason },
        (FailureKind::MediaRefused, _) => EndCause::MediaRefused { reason },
        (
            FailureKind::Rejected
            | FailureKind::AuthenticationFailed
            | FailureKind::InvalidState
            | FailureKind::Busy,
            _,
        ) => EndCause::ProtocolFailed { reason },
    }
}

/// The session description of a message, if it has one.
pub(super) fn description(message: &Message<'_>) -> Option<String> {
    let content_type = message.get::<rvoip_sip_core::header::ContentType<'_>>()?.ok()?;
    if message.body().is_empty() || !content_type.is("application", "sdp") {
        return None;
    }
    std::str::from_utf8(message.body()).ok().map(str::to_owned)
}

impl Endpoint {
    pub(super) fn note_remote_hold(&mut self, id: SessionId, description: &str) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.held_remote = holds_us(description);
    }
}
