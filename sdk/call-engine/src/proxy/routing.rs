//! Where a request goes: routes that name us are taken out, strict routers undone, the target set found (§16.4, §16.5).

use rvoip_driver::Protocol;
use rvoip_sip_core::header::{CallId, Route};
use rvoip_sip_core::{Edit, HeaderName, Host, Message, SipScheme, SipUriBuilder, Uri, UriBuf};
use rvoip_transaction_core::{Source, Target, TransactionLayer};

use super::Proxy;
use crate::{Registrar, SwitchConfig};

/// One place to forward to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The new request URI.
    pub(crate) uri: UriBuf,
    /// The next hop.
    pub(crate) target: Target,
    /// Routes to put in front: the path of a binding.
    pub(crate) path: Vec<String>,
}

/// What became of the routes of a request.
pub(super) struct Routed {
    /// How many of its routes are ours, from the top.
    pub(super) ours: usize,
    /// The request URI after a strict router was undone.
    pub(super) uri: UriBuf,
    /// A strict router was undone: the last route is the request URI now.
    pub(super) undone: bool,
    /// The next hop that a remaining route names.
    pub(super) next: Option<UriBuf>,
}

/// Whether a URI names this proxy itself: one of its sockets, without a user.
pub(super) fn names_us(layer: &TransactionLayer, uri: &Uri<'_>) -> bool {
    let Some(sip) = uri.as_sip() else { return false };
    let Some(address) = sip.host.address() else { return false };
    layer
        .flows()
        .filter_map(|flow| layer.local_address(flow))
        .any(|local| local.ip() == address && sip.port.unwrap_or(5060) == local.port())
}

pub(super) fn routes(layer: &TransactionLayer, request: &Message<'_>, uri: UriBuf) -> Routed {
    let routes: Vec<UriBuf> = request
        .get_all::<Route<'_>>()
        .filter_map(Result::ok)
        .map(|route| (&route.address.uri).into())
        .collect();
    let is_ours = |uri: &UriBuf| names_us(layer, &uri.as_uri());
    // A strict router put us into the request URI; what it was is the last route (RFC 3261 §16.4).
    let strict = uri.as_uri().as_sip().is_some_and(|sip| sip.user.is_none() && sip.is_loose_router());
    if strict
        && is_ours(&uri)
        && let Some((last, before)) = routes.split_last()
    {
        let ours = before.iter().take_while(|route| is_ours(route)).count();
        return Routed { ours, uri: last.clone(), undone: true, next: before.get(ours).cloned() };
    }
    let ours = routes.iter().take_while(|route| is_ours(route)).count();
    Routed { ours, uri, undone: false, next: routes.get(ours).cloned() }
}

impl Routed {
    /// Takes out what is ours.
    pub(super) fn edit<'m>(&self, mut edit: Edit<'m>, request: &Message<'_>) -> Edit<'m> {
        for _ in 0..self.ours {
            edit = edit.pop_first(&HeaderName::Route);
        }
        if self.undone {
            // The last route became the request URI: the others are written anew.
            let all: Vec<String> = request
                .get_all::<Route<'_>>()
                .filter_map(Result::ok)
                .map(|route| route.to_string())
                .collect();
            let kept: Vec<String> =
                all.iter().skip(self.ours).take(all.len().saturating_sub(self.ours + 1)).cloned().collect();
            edit = edit.remove(&HeaderName::Route);
            if !kept.is_empty() {
                edit = edit.set_raw(HeaderName::Route, &kept.join(", "));
            }
        }
        edit
    }
}

/// The address that a phone spoke from, as a next hop.
pub(super) fn towards(source: Source) -> Option<Target> {
    let host = match source.address.ip() {
        std::net::IpAddr::V4(address) => Host::V4(address),
        std::net::IpAddr::V6(address) => Host::V6(address),
    };
    let mut uri = SipUriBuilder::new(SipScheme::Sip, host).port(Some(source.address.port()));
    if source.protocol != Protocol::Udp {
        uri = uri.param("transport", Some(&source.protocol.via_name().to_ascii_lowercase()));
    }
    Some(Target { uri: uri.build().ok()?, flow: Some(source.flow) })
}

/// The bindings of one of our users.
pub(super) fn bindings(registrar: &Registrar, user: &str) -> Vec<Destination> {
    registrar
        .bindings(user)
        .into_iter()
        .filter_map(|binding| {
            let target = match binding.path.first().and_then(|path| Route::decode_uri(path)) {
                Some(uri) => Target::new(uri),
                None => towards(binding.source)?,
            };
            Some(Destination { uri: binding.contact, target, path: binding.path })
        })
        .collect()
}

/// A route as a next hop.
trait DecodeUri {
    fn decode_uri(text: &str) -> Option<UriBuf>;
}

impl DecodeUri for Route<'_> {
    fn decode_uri(text: &str) -> Option<UriBuf> {
        use rvoip_sip_core::Header as _;
        Route::decode(text).ok().map(|route| (&route.address.uri).into())
    }
}

impl Proxy {
    /// The party of a call that went through us, by the request URI of a request within it.
    pub(super) fn party(&self, request: &Message<'_>, uri: &UriBuf) -> Option<Source> {
        let call_id = request.get::<CallId<'_>>()?.ok()?;
        let parties = self.calls.get(call_id.0)?;
        parties.contacts.iter().find(|(contact, _)| contact.equivalent(uri)).map(|(_, source)| *source)
    }

    /// Where a request within a dialog goes that has no route left but its request URI: to a party of the call or a
    /// registered phone, over the way that it came.
    pub(super) fn in_dialog(
        &self,
        registrar: &Registrar,
        config: &SwitchConfig,
        request: &Message<'_>,
        uri: &UriBuf,
    ) -> Option<Destination> {
        let known = self.party(request, uri).or_else(|| registrar.knows(uri));
        let target = match known {
            Some(source) => towards(source)?,
            None if config.relay => Target::new(uri.clone()),
            None => return None,
        };
        Some(Destination { uri: uri.clone(), target, path: Vec::new() })
    }
}
