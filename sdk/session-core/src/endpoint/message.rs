//! How our messages look: what every request and answer of ours carries.

use rvoip_sans_io::Protocol;
use rvoip_sip_core::header::CSeq;
use rvoip_sip_core::{
    HeaderName, Message, MessageBuilder, Method, NameAddr, Params, SipUri, StatusCode, Uri, UriBuf,
    UriHeaders,
};
use rvoip_transaction_core::{LocalContact, Source, Target, TransactionLayer};

use super::called::called_uri;
use super::exchange::Way;
use super::{Endpoint, IdentityState};
use crate::authentication::is_known_to;
use crate::dialog::{Dialog, is_secure};
use crate::session::Session;
use crate::{Identity, IdentityId};

/// The methods that we take, as Allow says.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, INFO";
/// The bodies that we take.
pub(super) const ACCEPT: &str = "application/sdp, text/plain, application/dtmf-relay";
/// The extensions that we know.
pub(super) const SUPPORTED: &str = "path, outbound";

/// What names a request outside of dialogs.
pub(super) struct Outside<'a> {
    pub(super) method: Method,
    /// The request URI.
    pub(super) uri: &'a UriBuf,
    /// Whom To names.
    pub(super) to: &'a UriBuf,
    pub(super) from_tag: &'a str,
    pub(super) call_id: &'a str,
    pub(super) sequence: u32,
}

impl Endpoint {
    /// A request outside of dialogs, with our Contact, and where it goes: through the outbound proxy and the route that the
    /// registrar gave (RFC 3261 §8.1.1, §8.1.2, RFC 3608).
    pub(super) fn outside(&self, identity: IdentityId, parts: Outside<'_>) -> Option<(MessageBuilder, Way)> {
        let state = self.identities.get(&identity)?;
        let of = &state.identity;
        let routes = routes(state, &parts.method);
        let is_register = parts.method == Method::Register;
        let target = target(of, &routes, parts.uri);
        let target = Target { configured: target.configured || is_register, ..target };
        let known = is_register || !routes.is_empty() || is_known_to(of, next_hop(of, &routes, parts.uri));
        let uri = parts.uri.to_target();
        let secure =
            is_secure(&uri.as_uri()) || routes.first().is_some_and(|route| is_secure(&route.as_uri()));
        let mut builder = MessageBuilder::request(parts.method.clone(), &uri.as_uri());
        for route in &routes {
            builder = builder.raw(HeaderName::Route, &format!("<{route}>"));
        }
        let aor = of.aor.as_name_addr();
        let from = match aor.display_name() {
            Some(_) => format!("{} {}", aor.display_name_as_written(), bracketed(&aor.uri)),
            None => bracketed(&aor.uri),
        };
        let builder = builder
            .raw(HeaderName::From, &format!("{from};tag={}", parts.from_tag))
            .raw(HeaderName::To, &bracketed(&parts.to.as_uri()))
            .raw(HeaderName::CallId, parts.call_id)
            .header(&CSeq { sequence: parts.sequence, method: parts.method });
        let contact = Some(self.contact(Some(identity), None, secure));
        Some((self.signed(builder), Way { target, contact, known }))
    }

    /// Where a call to `uri` goes.
    pub(super) fn target_of(&self, identity: IdentityId, uri: &UriBuf) -> Option<Target> {
        let state = self.identities.get(&identity)?;
        Some(target(&state.identity, &routes(state, &Method::Invite), uri))
    }

    /// The server that an identity sends everything to.
    pub(super) fn server_of(&self, identity: Option<IdentityId>) -> Option<UriBuf> {
        self.identities.get(&identity?)?.identity.server.clone()
    }

    /// With our name in User-Agent.
    pub(super) fn signed(&self, builder: MessageBuilder) -> MessageBuilder {
        if self.config.user_agent.is_empty() {
            builder
        } else {
            builder.raw(HeaderName::UserAgent, &self.config.user_agent)
        }
    }

    /// An answer with our name in Server.
    pub(super) fn answer(&self, request: &Message<'_>, status: StatusCode, tag: &str) -> MessageBuilder {
        let builder = MessageBuilder::response_to(request, status).to_tag(tag);
        if self.config.user_agent.is_empty() {
            builder
        } else {
            builder.raw(HeaderName::Server, &self.config.user_agent)
        }
    }

    /// Our Contact.
    pub(super) fn contact(
        &self,
        identity: Option<IdentityId>,
        called: Option<&Uri<'_>>,
        secure: bool,
    ) -> LocalContact {
        let state = identity.and_then(|id| self.identities.get(&id));
        let called = || {
            let sip = called.and_then(Uri::as_sip)?;
            sip.user_unescaped().map(std::borrow::Cow::into_owned).filter(|user| !user.is_empty())
        };
        let known = state.map(|state| state.identity.contact_user.clone());
        let user = known.or_else(called).unwrap_or_else(|| "phone".to_owned());
        let outbound = state.is_some_and(|state| state.registration.outbound);
        LocalContact { outbound, secure, ..LocalContact::new(user) }
    }

    /// An answer of a session that makes or refreshes its dialog: with Contact and the recorded route (RFC 3261 §12.1.1).
    pub(super) fn dialog_answer(
        &self,
        layer: &TransactionLayer,
        session: &Session,
        request: &Message<'_>,
        source: Source,
        status: StatusCode,
    ) -> MessageBuilder {
        let secure = session.dialog.as_ref().is_some_and(Dialog::is_secure);
        let contact = self.contact(session.identity, called_uri(request).as_ref(), secure);
        let builder = self.answer(request, status, &session.local_tag);
        let mut builder = builder.copy(request, &HeaderName::RecordRoute);
        if let Some(value) = layer.contact_value(&contact, source.flow, source.address) {
            builder = builder.raw(HeaderName::Contact, &value);
        }
        builder.raw(HeaderName::Allow, ALLOW).raw(HeaderName::Supported, SUPPORTED)
    }
}

/// The routes that what an identity sends has from the beginning.
fn routes(state: &IdentityState, method: &Method) -> Vec<UriBuf> {
    let mut routes: Vec<UriBuf> = state.identity.outbound_proxy.iter().map(loose).collect();
    if *method != Method::Register {
        routes.extend(state.registration.service_route.iter().cloned());
    }
    routes
}

/// The next hop of what an identity sends to `uri`.
fn next_hop<'a>(identity: &'a Identity, routes: &'a [UriBuf], uri: &'a UriBuf) -> &'a UriBuf {
    identity.server.as_ref().or(routes.first()).unwrap_or(uri)
}

fn target(identity: &Identity, routes: &[UriBuf], uri: &UriBuf) -> Target {
    let hop = next_hop(identity, routes, uri);
    let configured = identity.server.is_some() || identity.outbound_proxy.is_some();
    Target { configured, ..Target::new(over(hop, identity.protocol)) }
}

/// A proxy's URI as a loose route.
fn loose(proxy: &UriBuf) -> UriBuf {
    let uri = proxy.as_uri();
    match uri.as_sip() {
        Some(sip) if !sip.is_loose_router() && sip.headers.is_empty() => {
            UriBuf::parse(&format!("{proxy};lr")).unwrap_or_else(|_| proxy.clone())
        }
        _ => proxy.clone(),
    }
}

/// A next hop over the transport that the account wants, where the URI does not say.
fn over(hop: &UriBuf, protocol: Option<Protocol>) -> UriBuf {
    let uri = hop.as_uri();
    match (uri.as_sip(), protocol.and_then(Protocol::uri_name)) {
        (Some(sip), Some(transport)) if sip.transport().is_none() && sip.headers.is_empty() => {
            UriBuf::parse(&format!("{hop};transport={transport}")).unwrap_or_else(|_| hop.clone())
        }
        _ => hop.clone(),
    }
}

/// An address of record in brackets, as From and To have it: who is meant, and not how to get there (RFC 3261 §19.1.1,
/// table 1).
fn bracketed(uri: &Uri<'_>) -> String {
    let Some(sip) = uri.as_sip() else { return format!("<{uri}>") };
    let phone = if sip.is_phone() { ";user=phone" } else { "" };
    let bare =
        SipUri { password: None, port: None, params: Params::EMPTY, headers: UriHeaders::EMPTY, ..*sip };
    format!("<{bare}{phone}>")
}

/// An address with its display name, owned.
pub(super) fn owned(address: &NameAddr<'_>) -> rvoip_sip_core::NameAddrBuf {
    address.to_buf()
}
