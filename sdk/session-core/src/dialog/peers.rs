//! One dialog (RFC 3261 §12): what two user agents remember of each other.

use std::net::SocketAddr;

use rvoip_sans_io::FlowId;
use rvoip_sip_core::header::{CSeq, CallId, Contact, From, RecordRoute, Route, To, Via};
use rvoip_sip_core::{
    Header, HeaderError, HeaderName, Message, MessageBuilder, Method, NameAddr, SipUri, Uri, UriBuf,
};
use rvoip_transaction_core::{DialogId, Target};

use super::{DialogEvent, DialogState};

/// One dialog, seen from our side.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) id: DialogId,
    pub(crate) state: DialogState,
    /// Our address with its tag, as From of our requests.
    local: String,
    /// The peer's address with its tag, as To of our requests.
    remote: String,
    pub(crate) remote_target: UriBuf,
    route_set: Vec<String>,
    local_sequence: u32,
    /// The number of the INVITE that made the dialog; its ACK has it too.
    invite_sequence: u32,
    remote_sequence: Option<u32>,
    /// How the peer was last heard of: a flow, and whose address is at its other end.
    path: Option<(FlowId, SocketAddr)>,
    /// The peer itself is at that other end, behind a NAT: what it calls its address leads nowhere.
    behind_nat: bool,
    /// Where requests go, whatever the route set says.
    server: Option<UriBuf>,
    /// Our Contact is a SIPS URI (RFC 3261 §12.1).
    secure: bool,
    /// Whether we sent the INVITE: the owner of the Call-ID waits longer after 491 (RFC 3261 §14.1).
    pub(crate) is_caller: bool,
}

/// Why a response makes no dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoDialog;

impl std::convert::From<HeaderError> for NoDialog {
    fn from(_: HeaderError) -> Self {
        Self
    }
}

/// An address with what is behind it, as it stands in our requests, folds taken out. A display name that holds what a
/// message may hold and we would not write, such as an escaped control character, is left out: a dialog is a URI and a tag.
fn text(address: &NameAddr<'_>, behind: &str) -> String {
    let is_control = |text: &str| text.bytes().any(|byte| byte.is_ascii_control());
    let (text, behind) = (address.to_string(), if is_control(behind) { "" } else { behind });
    if is_control(&text) { format!("<{}>{behind}", address.uri_as_written()) } else { text + behind }
}

/// The same with a tag.
fn tagged(address: &NameAddr<'_>, tag: Option<&str>) -> String {
    text(address, &tag.map(|tag| format!(";tag={tag}")).unwrap_or_default())
}

/// Whether a URI asks for TLS on every hop.
pub(crate) fn is_secure(uri: &Uri<'_>) -> bool {
    uri.as_sip().is_some_and(SipUri::is_secure)
}

impl Dialog {
    /// The early dialog that a response to our INVITE makes (RFC 3261 §12.1.2).
    pub(crate) fn of_caller(
        response: &Message<'_>,
        path: Option<(FlowId, SocketAddr)>,
        secure: bool,
    ) -> Result<Self, NoDialog> {
        let id = DialogId::of_response(response).ok_or(NoDialog)?;
        let contact = response.get::<Contact<'_>>().ok_or(NoDialog)??;
        let mut route_set = record_route(response)?;
        route_set.reverse();
        let (from, to) = (response.require::<From<'_>>()?, response.require::<To<'_>>()?);
        let sequence = response.require::<CSeq>()?.sequence;
        Ok(Self {
            id,
            state: DialogState::Early,
            local: tagged(&from.address, from.tag()),
            remote: tagged(&to.address, to.tag()),
            remote_target: target(&contact)?,
            route_set,
            local_sequence: sequence,
            invite_sequence: sequence,
            remote_sequence: None,
            path,
            behind_nat: false,
            server: None,
            secure,
            is_caller: true,
        })
    }

    /// The dialog that our response to an INVITE makes (RFC 3261 §12.1.1).
    pub(crate) fn of_called(
        invite: &Message<'_>,
        local_tag: &str,
        local_sequence: u32,
        path: (FlowId, SocketAddr),
    ) -> Result<Self, NoDialog> {
        let (from, to) = (invite.require::<From<'_>>()?, invite.require::<To<'_>>()?);
        // A caller of RFC 2543 may have none: then it is called back at its address (RFC 4475 §3.4.1).
        let remote_target = match invite.get::<Contact<'_>>() {
            Some(contact) => target(&contact?)?,
            None => UriBuf::from(&from.address.uri).to_target(),
        };
        let id = DialogId {
            call_id: invite.require::<CallId<'_>>()?.0.to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
        };
        let sequence = invite.require::<CSeq>()?.sequence;
        Ok(Self {
            id,
            state: DialogState::Early,
            local: tagged(&to.address, Some(local_tag)),
            remote: tagged(&from.address, from.tag()),
            remote_target,
            route_set: record_route(invite)?,
            local_sequence,
            invite_sequence: sequence,
            remote_sequence: Some(sequence),
            path: Some(path),
            behind_nat: is_behind_nat(invite, path.1),
            server: None,
            secure: wants_secure_contact(invite),
            is_caller: false,
        })
    }

    /// The same dialog, whose requests go to a server.
    pub(crate) fn through(mut self, server: Option<UriBuf>) -> Self {
        self.server = server;
        self
    }

    /// Moves on; true if nothing is left of the dialog.
    pub(crate) fn step(&mut self, event: DialogEvent) -> bool {
        if let Some(next) = self.state.step(event) {
            self.state = next;
        }
        self.state == DialogState::Terminated
    }

    /// The next sequence number of our own requests.
    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.local_sequence += 1;
        self.local_sequence
    }

    /// A request in the dialog, and where it goes (RFC 3261 §12.2.1.1). An ACK has the number of its INVITE.
    pub(crate) fn request(&self, method: Method, sequence: u32) -> (MessageBuilder, Target) {
        let first = self.route_set.first().and_then(|route| Route::decode(route).ok());
        let (uri, routes, hop): (UriBuf, Vec<String>, UriBuf) = match &first {
            None => (self.remote_target.clone(), Vec::new(), self.remote_target.clone()),
            Some(route) if route.is_loose() => {
                (self.remote_target.clone(), self.route_set.clone(), (&route.address.uri).into())
            }
            Some(strict) => {
                // A strict router of RFC 2543 wants itself as request URI, and the target as the last route.
                let mut routes: Vec<String> = self.route_set.iter().skip(1).cloned().collect();
                routes.push(format!("<{}>", self.remote_target));
                let hop: UriBuf = (&strict.address.uri).into();
                (hop.clone(), routes, hop)
            }
        };
        let mut builder = MessageBuilder::request(method.clone(), &uri.as_uri());
        for route in &routes {
            builder = builder.raw(HeaderName::Route, route);
        }
        let builder = builder
            .raw(HeaderName::From, &self.local)
            .raw(HeaderName::To, &self.remote)
            .raw(HeaderName::CallId, &self.id.call_id)
            .header(&CSeq { sequence, method });
        let to_server = self.server.is_some();
        let target = Target {
            uri: self.server.clone().unwrap_or(hop),
            flow: self.path.map(|(flow, _)| flow),
            bound: self.behind_nat || to_server,
            configured: to_server,
        };
        (builder, target)
    }

    /// Whether our Contact in the dialog is a SIPS URI (RFC 3261 §8.1.1.8, §12.2.1.1).
    pub(crate) fn is_secure(&self) -> bool {
        let route = self.route_set.first().and_then(|route| Route::decode(route).ok());
        self.secure
            || is_secure(&self.remote_target.as_uri())
            || route.is_some_and(|route| is_secure(&route.address.uri))
    }

    /// Checks and notes the number of a received request; false if it is out of order (RFC 3261 §12.2.2).
    pub(crate) fn takes(&mut self, request: &Message<'_>) -> bool {
        let Ok(cseq) = request.require::<CSeq>() else { return false };
        if self.remote_sequence.is_some_and(|last| cseq.sequence <= last) {
            return false;
        }
        self.remote_sequence = Some(cseq.sequence);
        true
    }

    /// Takes the Contact of a target refresh: a re-INVITE that is accepted, or the 2xx of one (RFC 3261 §12.2).
    pub(crate) fn refresh_target(&mut self, message: &Message<'_>) {
        if let Some(Ok(contact)) = message.get::<Contact<'_>>()
            && let Ok(target) = target(&contact)
        {
            self.behind_nat &= self.remote_target.equivalent(&target);
            self.remote_target = target;
        }
    }

    /// The number of the INVITE that made the dialog.
    pub(crate) fn invite_sequence(&self) -> u32 {
        self.invite_sequence
    }

    /// Goes on over the flow that an answer of the peer came on.
    pub(crate) fn take_path(&mut self, path: (FlowId, SocketAddr)) {
        self.path = Some(path);
    }

    /// The same for a request of the peer, which says more of where the peer is.
    pub(crate) fn follow(&mut self, request: &Message<'_>, path: (FlowId, SocketAddr)) {
        self.path = Some(path);
        self.behind_nat = is_behind_nat(request, path.1);
    }

    /// The flow to the peer, and whether nothing but that leads there.
    pub(crate) fn path(&self) -> (Option<(FlowId, SocketAddr)>, bool) {
        (self.path, self.behind_nat || self.server.is_some())
    }
}

/// The URI of a Contact as later requests have it.
fn target(contact: &Contact<'_>) -> Result<UriBuf, NoDialog> {
    Ok(UriBuf::from(contact.uri().ok_or(NoDialog)?).to_target())
}

/// Whether the sender of a request itself is at the other end of its connection, and calls itself otherwise than it is seen.
fn is_behind_nat(request: &Message<'_>, source: SocketAddr) -> bool {
    let mut vias = request.get_all::<Via<'_>>();
    let Some(Ok(via)) = vias.next() else { return false };
    vias.next().is_none() && via.host.address() != Some(source.ip())
}

/// Whether our Contact in the answer to an INVITE is a SIPS URI (RFC 3261 §12.1.1).
fn wants_secure_contact(invite: &Message<'_>) -> bool {
    let last = if let Some(route) = invite.get::<RecordRoute<'_>>() {
        route.is_ok_and(|route| is_secure(&route.address.uri))
    } else {
        let contact = invite.get::<Contact<'_>>().and_then(Result::ok);
        contact.is_some_and(|contact| contact.uri().is_some_and(is_secure))
    };
    last || invite.request_uri().and_then(Result::ok).is_some_and(|uri| is_secure(&uri))
}

fn record_route(message: &Message<'_>) -> Result<Vec<String>, HeaderError> {
    let routes = message.get_all::<RecordRoute<'_>>();
    routes.map(|route| route.map(|route| text(&route.address, route.params.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> (FlowId, SocketAddr) {
        (FlowId::from_platform(1), "192.0.2.7:40000".parse().unwrap())
    }

    fn parsed(text: String) -> rvoip_sip_core::MessageBuf {
        rvoip_sip_core::MessageBuf::parse(text.into()).unwrap()
    }

    fn response(routes: &str) -> rvoip_sip_core::MessageBuf {
        parsed(format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n{routes}From: <sip:alice@a>;tag=1\r\n\
             To: Bob <sip:bob@b>;tag=2\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\nContact: <sip:bob@192.0.2.9>\r\n\
             Content-Length: 0\r\n\r\n"
        ))
    }

    fn written(dialog: &mut Dialog) -> (String, Target) {
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(Method::Bye, sequence);
        let bye = builder.build().unwrap();
        (String::from_utf8(bye.as_bytes().to_vec()).unwrap(), target)
    }

    fn bye(routes: &str) -> (String, String) {
        let mut dialog = Dialog::of_caller(&response(routes).as_message(), None, false).unwrap();
        let (bye, target) = written(&mut dialog);
        (bye, target.uri.to_string())
    }

    /// An INVITE from 192.0.2.7, which says that it is elsewhere.
    fn invite(vias: &str, extra: &str) -> rvoip_sip_core::MessageBuf {
        parsed(format!(
            "INVITE sip:b@b SIP/2.0\r\n{vias}From: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\n\
             CSeq: 10 INVITE\r\nMax-Forwards: 70\r\n{extra}\r\n"
        ))
    }

    fn called(vias: &str, extra: &str) -> Dialog {
        Dialog::of_called(&invite(vias, extra).as_message(), "t", 0, path()).unwrap()
    }

    const VIA: &str = "Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bK1\r\n";
    const NAT: &str = "Via: SIP/2.0/TCP 10.0.0.7;branch=z9hG4bK1;received=192.0.2.7\r\n";
    const CONTACT: &str = "Contact: <sip:a@10.0.0.7;transport=tcp>\r\n";

    #[test]
    fn a_caller_turns_the_recorded_route_around() {
        let (bye, hop) = bye("Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n");
        assert!(
            bye.starts_with("BYE sip:bob@192.0.2.9 SIP/2.0\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n"),
            "{bye}"
        );
        assert!(bye.contains("CSeq: 6 BYE\r\n") && bye.contains("To: Bob <sip:bob@b>;tag=2\r\n"), "{bye}");
        assert_eq!(hop, "sip:p1;lr");
    }

    #[test]
    fn a_strict_router_gets_the_request_uri() {
        let (bye, hop) = bye("Record-Route: <sip:p2;lr>, <sip:p1>\r\n");
        assert!(
            bye.starts_with("BYE sip:p1 SIP/2.0\r\nRoute: <sip:p2;lr>\r\nRoute: <sip:bob@192.0.2.9>\r\n"),
            "{bye}"
        );
        assert_eq!(hop, "sip:p1");
        assert_eq!(self::bye("").1, "sip:bob@192.0.2.9");
    }

    #[test]
    fn a_callee_keeps_the_recorded_route_in_its_order() {
        let (bye, target) =
            written(&mut called(VIA, &format!("{CONTACT}Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n")));
        assert!(bye.contains("Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n"), "{bye}");
        assert!(bye.contains("From: <sip:b@b>;tag=t\r\nTo: <sip:a@a>;tag=1\r\n"), "{bye}");
        assert_eq!(target.uri.as_str(), "sip:p1;lr");
    }

    #[test]
    fn a_peer_behind_a_nat_is_reached_by_its_connection_alone() {
        let bound = |dialog: &Dialog| dialog.request(Method::Bye, 1).1.bound;
        assert!(bound(&called(NAT, CONTACT)));
        assert!(!bound(&called(VIA, CONTACT)), "it is where it says");
        assert!(!bound(&called(&format!("{VIA}{NAT}"), CONTACT)), "a proxy is at the other end");
        let mut dialog = called(NAT, CONTACT);
        let elsewhere = invite(NAT, "Contact: <sip:a@192.0.2.99>\r\n");
        dialog.refresh_target(&elsewhere.as_message());
        assert!(!bound(&dialog), "the call was handed to somebody else");
        assert_eq!(dialog.request(Method::Bye, 1).1.uri.as_str(), "sip:a@192.0.2.99");
        dialog.follow(&elsewhere.as_message(), path());
        assert!(bound(&dialog));
    }

    #[test]
    fn a_dialog_is_secure_where_a_sips_uri_made_it() {
        assert!(!called(VIA, CONTACT).is_secure());
        assert!(called(VIA, "Contact: <sips:a@a>\r\n").is_secure());
        assert!(called(VIA, &format!("{CONTACT}Record-Route: <sips:p;lr>\r\n")).is_secure());
        let sips = invite(VIA, CONTACT);
        let sips = std::str::from_utf8(sips.as_bytes()).unwrap().replacen("sip:b@b", "sips:b@b", 1);
        assert!(Dialog::of_called(&parsed(sips).as_message(), "t", 0, path()).unwrap().is_secure());
        assert!(Dialog::of_caller(&response("").as_message(), None, true).unwrap().is_secure());
    }

    #[test]
    fn what_a_peer_calls_itself_can_always_be_written() {
        let odd = "From: \"\\\u{7}\" <sip:a@a>;tag=1;x=\"\\\u{7}\"\r\n";
        let text = invite(
            VIA,
            "Contact: <sip:a@192.0.2.7;method=BYE?X=y>\r\nRecord-Route: \"\\\u{1}\" <sip:p;lr>\r\n",
        );
        let text = std::str::from_utf8(text.as_bytes()).unwrap().replace("From: <sip:a@a>;tag=1\r\n", odd);
        let mut dialog = Dialog::of_called(&parsed(text).as_message(), "t", 0, path()).unwrap();
        let (bye, _) = written(&mut dialog);
        assert!(bye.starts_with("BYE sip:a@192.0.2.7 SIP/2.0\r\nRoute: <sip:p;lr>\r\n"), "{bye}");
        assert!(bye.contains("To: <sip:a@a>;tag=1\r\n"), "{bye}");
    }

    #[test]
    fn requests_out_of_order_are_not_taken() {
        let invite = |sequence: u32| {
            let text = invite(VIA, CONTACT);
            let text = std::str::from_utf8(text.as_bytes()).unwrap();
            parsed(text.replace("CSeq: 10", &format!("CSeq: {sequence}")))
        };
        let mut dialog = called(VIA, CONTACT);
        assert!(!dialog.takes(&invite(10).as_message()));
        assert!(dialog.takes(&invite(12).as_message()));
        assert!(!dialog.takes(&invite(11).as_message()));
    }
}
