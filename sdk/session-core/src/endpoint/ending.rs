//! How sessions end (RFC 3261 §15), and what happens to answers of the media side.

use rvoip_sans_io::Now;
use rvoip_sip_core::{Method, StatusCode};
use rvoip_transaction_core::TransactionLayer;

use super::exchange::{Exchange, Purpose, Way};
use super::{Asked, Endpoint, TimerKey};
use crate::session::{PhaseEvent, SessionPhase};
use crate::{EndCause, MediaAnswer, NegotiationId, SessionId, UserAgentEvent};

impl Endpoint {
    /// Ends a session in whatever state it is: CANCEL, BYE, or 603 for a call that rings here.
    pub fn hang_up(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        self.withdraw(now, layer, id, EndCause::LocalHangUp);
    }

    pub(super) fn withdraw(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        cause: EndCause,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.phase {
            SessionPhase::Offering => {
                session.advance(PhaseEvent::HangUp);
                self.end(now, layer, id, cause);
            }
            SessionPhase::Calling | SessionPhase::Proceeding => {
                session.advance(PhaseEvent::HangUp);
                session.bye_wanted = Some(cause);
                let key = session.calling.as_ref().and_then(|calling| calling.key);
                self.timers.cancel(TimerKey::Ringing(id));
                self.timers.set(TimerKey::HangUp(id), now.after(self.config.hang_up_wait));
                if let Some(key) = key {
                    layer.cancel(now, key);
                }
            }
            SessionPhase::Ringing | SessionPhase::Accepting => {
                self.refuse_call(now, layer, id, StatusCode::DECLINE, cause);
            }
            SessionPhase::AwaitingAck => {
                session.bye_wanted = Some(cause);
                self.timers.set(TimerKey::HangUp(id), now.after(self.config.hang_up_wait));
            }
            SessionPhase::Answered | SessionPhase::Completing | SessionPhase::Established => {
                self.abandon(now, layer, id, PhaseEvent::HangUp, cause);
            }
            SessionPhase::Cancelling | SessionPhase::Ending | SessionPhase::Ended => {}
        }
    }

    /// Moves a session with a dialog to its end and sends the BYE.
    pub(super) fn abandon(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        event: PhaseEvent,
        cause: EndCause,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.advance(event) {
            return;
        }
        session.bye_wanted = Some(cause);
        self.acknowledge_unwanted(now, layer, id);
        self.send_bye(now, layer, id);
    }

    pub(super) fn send_bye(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let (identity, known) = (session.identity, session.known);
        let pending = session.reinvited.take();
        let Some(dialog) = &mut session.dialog else { return };
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(Method::Bye, sequence);
        session.recovery = None;
        // A re-INVITE that is never answered would be there for ever.
        let changing = session.reinvite;
        if let Some((key, request, _)) = pending {
            self.respond(now, layer, key, &request.as_message(), StatusCode::REQUEST_TERMINATED);
        }
        self.cancel_timers(id);
        if let Some(key) = changing {
            layer.cancel(now, key);
        }
        self.timers.set(TimerKey::HangUp(id), now.after(self.config.hang_up_wait));
        if let Ok(request) = self.signed(builder).build() {
            let way = Way { target, contact: None, known };
            self.send(now, layer, Exchange::new(Purpose::Bye(id), identity, request, way));
        } else {
            self.counters.count("BYE that cannot be written");
            self.bye_done(now, layer, id);
        }
    }

    fn cancel_timers(&mut self, id: SessionId) {
        for timer in [
            TimerKey::Ringing(id),
            TimerKey::Repeat(id),
            TimerKey::AckMissing(id),
            TimerKey::Glare(id),
            TimerKey::HangUp(id),
            TimerKey::Change(id),
            TimerKey::Recover(id),
            TimerKey::RecoveryOver(id),
        ] {
            self.timers.cancel(timer);
        }
    }

    /// Our BYE was answered, with whatever, or not at all: the session is over (RFC 3261 §15.1.1).
    pub(super) fn bye_done(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.advance(PhaseEvent::ByeDone);
        let cause = session.bye_wanted.take().unwrap_or(EndCause::LocalHangUp);
        self.end(now, layer, id, cause);
    }

    /// The user has waited long enough: the session is told to be over, and what is left of it goes on unseen.
    pub(super) fn hang_up_overdue(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.ended {
            return;
        }
        let cause = session.bye_wanted.clone().unwrap_or(EndCause::LocalHangUp);
        self.tell(UserAgentEvent::Ended { session: id, cause });
        if let Some(session) = self.sessions.get_mut(&id) {
            session.ended = true;
        }
    }

    /// Forgets a session and tells the user. What the peer asked and we did not answer is over with it (RFC 3261 §15.1.2).
    pub(super) fn end(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId, cause: EndCause) {
        self.release_path(now, layer, id);
        self.forget_questions(id, None);
        let Some(session) = self.sessions.remove(&id) else { return };
        let early = session.calling.iter().flat_map(|calling| calling.early.values());
        for dialog in session.dialog.iter().chain(early) {
            self.dialogs.remove(&dialog.id);
        }
        self.cancel_timers(id);
        let called = session.called.map(|called| (called.key, called.invite));
        let reinvited = session.reinvited.map(|(key, request, _)| (key, request));
        for (key, invite) in called.into_iter().chain(reinvited) {
            // All responses of an INVITE have one tag (RFC 3261 §8.2.6.2).
            let invite = invite.as_message();
            let builder = self.answer(&invite, StatusCode::REQUEST_TERMINATED, &session.local_tag);
            layer.answer(now, key, &invite, &session.local_tag, builder);
        }
        if !session.ended {
            self.tell(UserAgentEvent::Ended { session: id, cause });
        }
    }

    /// Nobody waits any more for what the media side was asked, or for one of these questions.
    pub(super) fn forget_questions(&mut self, id: SessionId, only: Option<Asked>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.questions.retain(|question| {
            let kept = self
                .negotiations
                .get(question)
                .is_some_and(|(_, asked)| only.is_some_and(|only| only != *asked));
            if !kept {
                self.negotiations.remove(question);
            }
            kept
        });
    }

    pub(super) fn established(&mut self, id: SessionId) {
        self.timers.cancel(TimerKey::Ringing(id));
        self.tell(UserAgentEvent::Established { session: id });
        if self.sessions.get(&id).is_some_and(|session| session.held_remote) {
            self.tell_hold(id);
        }
        self.next_change(id);
    }

    /// The answer of the media side to a question. An answer for something that ended is ignored.
    pub fn media_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        negotiation: NegotiationId,
        answer: MediaAnswer,
    ) {
        let Some((id, asked)) = self.negotiations.remove(&negotiation) else { return };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.questions.retain(|question| *question != negotiation);
        }
        match answer {
            MediaAnswer::Description(text) => match asked {
                Asked::CallOffer => self.call_described(now, layer, id, text),
                Asked::AckAnswer => self.ack_described(now, layer, id, text),
                Asked::CalledDescription => self.called_described(now, layer, id, text),
                Asked::ChangeOffer => self.change_described(now, layer, id, text),
                Asked::ReinviteDescription => self.reinvite_described(now, layer, id, text),
                Asked::EarlyAnswer
                | Asked::CallAnswer
                | Asked::CalledAnswer
                | Asked::ChangeAnswer
                | Asked::ReinviteAnswer
                | Asked::Rollback => {}
            },
            MediaAnswer::Applied => match asked {
                Asked::CallAnswer => self.call_agreed(id),
                Asked::CalledAnswer => self.called_agreed(id),
                Asked::ChangeAnswer => self.change_applied(id),
                Asked::ReinviteAnswer => self.reinvite_completed(id),
                Asked::CallOffer
                | Asked::AckAnswer
                | Asked::CalledDescription
                | Asked::ChangeOffer
                | Asked::ReinviteDescription
                | Asked::EarlyAnswer
                | Asked::Rollback => {}
            },
            MediaAnswer::Refused { status, reason } => match asked {
                Asked::CallOffer => {
                    if self.sessions.get_mut(&id).is_some_and(|session| session.advance(PhaseEvent::Refused))
                    {
                        self.end(now, layer, id, EndCause::MediaRefused { reason });
                    }
                }
                Asked::CallAnswer | Asked::AckAnswer | Asked::CalledAnswer => {
                    self.abandon(now, layer, id, PhaseEvent::Refused, EndCause::MediaRefused { reason });
                }
                Asked::CalledDescription => {
                    self.refuse_call(now, layer, id, status, EndCause::MediaRefused { reason });
                }
                Asked::ChangeOffer | Asked::ChangeAnswer => self.change_refused(id, reason),
                Asked::ReinviteDescription => self.reinvite_refused(now, layer, id, status),
                Asked::ReinviteAnswer => {
                    self.abandon(now, layer, id, PhaseEvent::HangUp, EndCause::MediaRefused { reason });
                }
                // An early answer that is no good may be followed by a good one in the 2xx.
                Asked::EarlyAnswer => {
                    if let Some(calling) = self.sessions.get_mut(&id).and_then(|of| of.calling.as_mut()) {
                        calling.early_answers.clear();
                    }
                }
                Asked::Rollback => {}
            },
        }
    }
}
