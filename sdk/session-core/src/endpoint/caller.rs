//! Calling somebody: from the wish to the 2xx (RFC 3261 §13.2).

use std::collections::VecDeque;

use rvoip_sans_io::{Map, Now};
use rvoip_sip_core::header::Contact;
use rvoip_sip_core::{HeaderName, Message, Method, StatusCode, UriBuf};
use rvoip_transaction_core::{ClientKey, DialogId, TransactionLayer};

use super::exchange::{Exchange, Purpose, failure_of_response, reason};
use super::message::{ACCEPT, ALLOW, Outside, SUPPORTED};
use super::{Asked, Endpoint, TimerKey};
use crate::description::description;
use crate::dialog::{Dialog, is_secure};
use crate::session::{Calling, PhaseEvent, Session, SessionPhase};
use crate::{
    Direction, EndCause, Failure, FailureKind, IdentityId, MediaQuestion, SessionId, UserAgentEvent,
};

/// Early dialogs, early answers, redirects and unwanted 2xx of one call that are followed at most.
pub(super) const FORKS: usize = 16;

impl Endpoint {
    /// Calls somebody. The media side is asked for an offer first.
    pub fn invite(
        &mut self,
        now: Now,
        layer: &TransactionLayer,
        identity: IdentityId,
        to: &UriBuf,
    ) -> SessionId {
        let id = self.new_call(identity, to, true);
        self.timers.set(TimerKey::Ringing(id), now.after(self.config.ringing));
        let toward = self.target_of(identity, to).and_then(|target| layer.next_hop(&target));
        let offer = MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false, toward };
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
            early_asked: 0,
            progress: None,
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
            to: &calling.to,
            from_tag: &session.local_tag,
            call_id: &calling.call_id,
            sequence: calling.sequence,
        };
        let offer = calling.offer.clone();
        let built = self.outside(identity, parts).ok_or_else(|| "the account is gone".to_owned()).and_then(
            |(builder, way)| {
                let builder = builder.raw(HeaderName::Allow, ALLOW).raw(HeaderName::Accept, ACCEPT);
                let builder = builder.raw(HeaderName::Supported, SUPPORTED);
                let builder = match offer {
                    Some(offer) => builder.body("application/sdp", offer),
                    None => builder,
                };
                Ok((builder.build().map_err(|error| error.to_string())?, way))
            },
        );
        match built {
            Ok((request, way)) => {
                let known = way.known;
                let exchange = Exchange::new(Purpose::Invite(id), Some(identity), request, way);
                let key = self.send(now, layer, exchange);
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.known = known;
                    session.calling.iter_mut().for_each(|calling| calling.key = Some(key));
                }
            }
            Err(reason) => self.end(now, layer, id, EndCause::ProtocolFailed { reason }),
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
        }
        let session = self.forget_early(id);
        let Some(session) = session else { return };
        if session.phase == SessionPhase::Cancelling {
            layer.cancel(now, key);
        } else {
            session.advance(PhaseEvent::Retry);
        }
    }

    /// The early dialogs of an INVITE end with it, and what was agreed in them.
    fn forget_early(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.sessions.get_mut(&id)?;
        if let Some(calling) = &mut session.calling {
            for early in std::mem::take(&mut calling.early).into_values() {
                self.dialogs.remove(&early.id);
            }
            calling.early_answers.clear();
        }
        Some(session)
    }

    /// The dialog that a response to an INVITE of ours makes.
    pub(super) fn dialog_of(
        &self,
        layer: &TransactionLayer,
        identity: Option<IdentityId>,
        key: ClientKey,
        response: &Message<'_>,
    ) -> Option<Dialog> {
        let invite = self.exchanges.get(&key)?.request.as_message();
        let secure = invite.request_uri().and_then(Result::ok).is_some_and(|uri| is_secure(&uri));
        let dialog = Dialog::of_caller(response, layer.path(key), secure).ok()?;
        Some(dialog.through(self.server_of(identity)))
    }

    pub(super) fn call_progressed(
        &mut self,
        layer: &TransactionLayer,
        id: SessionId,
        key: ClientKey,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status() else { return };
        let Some(session) = self.sessions.get(&id) else { return };
        if status == StatusCode::TRYING || session.calling.as_ref().is_none_or(|of| of.key != Some(key)) {
            return;
        }
        let dialog = self.dialog_of(layer, session.identity, key, response);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(calling) = &mut session.calling else { return };
        let tag = DialogId::of_response(response).map(|id| id.remote_tag);
        let mut answer = None;
        if let Some(tag) = &tag {
            if let Some(dialog) = dialog
                && calling.early.len() < FORKS
                && !calling.early.contains_key(tag)
            {
                self.dialogs.insert(dialog.id.clone(), id);
                calling.early.insert(tag.clone(), dialog);
            }
            if calling.offer.is_some()
                && calling.early.contains_key(tag)
                && !calling.early_answers.contains_key(tag)
                && calling.early_asked < FORKS
                && let Some(description) = description(response)
            {
                calling.early_asked += 1;
                calling.early_answers.insert(tag.clone(), description.clone());
                answer = Some(description);
            }
        }
        let early_media = !calling.early_answers.is_empty();
        let reason = reason(response);
        let progress = Some((tag, status, reason.clone()));
        // A 1xx that comes again says nothing.
        let again = answer.is_none() && calling.progress == progress;
        calling.progress = progress;
        if !session.advance(PhaseEvent::Provisional) || again {
            return;
        }
        if let Some(answer) = answer {
            self.ask(id, Asked::EarlyAnswer, MediaQuestion::SetRemote { answer, provisional: true });
        }
        self.tell(UserAgentEvent::Progress { session: id, status, reason, early_media });
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
            .filter_map(|contact| Some((contact.q(), UriBuf::from(contact.uri()?).to_target())))
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
        let current = |session: &Session| session.calling.as_ref().is_some_and(|of| of.key == Some(key));
        if !self.sessions.get(&id).is_some_and(current) {
            return;
        }
        let Some(session) = self.forget_early(id) else { return };
        let cancelled = session.phase == SessionPhase::Cancelling;
        // Where somebody said that nobody will answer anywhere, nobody else is asked (RFC 3261 §21.6).
        let global = failure.status.is_some_and(|status| status >= 600);
        if let Some(calling) = session.calling.as_mut().filter(|_| !cancelled && !global)
            && let Some(next) = calling.alternatives.pop_front()
        {
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
        self.end(now, layer, id, cause);
    }

    /// A call has rung long enough.
    pub(super) fn rung_out(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.called.is_some() {
            let status = StatusCode::TEMPORARILY_UNAVAILABLE;
            return self.refuse_call(now, layer, id, status, EndCause::TimedOut);
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
