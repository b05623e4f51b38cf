//! The copy of a request that one destination gets (RFC 3261 §16.6, RFC 5658, RFC 5626 §5).

use rvoip_driver::Protocol;
use rvoip_sip_core::header::{MaxForwards, Path, ProxyAuthorization, RecordRoute, Route, Via};
use rvoip_sip_core::{
    BuildError, Header as _, HeaderName, Message, MessageBuf, Method, SipScheme, SipUri, SipUriBuilder,
    UriBuf,
};
use rvoip_transaction_core::{Source, TransactionLayer};

use super::Proxy;
use super::admit::call_id;
use super::route::{Destination, Routed, host};
use crate::SwitchConfig;

/// What a copy is made from.
pub(super) struct Original<'o> {
    pub(super) request: &'o Message<'o>,
    pub(super) source: Source,
    pub(super) routed: &'o Routed,
}

impl Proxy {
    /// Writes the copy.
    pub(super) fn written(
        &self,
        layer: &TransactionLayer,
        config: &SwitchConfig,
        original: &Original<'_>,
        destination: &Destination,
        breadth: u32,
    ) -> Result<MessageBuf, BuildError> {
        let Original { request, source, routed } = *original;
        let hops =
            request.get::<MaxForwards>().and_then(Result::ok).map_or(70, |hops| hops.0.saturating_sub(1));
        let mut edit = routed.edit(request.edit(), request);
        edit = edit.set_request_uri(&destination.uri.as_uri()).set(&MaxForwards(hops));
        edit = edit.set_raw(HeaderName::MaxBreadth, &breadth.to_string());
        // Our own challenge is answered: the proof is for nobody else. What answers others is theirs.
        edit = edit.retain(&HeaderName::ProxyAuthorization, |value| {
            let text = std::str::from_utf8(value).unwrap_or_default();
            let digest =
                ProxyAuthorization::decode(text).ok().and_then(|field| field.digest().ok().flatten());
            digest.is_none_or(|digest| digest.realm != config.realm)
        });
        for path in destination.path.iter().rev() {
            if let Ok(route) = Route::decode(path) {
                edit = edit.push_front(&route);
            }
        }
        // A next hop that routes strictly wants its own URI on top, and the other last (RFC 3261 §16.6 step 6).
        let path = destination.path.first().and_then(|path| Route::decode(path).ok());
        let first = path.map(|path| UriBuf::from(&path.address.uri)).or_else(|| routed.next.clone());
        let strict = |uri: &UriBuf| uri.as_uri().as_sip().is_some_and(|sip| !sip.is_loose_router());
        if let Some(first) = first.filter(strict) {
            edit = edit.pop_first(&HeaderName::Route).set_request_uri(&first.as_uri());
            edit = edit.push_back_raw(HeaderName::Route, &format!("<{}>", destination.uri));
        }
        let method = request.method();
        if method == Some(Method::Register) {
            if let Some(path) = self.path(layer, request, source, destination)
                && let Ok(path) = Path::decode(&path)
            {
                edit = edit.push_front(&path);
            }
        } else if matches!(method, Some(Method::Invite | Method::Subscribe | Method::Refer)) {
            for route in self.record_routes(layer, request, source, destination) {
                if let Ok(route) = RecordRoute::decode(&route) {
                    edit = edit.push_front(&route);
                }
            }
        }
        edit.finish()
    }

    /// Our own routes, one for each side (RFC 5658): each says how its side is reached, so that requests of the dialog find
    /// their way both ways whatever the Contact says.
    fn record_routes(
        &self,
        layer: &TransactionLayer,
        request: &Message<'_>,
        source: Source,
        destination: &Destination,
    ) -> Vec<String> {
        let incoming = route(layer, Some(source), source.protocol, &self.tokens.of_flow(source));
        let outgoing = if let Some(hop) = destination.hop {
            route(layer, Some(hop), hop.protocol, &self.tokens.of_flow(hop))
        } else {
            let token = self.tokens.of_call(call_id(request));
            route(layer, None, protocol(&destination.target.uri), &token)
        };
        let text = |uri: UriBuf| format!("<{uri}>");
        incoming.into_iter().chain(outgoing).map(text).collect()
    }

    /// The way back to a phone that registers elsewhere through us: by its flow, if we are its first hop (RFC 3327 §5.2,
    /// RFC 5626 §5.1).
    fn path(
        &self,
        layer: &TransactionLayer,
        request: &Message<'_>,
        source: Source,
        destination: &Destination,
    ) -> Option<String> {
        let first = request.get_all::<Via<'_>>().take(2).count() < 2;
        let protocol = protocol(&destination.target.uri);
        let uri = route(layer, None, protocol, &self.tokens.of_flow(source))?;
        Some(if first { format!("<{uri};ob>") } else { format!("<{uri}>") })
    }
}

/// A route of ours, at an address that the side it is for can reach.
fn route(layer: &TransactionLayer, at: Option<Source>, protocol: Protocol, token: &str) -> Option<UriBuf> {
    let own = at.and_then(|at| layer.serving_address(at.flow)).or_else(|| layer.listening_address(protocol));
    let whichever = || {
        let flow = layer.flows().next()?;
        Some((layer.serving_address(flow)?, layer.protocol(flow)?))
    };
    let (address, protocol) = own.map(|own| (own, protocol)).or_else(whichever)?;
    let mut uri = SipUriBuilder::new(SipScheme::Sip, host(address)).user(token).port(Some(address.port()));
    if let Some(transport) = protocol.uri_name() {
        uri = uri.param("transport", Some(transport));
    }
    uri.param("lr", None).build().ok()
}

/// How a next hop is reached.
fn protocol(uri: &UriBuf) -> Protocol {
    let uri = uri.as_uri();
    let sip = uri.as_sip();
    let named = sip.and_then(SipUri::transport).and_then(|transport| transport.protocol());
    named.unwrap_or(if sip.is_some_and(SipUri::is_secure) { Protocol::Tls } else { Protocol::Udp })
}
