//! Calls and registrations that lost their connection, or their way to the peer's media. Whatever was lost of a call, its
//! user hears of it once, and once when all of it is back.

use rvoip_driver::Now;
use rvoip_session_core::{IdentityId, SessionId};

use super::Agent;
use crate::{CallKey, Cause, Event};

impl Agent {
    /// The signalling lost a connection, and carries on over another.
    pub(super) fn flow_lost(
        &mut self,
        identity: Option<IdentityId>,
        session: Option<SessionId>,
        reason: &str,
    ) {
        let reason = reason.to_owned();
        if let Some(account) = identity.and_then(|identity| self.identities.get(&identity).copied()) {
            self.tell(Event::Recovering { account: Some(account), call: None, reason: reason.clone() });
        }
        let call = session.and_then(|session| self.sessions.get(&session).copied());
        if let Some(key) = call
            && let Some(call) = self.calls.get_mut(&key)
        {
            call.media.flow_lost = true;
            if !call.media.path_lost {
                self.tell(Event::Recovering { account: None, call: Some(key), reason });
            }
        }
    }

    /// The signalling goes over another connection by now.
    pub(super) fn flow_restored(&mut self, identity: Option<IdentityId>, session: Option<SessionId>) {
        if let Some(account) = identity.and_then(|identity| self.identities.get(&identity).copied()) {
            self.tell(Event::Recovered { account: Some(account), call: None });
        }
        let call = session.and_then(|session| self.sessions.get(&session).copied());
        if let Some(key) = call
            && let Some(call) = self.calls.get_mut(&key)
        {
            call.media.flow_lost = false;
            if !call.media.path_lost {
                self.tell(Event::Recovered { account: None, call: Some(key) });
            }
        }
    }

    /// The peer cannot be heard any more: the media are negotiated anew, once.
    pub(super) fn path_lost(&mut self, now: Now, key: CallKey, reason: String) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if std::mem::replace(&mut call.media.path_lost, true) || !call.is_established() {
            return self.end_for(now, key, Cause::MediaFailed { reason });
        }
        let (session, known) = (call.session, call.media.flow_lost);
        if !known {
            self.tell(Event::Recovering { account: None, call: Some(key), reason });
        }
        self.ua.reinvite(now, session);
    }

    /// The peer can be heard again.
    pub(super) fn path_restored(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if std::mem::take(&mut call.media.path_lost) && !call.media.flow_lost {
            self.tell(Event::Recovered { account: None, call: Some(key) });
        }
    }
}

#[cfg(test)]
mod tests {
    use rvoip_driver::MediaHappened;

    use super::super::bench::Bench;
    use super::*;

    fn told(bench: &mut Bench) -> Vec<Event> {
        let told = std::mem::take(&mut bench.told).into_iter();
        told.filter(|event| matches!(event, Event::Recovering { .. } | Event::Recovered { .. })).collect()
    }

    #[test]
    fn a_lost_connection_is_told_once_for_the_account_and_once_for_the_call() {
        let (mut bench, account, call) = Bench::talking();
        bench.cut();
        let reason = "the connection was lost".to_owned();
        let of_account = Event::Recovering { account: Some(account), call: None, reason: reason.clone() };
        let of_call = Event::Recovering { account: None, call: Some(call), reason };
        assert_eq!(told(&mut bench), [of_account, of_call]);
        bench.open();
        let of_account = Event::Recovered { account: Some(account), call: None };
        let of_call = Event::Recovered { account: None, call: Some(call) };
        assert_eq!(told(&mut bench), [of_account, of_call]);
        assert_eq!(bench.restarts, [false, true]);
    }

    #[test]
    fn a_call_that_lost_connection_and_media_is_told_once_and_recovered_when_both_are_back() {
        let (mut bench, _, call) = Bench::talking();
        bench.cut();
        bench.happened(call, MediaHappened::PathLost { reason: "silence".to_owned() });
        bench.open();
        let of_call = |event: &&Event| event.call() == Some(call);
        let before = told(&mut bench);
        assert_eq!(before.iter().filter(of_call).count(), 1, "{before:?}");
        bench.happened(call, MediaHappened::PathRestored);
        assert_eq!(told(&mut bench), [Event::Recovered { account: None, call: Some(call) }]);
    }
}
