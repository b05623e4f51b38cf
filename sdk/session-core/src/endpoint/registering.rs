//! Registering, refreshing and removing contacts (RFC 3261 §10.2): what is sent, and when.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, Now};
use rvoip_sip_core::header::Expires;
use rvoip_sip_core::{HeaderName, MessageBuf, Method, SipScheme, SipUriBuilder, UriBuf};
use rvoip_transaction_core::{LocalContact, TransactionLayer};

use super::exchange::{Exchange, Purpose, Way};
use super::message::{ALLOW, Outside, SUPPORTED};
use super::{Endpoint, TimerKey};
use crate::registration::RegistrationState;
use crate::{Failure, FailureKind, Identity, IdentityId};

impl Endpoint {
    /// Registers, and keeps registered until [`Self::unregister`].
    pub fn register(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.unwanted = false;
        match registration.state {
            RegistrationState::Registering => {}
            RegistrationState::Unregistering => registration.wanted = true,
            RegistrationState::Unregistered | RegistrationState::Failed | RegistrationState::Registered => {
                registration.plain = false;
                self.registration_due(now, layer, identity);
            }
        }
    }

    /// Removes our contact from the registrar.
    pub fn unregister(&mut self, now: Now, layer: &mut TransactionLayer, identity: IdentityId) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        self.timers.cancel(TimerKey::Registration(identity));
        let registration = &mut state.registration;
        registration.recovery = None;
        registration.wanted = false;
        match registration.state {
            RegistrationState::Registering => {
                registration.unwanted = true;
                // One that waits for a connection need not be sent any more.
                if let Some(key) = registration.key {
                    layer.cancel(now, key);
                }
            }
            RegistrationState::Registered => self.send_register(now, layer, identity, Duration::ZERO),
            // A refresh failed, and what it was to refresh is still there.
            RegistrationState::Failed if registration.may_last(now) => {
                self.send_register(now, layer, identity, Duration::ZERO);
            }
            RegistrationState::Unregistering => {}
            RegistrationState::Unregistered | RegistrationState::Failed => {
                self.unregistered(now, layer, identity);
            }
        }
    }

    pub(super) fn send_register(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        expires: Duration,
    ) {
        // No second one while this is on its way (RFC 3261 §10.2).
        self.timers.cancel(TimerKey::Registration(identity));
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let registration = &mut state.registration;
        registration.sequence += 1;
        registration.state =
            if expires.is_zero() { RegistrationState::Unregistering } else { RegistrationState::Registering };
        let (call_id, tag) = (registration.call_id.clone(), registration.tag.clone());
        let (sequence, plain) = (registration.sequence, registration.plain);
        // A registrar that keeps our flow knows by itself which contact takes the place of which.
        let previous = registration.contact.clone().filter(|_| !registration.outbound);
        let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        let Some(registrar) = registrar(&state.identity) else {
            let reason = "the address has no domain to register at".to_owned();
            let failure = Failure { kind: FailureKind::InvalidState, status: None, reason };
            return self.register_failed(now, layer, identity, failure, None);
        };
        let to = UriBuf::from(&state.identity.aor.uri());
        let parts = Outside {
            method: Method::Register,
            uri: &registrar,
            to: &to,
            from_tag: &tag,
            call_id: &call_id,
            sequence,
        };
        let Some((builder, way)) = self.outside(identity, parts) else { return };
        // So the registrar knows a connection that takes the place of a lost one (RFC 5626 §4.2).
        let flow = format!(";+sip.instance=\"<{}>\";reg-id=1", self.instance);
        let contact = way.contact.map(|contact| LocalContact {
            params: format!(";expires={seconds}"),
            connection_params: if plain { String::new() } else { flow },
            previous,
            // A device is told to be reached over its flow by `reg-id`; `ob` is for dialogs.
            outbound: false,
            ..contact
        });
        let request = builder
            .header(&Expires(seconds))
            .raw(HeaderName::Supported, if plain { "path" } else { SUPPORTED })
            .raw(HeaderName::Allow, ALLOW)
            .build();
        let request = match request {
            Ok(request) => self.preauthorized(identity, request),
            Err(error) => {
                let failure =
                    Failure { kind: FailureKind::InvalidState, status: None, reason: error.to_string() };
                return self.register_failed(now, layer, identity, failure, None);
            }
        };
        let purpose = Purpose::Register(identity);
        let exchange = Exchange::new(purpose, Some(identity), request, Way { contact, ..way });
        let key = self.send(now, layer, exchange);
        if let Some(state) = self.identities.get_mut(&identity) {
            state.registration.key = Some(key);
        }
    }

    /// A refresh carries the credentials of the last challenge, so that it is not challenged each time.
    fn preauthorized(&mut self, identity: IdentityId, request: MessageBuf) -> MessageBuf {
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

    /// The registrar reaches us by another path, or by none: that is kept alive, and the other one no more.
    pub(super) fn keep_registration(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        path: Option<(FlowId, SocketAddr)>,
    ) {
        let Some(state) = self.identities.get_mut(&identity) else { return };
        let before = std::mem::replace(&mut state.registration.path, path);
        if before == path {
            return;
        }
        if let Some((flow, address)) = before {
            layer.stop_keep_alive(flow, address);
        }
        if let Some((flow, address)) = path {
            layer.keep_alive(now, flow, address);
        }
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
