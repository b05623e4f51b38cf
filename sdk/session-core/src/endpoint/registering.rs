//! Registering, refreshing and removing contacts (RFC 3261 §10.2).

use std::time::Duration;

use rvoip_sans_io::Now;
use rvoip_sip_core::header::{Contact, Expires, MinExpires, Require, ServiceRoute};
use rvoip_sip_core::{HeaderName, Message, Method, SipScheme, SipUri, SipUriBuilder, StatusCode, UriBuf};
use rvoip_transaction_core::{ClientKey, LocalContact, Source, TransactionLayer};

use super::exchange::{Exchange, Purpose, failure_of_response};
use super::message::{Outside, bracketed};
use super::{Endpoint, TimerKey};
use crate::registration::{RegistrationState, refresh_after, retry_after};
use crate::{Failure, FailureKind, Identity, IdentityId, UserAgentEvent};

/// REGISTERs in a row that only tell a registrar where it saw us.
const CORRECTIONS: u8 = 3;

impl Endpoint {
    /// Registers, and keeps registered until [`Self::unregister`].
    pub fn register(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.unwanted = false;
        match registration.state {
            RegistrationState::Registering | RegistrationState::Unregistering => {}
            RegistrationState::Unregistered | RegistrationState::Failed | RegistrationState::Registered => {
                let expires = state.identity.expires.max(registration.least.unwrap_or_default());
                self.send_register(now, layer, identity, expires);
            }
        }
    }

    /// Removes our contact from the registrar.
    pub fn unregister(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        self.timers.cancel(TimerKey::Registration(identity));
        state.registration.recovery = None;
        match state.registration.state {
            RegistrationState::Registering => {
                state.registration.unwanted = true;
                // One that waits for a connection need not be sent any more.
                if let Some(key) = state.registration.key {
                    layer.cancel(now, key);
                }
            }
            RegistrationState::Registered => self.send_register(now, layer, identity, Duration::ZERO),
            RegistrationState::Unregistering => {}
            RegistrationState::Unregistered | RegistrationState::Failed => {
                state.registration.state = RegistrationState::Unregistered;
                self.tell(UserAgentEvent::Unregistered { identity });
            }
        }
    }

    fn send_register(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        expires: Duration,
    ) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.sequence += 1;
        registration.state =
            if expires.is_zero() { RegistrationState::Unregistering } else { RegistrationState::Registering };
        let (call_id, tag) = (registration.call_id.clone(), registration.tag.clone());
        let sequence = registration.sequence;
        let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        let Some(registrar) = registrar(&state.identity) else {
            let reason = "the address has no domain to register at".to_owned();
            let failure = Failure { kind: FailureKind::InvalidState, status: None, reason };
            return self.register_failed(now, layer, identity, failure, None);
        };
        let to = bracketed(&UriBuf::from(&state.identity.aor.uri()));
        let contact = LocalContact {
            params: format!(";expires={seconds}"),
            // So the registrar knows a connection that takes the place of a lost one (RFC 5626 §4.2).
            connection_params: format!(";+sip.instance=\"<{}>\";reg-id=1", self.instance),
            ..LocalContact::new(state.identity.contact_user.clone())
        };
        let parts = Outside {
            method: Method::Register,
            uri: &registrar,
            to,
            from_tag: &tag,
            call_id: &call_id,
            sequence,
        };
        let Some((builder, target)) = self.outside(identity, parts) else { return };
        let request = builder
            .header(&Expires(seconds))
            .raw(HeaderName::Supported, "path, outbound")
            .raw(HeaderName::Allow, super::message::ALLOW)
            .build();
        let request = match request {
            Ok(request) => self.preauthorized(identity, request),
            Err(error) => {
                let failure =
                    Failure { kind: FailureKind::InvalidState, status: None, reason: error.to_string() };
                return self.register_failed(now, layer, identity, failure, None);
            }
        };
        let exchange = Exchange {
            purpose: Purpose::Register(identity),
            identity: Some(identity),
            request,
            target,
            contact: Some(contact),
            challenges: 0,
        };
        let key = self.send(now, layer, exchange);
        if let Some(state) = self.identities.get_mut(&identity) {
            state.registration.key = Some(key);
        }
    }

    /// A refresh carries the credentials of the last challenge, so that it is not challenged each time.
    fn preauthorized(
        &mut self,
        identity: IdentityId,
        request: rvoip_sip_core::MessageBuf,
    ) -> rvoip_sip_core::MessageBuf {
        let Some(state) = self.identities.get_mut(&identity) else { return request };
        let Some(credentials) = &state.identity.credentials else { return request };
        let message = request.as_message();
        let edit = state.authenticator.authorize(message.edit(), &message, credentials, &mut self.random);
        edit.finish().ok().unwrap_or_else(|| request.clone())
    }

    pub(super) fn registration_due(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        let Some(state) = self.identities.get(&identity) else { return };
        let expires = state.identity.expires.max(state.registration.least.unwrap_or_default());
        self.send_register(now, layer, identity, expires);
    }

    #[expect(clippy::too_many_arguments, reason = "what a response is: whose, of what, from where")]
    pub(super) fn register_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        key: ClientKey,
        exchange: &Exchange,
        response: &Message<'_>,
        source: Source,
    ) {
        let Some(status) = response.status() else { return };
        let Some(state) = self.identities.get_mut(&identity) else { return };
        if state.registration.key != Some(key) {
            return;
        }
        state.registration.key = None;
        if status == StatusCode::INTERVAL_TOO_BRIEF
            && let Some(Ok(MinExpires(seconds))) = response.get::<MinExpires>()
        {
            let least = Duration::from_secs(seconds.into());
            let tried = state.registration.least.unwrap_or(state.identity.expires);
            if least > tried {
                state.registration.least = Some(least);
                return self.send_register(now, layer, identity, least);
            }
        }
        if !status.is_success() {
            let retry = response
                .raw(HeaderName::RetryAfter)
                .next()
                .and_then(|value| value.split([' ', ';', '(']).next()?.parse().ok())
                .map(Duration::from_secs);
            return self.register_failed(now, layer, identity, failure_of_response(response, status), retry);
        }
        state.registration.failures = 0;
        let asked = exchange
            .request
            .as_message()
            .get::<Expires>()
            .and_then(Result::ok)
            .map_or(0, |expires| expires.0);
        if state.registration.state == RegistrationState::Unregistering || asked == 0 {
            return self.unregistered(now, layer, identity);
        }
        let sent = exchange
            .contact
            .as_ref()
            .and_then(|contact| layer.contact_value(contact, source.flow, source.address));
        let contact_user = state.identity.contact_user.clone();
        let (granted, contacts) = granted(response, sent.as_deref(), &contact_user, asked);
        state.registration.service_route = response
            .get_all::<ServiceRoute<'_>>()
            .filter_map(|route| route.ok().map(|route| UriBuf::from(&route.address.uri)))
            .collect();
        state.registration.outbound = response
            .get_all::<Require<'_>>()
            .filter_map(Result::ok)
            .any(|option| option.0.eq_ignore_ascii_case("outbound"));
        state.registration.state = RegistrationState::Registered;
        let path = (source.flow, source.address);
        let previous = state.registration.path.replace(path);
        if let Some((flow, address)) = previous.filter(|previous| *previous != path) {
            layer.stop_keep_alive(flow, address);
        }
        layer.keep_alive(now, source.flow, source.address);
        if state.registration.outbound {
            layer.expect_pongs(source.flow, source.address);
        }
        // The registrar saw us at another address than we said: what it has leads nowhere, so we say it again.
        let registered = state.registration.contact.replace(sent.clone().unwrap_or_default());
        let moved = registered.is_none_or(|registered| Some(&registered) != sent.as_ref())
            && sent.is_some()
            && !contacts.iter().any(|contact| same_contact(contact, sent.as_deref().unwrap_or_default()));
        let unwanted = std::mem::take(&mut state.registration.unwanted);
        if unwanted {
            return self.send_register(now, layer, identity, Duration::ZERO);
        }
        // One whose answers say something else each time is not followed for ever.
        if moved && state.registration.corrections < CORRECTIONS {
            state.registration.corrections += 1;
            return self.send_register(now, layer, identity, Duration::from_secs(asked.into()));
        }
        state.registration.corrections = 0;
        let recovered = state.registration.recovery.take().is_some();
        self.timers.set(TimerKey::Registration(identity), now.after(refresh_after(granted)));
        self.tell(UserAgentEvent::Registered { identity, expires: granted, contacts });
        if recovered {
            self.tell(UserAgentEvent::Recovered { identity: Some(identity), session: None });
        }
        self.recover_sessions_of(identity);
    }

    fn unregistered(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        state.registration.state = RegistrationState::Unregistered;
        state.registration.contact = None;
        state.registration.service_route.clear();
        if let Some((flow, address)) = state.registration.path.take() {
            layer.stop_keep_alive(flow, address);
        }
        self.timers.cancel(TimerKey::Registration(identity));
        let _ = now;
        self.tell(UserAgentEvent::Unregistered { identity });
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
        // A registrar that got credentials and says 403 does not like them.
        if failure.status == Some(403) && state.identity.credentials.is_some() {
            failure.kind = FailureKind::AuthenticationFailed;
        }
        let unregistering = registration.state == RegistrationState::Unregistering || registration.unwanted;
        registration.unwanted = false;
        if unregistering {
            // Whatever the registrar says: we are gone, and what it has expires.
            registration.state = RegistrationState::Unregistered;
            registration.contact = None;
            if let Some((flow, address)) = registration.path.take() {
                layer.stop_keep_alive(flow, address);
            }
            self.timers.cancel(TimerKey::Registration(identity));
            return self.tell(UserAgentEvent::Unregistered { identity });
        }
        registration.state = RegistrationState::Failed;
        registration.contact = None;
        let hopeless = matches!(failure.kind, FailureKind::AuthenticationFailed | FailureKind::InvalidState);
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
            retry.map_or(wait, |asked| asked.clamp(Duration::from_secs(1), self.config.retry_max))
        });
        match retry {
            Some(wait) => self.timers.set(TimerKey::Registration(identity), now.after(wait)),
            None => self.timers.cancel(TimerKey::Registration(identity)),
        }
        self.tell(UserAgentEvent::RegistrationFailed { identity, failure, retry });
        self.recover_sessions_of(identity);
    }
}

/// Where to register: the registrar that was given, or the domain of the address of record (RFC 3261 §10.2).
fn registrar(identity: &Identity) -> Option<UriBuf> {
    if let Some(registrar) = &identity.registrar {
        return Some(registrar.clone());
    }
    let uri = identity.aor.uri();
    let sip = uri.as_sip()?;
    let scheme = if sip.is_secure() { SipScheme::Sips } else { SipScheme::Sip };
    let mut builder = SipUriBuilder::new(scheme, sip.host).port(sip.port);
    if let Some(transport) = sip.transport() {
        builder = builder.param("transport", Some(&transport.as_str().to_ascii_lowercase()));
    }
    builder.build().ok()
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

/// Whether a contact of the registrar is the one that we sent.
fn same_contact(theirs: &str, ours: &str) -> bool {
    let uri = ours.trim_start_matches('<').split('>').next().unwrap_or_default();
    match (UriBuf::parse(theirs), UriBuf::parse(uri)) {
        (Ok(theirs), Ok(ours)) => theirs.equivalent(&ours),
        _ => false,
    }
}
