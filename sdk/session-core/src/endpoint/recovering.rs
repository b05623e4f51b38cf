//! Carrying on over another connection when one is lost: registrations first, then the sessions (RFC 5626 §4.5).

use std::time::Duration;

use rvoip_sans_io::{FlowId, Now};
use rvoip_transaction_core::TransactionLayer;

use super::{Asked, Endpoint, TimerKey};
use crate::registration::{RegistrationState, retry_after};
use crate::session::{ChangeEvent, PhaseEvent, Recovery, SessionPhase};
use crate::{EndCause, Failure, FailureKind, IdentityId, MediaQuestion, SessionId, UserAgentEvent};

/// What users are told.
const REASON: &str = "the connection was lost";

impl Endpoint {
    /// The connection of registrations is gone: nobody can reach us until we register again, which begins at once.
    pub(super) fn registrations_lost_flow(&mut self, now: Now, layer: &mut TransactionLayer, flow: FlowId) {
        let deadline = now.after(self.config.recovery_deadline);
        let mut lost = Vec::new();
        for (identity, state) in &mut self.identities {
            let registration = &mut state.registration;
            let on_flow = registration.path.is_some_and(|(of, _)| of == flow);
            let wanted = !registration.unwanted
                && matches!(
                    registration.state,
                    RegistrationState::Registered | RegistrationState::Registering
                );
            if on_flow {
                registration.path = None;
            }
            if on_flow && wanted {
                registration.failures = 0;
                let is_new = registration.recovery.replace(deadline).is_none();
                lost.push((*identity, is_new, registration.state));
            }
        }
        for (identity, is_new, state) in lost {
            if is_new {
                let reason = REASON.to_owned();
                self.tell(UserAgentEvent::Recovering { identity: Some(identity), session: None, reason });
            }
            // A REGISTER that is on its way goes on over another connection, or fails and is sent anew.
            if state == RegistrationState::Registered {
                self.registration_due(now, layer, identity);
            }
        }
    }

    /// A registration that lost its connection could not be renewed: whether it is tried again soon, and nobody is told.
    pub(super) fn registration_recovers(
        &mut self,
        now: Now,
        identity: IdentityId,
        hopeless: bool,
        asked: Option<Duration>,
    ) -> bool {
        let Some(state) = self.identities.get_mut(&identity) else { return false };
        let registration = &mut state.registration;
        let Some(deadline) = registration.recovery else { return false };
        if hopeless || now.monotonic >= deadline {
            registration.recovery = None;
            registration.failures = 0;
            return false;
        }
        registration.failures = registration.failures.saturating_add(1);
        let (base, longest) = (self.config.recovery_base, self.config.recovery_max);
        let wait = retry_after(base, longest, registration.failures, &mut self.random);
        let at = now.after(asked.unwrap_or(wait)).min(deadline);
        self.timers.set(TimerKey::Registration(identity), at);
        true
    }

    /// A connection is gone that sessions need: they are carried on.
    pub(super) fn sessions_lost_flow(&mut self, now: Now, flow: FlowId) {
        let mut lost = Vec::new();
        for id in self.sessions_without(flow) {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            let lives = matches!(
                session.phase,
                SessionPhase::Answered
                    | SessionPhase::AwaitingAck
                    | SessionPhase::Completing
                    | SessionPhase::Established
            );
            if !lives || session.bye_wanted.is_some() {
                continue;
            }
            let registers = session
                .identity
                .and_then(|identity| self.identities.get(&identity))
                .is_some_and(|state| state.registration.recovery.is_some());
            let is_new = session.recovery.replace(Recovery { failures: 0, waits: registers }).is_none();
            lost.push((id, is_new));
        }
        for (id, is_new) in lost {
            self.timers.cancel(TimerKey::Recover(id));
            if is_new {
                self.timers.set(TimerKey::RecoveryOver(id), now.after(self.config.recovery_deadline));
                let reason = REASON.to_owned();
                self.tell(UserAgentEvent::Recovering { identity: None, session: Some(id), reason });
            }
            self.next_change(id);
        }
    }

    /// The registration of an identity works again, or will not soon: its sessions do not wait for it any longer.
    pub(super) fn recover_sessions_of(&mut self, identity: IdentityId) {
        let of = self.sessions.iter().filter(|(_, session)| session.identity == Some(identity));
        let waiting = of.filter(|(_, session)| session.recovery.is_some_and(|recovery| recovery.waits));
        let ids: Vec<SessionId> = waiting.map(|(id, _)| *id).collect();
        for id in ids {
            self.recover(id);
        }
    }

    /// Begins the next attempt.
    pub(super) fn recover(&mut self, id: SessionId) {
        self.timers.cancel(TimerKey::Recover(id));
        if let Some(recovery) = self.sessions.get_mut(&id).and_then(|session| session.recovery.as_mut()) {
            recovery.waits = false;
            self.next_change(id);
        }
    }

    /// Our re-INVITE failed; true if the session recovers, and it is sent again later.
    pub(super) fn recovery_failed(&mut self, now: Now, id: SessionId, failure: &Failure) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let Some(recovery) = &mut session.recovery else { return false };
        // The peer may have lost its connection too, and servers on the way say so (RFC 5626 §11).
        let passing = match failure.status {
            None => matches!(failure.kind, FailureKind::Unreachable | FailureKind::TimedOut),
            Some(status) => matches!(status, 404 | 408 | 430 | 480 | 500..=599),
        };
        if !passing {
            return false;
        }
        recovery.waits = true;
        recovery.failures = recovery.failures.saturating_add(1);
        let (base, longest) = (self.config.recovery_base, self.config.recovery_max);
        let wait = retry_after(base, longest, recovery.failures, &mut self.random);
        session.change(ChangeEvent::Refused);
        self.timers.set(TimerKey::Recover(id), now.after(wait));
        self.ask(id, Asked::Rollback, MediaQuestion::Rollback);
        true
    }

    /// Peer and we have heard of each other over another connection.
    pub(super) fn recovered(&mut self, id: SessionId) {
        if self.sessions.get_mut(&id).and_then(|session| session.recovery.take()).is_some() {
            self.timers.cancel(TimerKey::Recover(id));
            self.timers.cancel(TimerKey::RecoveryOver(id));
            self.tell(UserAgentEvent::Recovered { identity: None, session: Some(id) });
        }
    }

    /// There was no way to carry a session on.
    pub(super) fn recovery_over(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let reason = format!("{REASON} and could not be opened again in time");
        self.abandon(now, layer, id, PhaseEvent::HangUp, EndCause::Unreachable { reason });
    }
}
