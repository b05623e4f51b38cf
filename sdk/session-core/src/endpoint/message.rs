//! How our messages look: what every request and answer of ours carries.

use rvoip_sans_io::Protocol;
use rvoip_sip_core::header::CSeq;
use rvoip_sip_core::{HeaderName, Message, MessageBuilder, Method, NameAddr, StatusCode, Uri, UriBuf};
use rvoip_transaction_core::{LocalContact, Source, Target, TransactionLayer};

use super::Endpoint;
use crate::IdentityId;

/// The methods that we take, as Allow says.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, INFO";
/// The bodies that we take.
pub(super) const ACCEPT: &str = "application/sdp, text/plain, application/dtmf-relay";

/// What names a request outside of dialogs.
pub(super) struct Outside<'a> {
    pub(super) method: Method,
    /// The request URI.
    pub(super) uri: &'a UriBuf,
    /// The value of To.
    pub(super) to: String,
    pub(super) from_tag: &'a str,
    pub(super) call_id: &'a str,
    pub(super) sequence: u32,
}

impl Endpoint {
    /// A request outside of dialogs, and where it goes: through the outbound proxy and the route that the registrar gave
    /// (RFC 3261 §8.1.1, §8.1.2, RFC 3608).
    pub(super) fn outside(
        &self,
        identity: IdentityId,
        parts: Outside<'_>,
    ) -> Option<(MessageBuilder, Target)> {
        let state = self.identities.get(&identity)?;
        let mut routes: Vec<UriBuf> = state.identity.outbound_proxy.iter().map(loose).collect();
        if parts.method != Method::Register {
            routes.extend(state.registration.service_route.iter().cloned());
        }
        let hop = state.identity.server.as_ref().or(routes.first()).unwrap_or(parts.uri);
        let target = Target { uri: over(hop, state.identity.protocol), flow: None };
        let mut builder = MessageBuilder::request(parts.method.clone(), &parts.uri.as_uri());
        for route in &routes {
            builder = builder.raw(HeaderName::Route, &format!("<{route}>"));
        }
        let aor = state.identity.aor.as_name_addr();
        let from = match aor.display_name() {
            Some(_) => format!("{} <{}>", aor.display_name_as_written(), aor.uri_as_written()),
            None => format!("<{}>", aor.uri_as_written()),
        };
        let builder = builder
            .raw(HeaderName::From, &format!("{from};tag={}", parts.from_tag))
            .raw(HeaderName::To, &parts.to)
            .raw(HeaderName::CallId, parts.call_id)
            .header(&CSeq { sequence: parts.sequence, method: parts.method });
        Some((self.signed(builder), target))
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
    pub(super) fn contact(&self, identity: Option<IdentityId>, called: Option<&Uri<'_>>) -> LocalContact {
        let known =
            identity.and_then(|id| self.identities.get(&id)).map(|state| state.identity.contact_user.clone());
        let called = || {
            let sip = called.and_then(Uri::as_sip)?;
            sip.user_unescaped().map(std::borrow::Cow::into_owned).filter(|user| !user.is_empty())
        };
        let user = known.or_else(called).unwrap_or_else(|| "phone".to_owned());
        let state = identity.and_then(|id| self.identities.get(&id));
        let outbound = state.is_some_and(|state| state.registration.outbound);
        LocalContact { outbound, ..LocalContact::new(user) }
    }

    /// An answer that makes or refreshes a dialog: with Contact and the recorded route (RFC 3261 §12.1.1).
    pub(super) fn dialog_answer(
        &self,
        layer: &TransactionLayer,
        request: &Message<'_>,
        source: Source,
        status: StatusCode,
        tag: &str,
        contact: &LocalContact,
    ) -> MessageBuilder {
        let mut builder = self.answer(request, status, tag).copy(request, &HeaderName::RecordRoute);
        if let Some(value) = layer.contact_value(contact, source.flow, source.address) {
            builder = builder.raw(HeaderName::Contact, &value);
        }
        builder.raw(HeaderName::Allow, ALLOW)
    }
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
    let transport = match protocol {
        None | Some(Protocol::Udp) => return hop.clone(),
        Some(Protocol::Tcp) => "tcp",
        Some(Protocol::Tls) => "tls",
        Some(Protocol::Ws) => "ws",
        Some(Protocol::Wss) => "wss",
    };
    match uri.as_sip() {
        Some(sip) if sip.transport().is_none() && sip.headers.is_empty() => {
            UriBuf::parse(&format!("{hop};transport={transport}")).unwrap_or_else(|_| hop.clone())
        }
        _ => hop.clone(),
    }
}

/// The value of To for a URI.
pub(super) fn bracketed(uri: &UriBuf) -> String {
    format!("<{uri}>")
}

/// An address without its parameters, owned.
pub(super) fn owned(address: &NameAddr<'_>) -> rvoip_sip_core::NameAddrBuf {
    address.to_buf()
}
