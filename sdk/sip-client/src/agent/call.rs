//! Calls as a user sees them.

use rvoip_driver::{MediaAction, MediaKey, MediaRequest, Now, Output, Token};
use rvoip_session_core::{EndCause, IdentityId, SessionId};
use rvoip_sip_core::{NameAddrBuf, StatusCode};

use super::digits::Digits;
use super::media::Media;
use super::{Agent, Timer, identity};
use crate::command::Reply;
use crate::state::CallProgress;
use crate::{
    AccountKey, CallDirection, CallInfo, CallKey, CallState, Cause, Error, ErrorKind, Event, Result,
};

/// Ended calls that are remembered.
const ENDED: usize = 1_024;

/// What is remembered of a call that is over.
#[derive(Debug)]
pub(super) struct Ended {
    direction: CallDirection,
    pub(super) cause: Cause,
}

impl Ended {
    /// The fact that the call ended.
    pub(super) fn fact(&self, call: CallKey) -> Event {
        let Self { direction, cause } = self;
        let (direction, state, cause) = (*direction, CallState::Ended, Some(cause.clone()));
        Event::CallStateChanged { call, direction, state, cause }
    }
}

/// A call that lives.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) info: CallInfo,
    pub(super) session: SessionId,
    pub(super) digits: Digits,
    pub(super) media: Media,
    pub(super) answered: Vec<Token>,
    pub(super) ended: Vec<Token>,
    pub(super) hanging_up: Vec<Token>,
    pub(super) modifying: Vec<Token>,
    /// Why we end it, where the signalling alone would say "local".
    pub(super) own_cause: Option<Cause>,
    to: String,
}

impl Call {
    /// The facts that tell a new listener how the call stands.
    pub(super) fn snapshot(&self) -> Vec<Event> {
        let mut facts = Vec::with_capacity(3);
        if self.info.direction == CallDirection::Incoming && self.info.state == CallState::Ringing {
            facts.push(self.incoming());
        }
        facts.push(self.state_changed());
        if self.info.held_by_us || self.info.held_by_peer {
            facts.push(self.hold_changed());
        }
        facts
    }

    fn incoming(&self) -> Event {
        Event::IncomingCall {
            call: self.info.call,
            account: self.info.account,
            from: self.info.peer.clone(),
            from_name: self.info.peer_name.clone(),
            to: self.to.clone(),
        }
    }

    fn hold_changed(&self) -> Event {
        let CallInfo { call, held_by_us, held_by_peer, .. } = self.info;
        Event::HoldChanged { call, held_by_us, held_by_peer }
    }

    fn state_changed(&self) -> Event {
        let CallInfo { call, direction, state, cause, .. } = self.info.clone();
        Event::CallStateChanged { call, direction, state, cause }
    }

    pub(super) fn is_established(&self) -> bool {
        matches!(self.info.state, CallState::Connected | CallState::OnHold)
    }
}

impl Agent {
    pub(super) fn place_call(
        &mut self,
        now: Now,
        account: AccountKey,
        identity: IdentityId,
        to: &str,
    ) -> Result<CallKey> {
        if self.calls.len() >= self.max_calls() {
            return Err(ErrorKind::Busy.error("too many calls are under way"));
        }
        let uri = identity::uri(to)?;
        let session = self.ua.invite(now, identity, &uri);
        let info = CallInfo {
            call: self.next_call(),
            account: Some(account),
            direction: CallDirection::Outgoing,
            peer: uri.to_string(),
            peer_name: None,
            state: CallState::Calling,
            cause: None,
            held_by_us: false,
            held_by_peer: false,
            muted: false,
        };
        Ok(self.add_call(session, info, String::new()))
    }

    pub(super) fn call_received(
        &mut self,
        now: Now,
        session: SessionId,
        identity: Option<IdentityId>,
        from: &NameAddrBuf,
        to: &NameAddrBuf,
    ) {
        if self.calls.len() >= self.max_calls() || self.closing.is_closing() {
            self.ua.reject(now, session, StatusCode::BUSY_HERE);
            return;
        }
        let peer = from.as_name_addr();
        let info = CallInfo {
            call: self.next_call(),
            account: identity.and_then(|identity| self.identities.get(&identity).copied()),
            direction: CallDirection::Incoming,
            peer: peer.uri.to_string(),
            peer_name: peer.display_name().map(|name| name.to_string()).filter(|name| !name.is_empty()),
            state: CallState::Ringing,
            cause: None,
            held_by_us: false,
            held_by_peer: false,
            muted: false,
        };
        self.add_call(session, info, to.as_name_addr().uri.to_string());
        self.ua.ring(now, session, StatusCode::RINGING);
    }

    pub(super) fn max_calls(&self) -> usize {
        usize::try_from(self.config.max_calls).unwrap_or(usize::MAX)
    }

    fn next_call(&mut self) -> CallKey {
        self.last_call += 1;
        CallKey(self.last_call)
    }

    fn add_call(&mut self, session: SessionId, info: CallInfo, to: String) -> CallKey {
        let key = info.call;
        self.sessions.insert(session, key);
        self.ask_media_side(key, MediaAction::Open(self.media_options()));
        let call = Call {
            info,
            session,
            digits: Digits::default(),
            media: Media::default(),
            answered: Vec::new(),
            ended: Vec::new(),
            hanging_up: Vec::new(),
            modifying: Vec::new(),
            own_cause: None,
            to,
        };
        let facts = call.snapshot();
        self.calls.insert(key, call);
        self.open_media.insert(key);
        for fact in facts {
            self.tell(fact);
        }
        key
    }

    pub(super) fn ask_media_side(&mut self, call: CallKey, action: MediaAction) {
        self.out.push_back(Output::Media(MediaRequest { session: MediaKey(call.0), action }));
    }

    pub(super) fn call_of(&mut self, session: SessionId) -> Option<&mut Call> {
        let key = self.sessions.get(&session)?;
        self.calls.get_mut(key)
    }

    pub(super) fn progressed(&mut self, session: SessionId, early_media: bool) {
        let progress = if early_media { CallProgress::EarlyMedia } else { CallProgress::Provisional };
        self.advance(session, progress);
    }

    pub(super) fn established(&mut self, session: SessionId) {
        let Some(call) = self.call_of(session) else { return };
        let (key, waiting) = (call.info.call, std::mem::take(&mut call.answered));
        self.ask_media_side(key, MediaAction::Watch);
        self.advance(session, CallProgress::Answered);
        for token in waiting {
            self.done(token, Ok(Reply::Done));
        }
    }

    pub(super) fn hold_changed(&mut self, session: SessionId, local: bool, remote: bool) {
        let Some(call) = self.call_of(session) else { return };
        if (call.info.held_by_us, call.info.held_by_peer) == (local, remote) {
            return;
        }
        call.info.held_by_us = local;
        call.info.held_by_peer = remote;
        let changed = call.hold_changed();
        self.tell(changed);
        self.advance(session, if local || remote { CallProgress::Held } else { CallProgress::Resumed });
    }

    pub(super) fn modified(&mut self, session: SessionId, result: Result<()>) {
        let Some(call) = self.call_of(session) else { return };
        if call.modifying.is_empty() {
            return;
        }
        let token = call.modifying.remove(0);
        self.done(token, result.map(|()| Reply::Done));
    }

    /// Moves a call on and tells of it, if that changes its state.
    fn advance(&mut self, session: SessionId, progress: CallProgress) {
        let Some(call) = self.call_of(session) else { return };
        let Some(state) = call.info.state.step(progress) else { return };
        call.info.state = state;
        let event = call.state_changed();
        self.tell(event);
    }

    /// Ends a call because its audio failed, or stopped.
    pub(super) fn end_for(&mut self, now: Now, key: CallKey, cause: Cause) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.own_cause.get_or_insert(cause);
            self.ua.hang_up(now, call.session);
        }
    }

    pub(super) fn ended(&mut self, session: SessionId, cause: EndCause) {
        let Some(key) = self.sessions.remove(&session) else { return };
        let Some(mut call) = self.calls.remove(&key) else { return };
        self.timers.cancel(Timer::Collect(key));
        self.timers.cancel(Timer::Pause(key));
        let cause = call.own_cause.take().unwrap_or_else(|| Cause::from(cause));
        if let Some(state) = call.info.state.step(CallProgress::Over) {
            call.info.state = state;
        }
        call.info.cause = Some(cause.clone());
        let ended = Ended { direction: call.info.direction, cause: cause.clone() };
        self.ended.insert(key, ended);
        if self.ended.len() > ENDED {
            self.ended.pop_first();
        }
        for token in call.media.drain_readers() {
            self.done(token, Ok(Reply::Frames(key, Vec::new())));
        }
        let error = cause_error(&cause);
        for token in call.answered.drain(..).chain(call.modifying.drain(..)).chain(call.media.drain()) {
            self.done(token, Err(error.clone()));
        }
        if let Some((token, digits)) = call.digits.give_up() {
            let result = if digits.is_empty() { Err(error.clone()) } else { Ok(Reply::Digits(key, digits)) };
            self.done(token, result);
        }
        self.tell(call.state_changed());
        for token in call.hanging_up.drain(..) {
            self.done(token, Ok(Reply::Done));
        }
        for token in call.ended.drain(..) {
            self.done(token, Ok(Reply::Ended(cause.clone())));
        }
        self.ask_media_side(key, MediaAction::Close);
    }
}

impl From<EndCause> for Cause {
    fn from(cause: EndCause) -> Self {
        match cause {
            EndCause::LocalHangUp => Self::LocalHangUp,
            EndCause::RemoteHangUp => Self::RemoteHangUp,
            EndCause::Cancelled => Self::Cancelled,
            EndCause::Rejected { status, reason } => Self::Rejected { status: status.code(), reason },
            EndCause::AuthenticationFailed { status, reason } => {
                Self::AuthenticationFailed { status: status.code(), reason }
            }
            EndCause::TimedOut => Self::TimedOut,
            EndCause::Unreachable { reason } => Self::Unreachable { reason },
            EndCause::MediaRefused { reason } => Self::MediaFailed { reason },
            EndCause::ProtocolFailed { reason } => Self::ProtocolFailed { reason },
        }
    }
}

/// Why a verb of a call fails when the call ended for `cause`.
pub(super) fn cause_error(cause: &Cause) -> Error {
    match cause {
        Cause::Rejected { status, reason } => {
            ErrorKind::Rejected.with_status(format!("the call was refused: {reason}"), Some(*status))
        }
        Cause::AuthenticationFailed { status, reason } => ErrorKind::AuthenticationFailed
            .with_status(format!("the server refused the credentials: {reason}"), Some(*status)),
        Cause::TimedOut => ErrorKind::TimedOut.error("nobody answered in time"),
        Cause::Unreachable { reason } => ErrorKind::Unreachable.error(reason.clone()),
        Cause::MediaFailed { reason } => ErrorKind::MediaFailed.error(reason.clone()),
        Cause::LocalHangUp => ErrorKind::CallEnded.error("the call was ended here"),
        Cause::RemoteHangUp => ErrorKind::CallEnded.error("the peer ended the call"),
        Cause::Cancelled => ErrorKind::CallEnded.error("the caller gave up"),
        Cause::MediaTimeout => ErrorKind::CallEnded.error("the peer's audio stopped"),
        Cause::ProtocolFailed { reason } => ErrorKind::CallEnded.error(reason.clone()),
    }
}
