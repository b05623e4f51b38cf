//! A call of ours that is answered: the 2xx and its ACK (RFC 3261 §13.2.2.4).

use rvoip_sans_io::Now;
use rvoip_sip_core::header::CSeq;
use rvoip_sip_core::{HeaderName, Message, MessageBuf, MessageBuilder, Method};
use rvoip_transaction_core::{ClientKey, Outgoing, TransactionLayer};

use super::caller::FORKS;
use super::exchange::{Exchange, Purpose, Way};
use super::{Asked, Endpoint, TimerKey};
use crate::description::{description, holds_us, refusal};
use crate::dialog::{Dialog, DialogEvent};
use crate::session::{PhaseEvent, SessionPhase};
use crate::{Direction, EndCause, Failure, FailureKind, IdentityId, MediaQuestion, SessionId};

impl Endpoint {
    pub(super) fn call_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ClientKey,
        response: &Message<'_>,
    ) {
        let session = self.sessions.get(&id);
        let identity = match session {
            Some(session) => session.identity,
            None => self.exchanges.get(&key).and_then(|exchange| exchange.identity),
        };
        let Some(mut dialog) = self.dialog_of(layer, identity, key, response) else {
            // Without tag or Contact nobody can be acknowledged; the peer gives up by itself.
            self.counters.count("2xx that makes no dialog");
            let reason = "the peer's answer lacks what a dialog needs".to_owned();
            let failure = Failure { kind: FailureKind::Rejected, status: None, reason };
            self.forget_alternatives(id);
            return self.call_failed(now, layer, id, key, &failure);
        };
        let sequence = response.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        match session.map(|session| session.dialog.as_ref()) {
            // Another branch of the fork answered too, or the call is over: it is acknowledged, and hung up at once (RFC
            // 3261 §13.2.2.4).
            None => return self.refuse_fork(now, layer, key, dialog, sequence),
            Some(Some(chosen)) if chosen.id.remote_tag != dialog.id.remote_tag => {
                return self.refuse_fork(now, layer, key, dialog, sequence);
            }
            Some(Some(_)) => return self.acknowledge_again(now, layer, id, sequence),
            Some(None) => {}
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let cancelled = session.phase == SessionPhase::Cancelling;
        if !session.advance(PhaseEvent::Success) {
            return;
        }
        dialog.step(DialogEvent::Success);
        let dialog_id = dialog.id.clone();
        session.dialog = Some(dialog);
        session.invited = Some(key);
        let calling = session.calling.take();
        self.timers.cancel(TimerKey::Ringing(id));
        for early in calling.iter().flat_map(|calling| calling.early.values()) {
            self.dialogs.remove(&early.id);
        }
        self.dialogs.insert(dialog_id.clone(), id);
        self.keep_path(now, layer, id);
        let Some(mut calling) = calling else { return };
        let answered = description(response);
        if calling.offer.is_none()
            && let Some(session) = self.sessions.get_mut(&id)
        {
            session.offered.clone_from(&answered);
        }
        if cancelled {
            self.acknowledge_unwanted(now, layer, id);
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
                let reason = "the peer offers no media".to_owned();
                self.abandon(now, layer, id, PhaseEvent::Refused, EndCause::ProtocolFailed { reason });
            }
        }
    }

    /// Somebody answered for good: no other target is tried.
    fn forget_alternatives(&mut self, id: SessionId) {
        if let Some(calling) = self.sessions.get_mut(&id).and_then(|session| session.calling.as_mut()) {
            calling.alternatives.clear();
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
        session.offered = None;
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
        let invite = session.invited.and_then(|key| self.exchanges.get(&key));
        let invite = invite.map(|exchange| exchange.request.clone());
        let Some(outgoing) = self.ack(dialog, sequence, session.identity, invite.as_ref(), answer) else {
            return self.counters.count("ACK that cannot be written");
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.acknowledged = Some((sequence, outgoing.clone()));
        }
        layer.send_ack(now, outgoing);
    }

    /// The same for a 2xx of a session that is not wanted any more; an offer in it is answered all the same (RFC 3261
    /// §13.2.2.4).
    pub(super) fn acknowledge_unwanted(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id).filter(|of| of.acknowledged.is_none()) else { return };
        let Some(dialog) = session.dialog.as_ref().filter(|dialog| dialog.is_caller) else { return };
        let sequence = dialog.invite_sequence();
        let answer = session.offered.take().map(|offer| refusal(&offer));
        self.acknowledge(now, layer, id, sequence, answer);
    }

    /// The ACK of a 2xx, with the credentials of its INVITE (RFC 3261 §13.2.2.4).
    fn ack(
        &self,
        dialog: &Dialog,
        sequence: u32,
        identity: Option<IdentityId>,
        invite: Option<&MessageBuf>,
        answer: Option<String>,
    ) -> Option<Outgoing> {
        let (mut builder, target) = dialog.request(Method::Ack, sequence);
        if let Some(invite) = invite {
            builder = with_credentials_of(&invite.as_message(), builder);
        }
        if let Some(answer) = answer {
            builder = builder.body("application/sdp", answer);
        }
        let request = self.signed(builder).build().ok()?;
        let contact = Some(self.contact(identity, None, dialog.is_secure()));
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

    /// A 2xx of a dialog that nobody wants: the first one of each branch is hung up, and so many branches are.
    fn refuse_fork(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ClientKey,
        mut dialog: Dialog,
        sequence: u32,
    ) {
        self.counters.count("2xx of another fork");
        let Some(exchange) = self.exchanges.get(&key) else { return };
        let tag = dialog.id.remote_tag.clone();
        if let Some((_, ack)) = exchange.refused.iter().find(|(of, _)| *of == tag) {
            return layer.send_ack(now, ack.clone());
        }
        if exchange.refused.len() >= FORKS {
            return self.counters.count("2xx of one fork too many");
        }
        let (identity, invite, known) = (exchange.identity, exchange.request.clone(), exchange.known);
        if let Some(ack) = self.ack(&dialog, sequence, identity, Some(&invite), None) {
            layer.send_ack(now, ack.clone());
            if let Some(exchange) = self.exchanges.get_mut(&key) {
                exchange.refused.push((tag, ack));
            }
        }
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(Method::Bye, sequence);
        match self.signed(builder).build() {
            Ok(request) => {
                let way = Way { target, contact: None, known };
                self.send(now, layer, Exchange::new(Purpose::Refusal, identity, request, way));
            }
            Err(_) => self.counters.count("BYE that cannot be written"),
        }
    }
}

/// The same request with the credentials of another.
pub(super) fn with_credentials_of(other: &Message<'_>, builder: MessageBuilder) -> MessageBuilder {
    builder.copy(other, &HeaderName::Authorization).copy(other, &HeaderName::ProxyAuthorization)
}

impl Endpoint {
    /// The description says whether the peer holds us.
    pub(super) fn note_remote_hold(&mut self, id: SessionId, description: &str) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.held_remote = holds_us(description);
    }
}
