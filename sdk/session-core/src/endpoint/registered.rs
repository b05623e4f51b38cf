//! What registrars answer, and what follows from it (RFC 3261 §10.2, RFC 5626 §4).

use std::time::Duration;

use rvoip_sans_io::Now;
use rvoip_sip_core::header::{Contact, Expires, MinExpires, Require, ServiceRoute};
use rvoip_sip_core::{HeaderName, Message, SipUri, StatusCode, UriBuf};
use rvoip_transaction_core::{ClientKey, TransactionLayer};

use super::exchange::{Exchange, failure_of_response};
use super::{Endpoint, TimerKey};
use crate::registration::{RegistrationState, refresh_after, retry_after};
use crate::{Failure, FailureKind, IdentityId, UserAgentEvent};

/// REGISTERs in a row that only tell a registrar where it saw us, or that ask for longer.
const CORRECTIONS: u8 = 3;

impl Endpoint {
    pub(super) fn register_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        key: ClientKey,
        exchange: &Exchange,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status() else { return };
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        if registration.key != Some(key) {
            return;
        }
        registration.key = None;
        let asked = exchange.request.as_message().get::<Expires>().and_then(Result::ok);
        let asked = asked.map_or(0, |expires| expires.0);
        let asked_for = Duration::from_secs(asked.into());
        if status == StatusCode::INTERVAL_TOO_BRIEF
            && registration.brief < CORRECTIONS
            && let Some(Ok(MinExpires(seconds))) = response.get::<MinExpires>()
        {
            let least = Duration::from_secs(seconds.into());
            if least > registration.least.unwrap_or(state.identity.expires) {
                registration.least = Some(least);
                registration.brief += 1;
                return self.send_register(now, layer, identity, least);
            }
        }
        if status == StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT && !registration.plain {
            // Something on the way does not keep our flow: we are registered as who is connected to (RFC 5626 §4.2.1).
            registration.plain = true;
            return self.send_register(now, layer, identity, asked_for);
        }
        if !status.is_success() {
            let retry = response
                .raw(HeaderName::RetryAfter)
                .next()
                .and_then(|value| value.split([' ', ';', '(']).next()?.parse().ok())
                .map(Duration::from_secs);
            return self.register_failed(now, layer, identity, failure_of_response(response, status), retry);
        }
        registration.failures = 0;
        registration.brief = 0;
        if registration.state == RegistrationState::Unregistering || asked == 0 {
            return self.unregistered(now, layer, identity);
        }
        // What we said, and where the registrar saw us.
        let written =
            layer.sent(key).and_then(|sent| bare(sent.as_message().raw(HeaderName::Contact).next()?));
        let path = layer.path(key);
        let seen = exchange.contact.as_ref().zip(path);
        let seen = seen.and_then(|(contact, (flow, address))| layer.contact_value(contact, flow, address));
        let seen = seen.as_deref().and_then(bare);
        let contact_user = state.identity.contact_user.clone();
        let (granted, contacts) = granted(response, seen.as_deref(), &contact_user, asked);
        if granted.is_zero() {
            let reason = "the registrar keeps our contact for no time".to_owned();
            let failure = Failure { kind: FailureKind::Rejected, status: None, reason };
            return self.register_failed(now, layer, identity, failure, None);
        }
        registration.service_route = response
            .get_all::<ServiceRoute<'_>>()
            .filter_map(|route| route.ok().map(|route| UriBuf::from(&route.address.uri).to_target()))
            .collect();
        registration.outbound = response
            .get_all::<Require<'_>>()
            .filter_map(Result::ok)
            .any(|option| option.0.eq_ignore_ascii_case("outbound"));
        registration.state = RegistrationState::Registered;
        registration.lasts = Some(now.after(granted));
        let outbound = registration.outbound;
        // The registrar saw us at another address than we said: what it has leads nowhere, so we say it again.
        let has = |ours: &String| contacts.iter().any(|theirs| same_contact(theirs, ours));
        let moved = seen != written && seen.as_ref().is_some_and(|seen| !has(seen));
        registration.contact = if moved { written } else { seen };
        let unwanted = std::mem::take(&mut registration.unwanted);
        let correct = moved && registration.corrections < CORRECTIONS;
        registration.corrections = if correct { registration.corrections + 1 } else { 0 };
        self.keep_registration(now, layer, identity, path);
        let within = response.raw(HeaderName::FlowTimer).next().and_then(|value| value.trim().parse().ok());
        if let Some((flow, address)) = path.filter(|_| outbound || within.is_some()) {
            layer.expect_pongs(now, flow, address, within.map(Duration::from_secs));
        }
        if unwanted {
            return self.send_register(now, layer, identity, Duration::ZERO);
        }
        // One whose answers say something else each time is not followed for ever.
        if correct {
            return self.send_register(now, layer, identity, asked_for);
        }
        let state = self.identities.get_mut(&identity);
        let recovered = state.is_some_and(|state| state.registration.recovery.take().is_some());
        self.timers.set(TimerKey::Registration(identity), now.after(refresh_after(granted)));
        self.tell(UserAgentEvent::Registered { identity, expires: granted, contacts });
        if recovered {
            self.tell(UserAgentEvent::Recovered { identity: Some(identity), session: None });
            self.recover_sessions_of(identity);
        }
    }

    /// The registrar has nothing of us any more, or nothing that we could remove.
    pub(super) fn unregistered(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        self.timers.cancel(TimerKey::Registration(identity));
        self.keep_registration(now, layer, identity, None);
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.state = RegistrationState::Unregistered;
        registration.contact = None;
        registration.unwanted = false;
        registration.outbound = false;
        registration.service_route.clear();
        let wanted = std::mem::take(&mut registration.wanted);
        self.tell(UserAgentEvent::Unregistered { identity });
        if wanted {
            self.register(now, layer, identity);
        }
    }

    pub(super) fn register_failed(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        mut failure: Failure,
        retry: Option<Duration>,
    ) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.key = None;
        registration.brief = 0;
        // A registrar that got credentials and says 403 does not like them.
        if failure.status == Some(403) && state.identity.credentials.is_some() {
            failure.kind = FailureKind::AuthenticationFailed;
        }
        if registration.state == RegistrationState::Unregistering || registration.unwanted {
            // Whatever the registrar says: we are gone, and what it has expires.
            return self.unregistered(now, layer, identity);
        }
        registration.state = RegistrationState::Failed;
        let lasts = registration.may_last(now);
        let hopeless = matches!(failure.kind, FailureKind::AuthenticationFailed | FailureKind::InvalidState);
        if hopeless || !lasts {
            // Nobody reaches us by that path any more, or nobody shall.
            self.keep_registration(now, layer, identity, None);
        }
        if self.registration_recovers(now, identity, hopeless, retry) {
            return;
        }
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.failures = registration.failures.saturating_add(1);
        let retry = (!hopeless).then(|| {
            let wait = retry_after(
                self.config.retry_base,
                self.config.retry_max,
                registration.failures,
                &mut self.random,
            );
            retry.map_or(wait, |asked| asked.min(self.config.retry_max).max(Duration::from_secs(1)))
        });
        match retry {
            Some(wait) => self.timers.set(TimerKey::Registration(identity), now.after(wait)),
            None => self.timers.cancel(TimerKey::Registration(identity)),
        }
        self.tell(UserAgentEvent::RegistrationFailed { identity, failure, retry });
        self.recover_sessions_of(identity);
    }
}

/// For how long our contact was granted, and all contacts of the answer.
fn granted(response: &Message<'_>, ours: Option<&str>, user: &str, asked: u32) -> (Duration, Vec<String>) {
    let general = response.get::<Expires>().and_then(Result::ok).map(|expires| expires.0);
    let mut found = None;
    let mut contacts = Vec::new();
    for contact in response.get_all::<Contact<'_>>().take(256) {
        let Ok(contact) = contact else { continue };
        let Some(uri) = contact.uri() else { continue };
        let text = uri.to_string();
        let is_ours = ours.is_some_and(|ours| same_contact(&text, ours));
        let same_user = uri.as_sip().and_then(SipUri::user_unescaped).is_some_and(|of| of == user);
        if is_ours || (found.is_none() && same_user) {
            found = contact.expires().or(found);
        }
        contacts.push(text);
    }
    let seconds = found.or(general).unwrap_or(asked);
    (Duration::from_secs(seconds.into()), contacts)
}

/// The address of a Contact, in brackets and without what is behind it.
fn bare(contact: &str) -> Option<String> {
    contact.split_once('>').map(|(uri, _)| format!("{uri}>"))
}

/// Whether a contact of the registrar is the one that we sent.
fn same_contact(theirs: &str, ours: &str) -> bool {
    let uri = ours.trim_start_matches('<').split('>').next().unwrap_or_default();
    match (UriBuf::parse(theirs), UriBuf::parse(uri)) {
        (Ok(theirs), Ok(ours)) => theirs.equivalent(&ours),
        _ => false,
    }
}
