//! Dialogs (RFC 3261 §12): what two user agents remember of each other.

use rvoip_sans_io::FlowId;
use rvoip_sip_core::header::{CSeq, CallId, Contact, From, RecordRoute, Route, To};
use rvoip_sip_core::{
    EncodeHeader, Header, HeaderError, HeaderName, Message, MessageBuilder, Method, UriBuf,
};
use rvoip_transaction_core::{DialogId, Target};

/// The states of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogState {
    /// Made by a provisional response.
    Early,
    /// Made or confirmed by a 2xx.
    Confirmed,
    /// Nothing is left.
    Terminated,
}

/// What changes a dialog's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogEvent {
    /// A 1xx with a tag was sent or received.
    Provisional,
    /// A 2xx was sent or received.
    Success,
    /// The INVITE ended with 300 to 699.
    Failure,
    /// A BYE was sent or received, or a request in the dialog got 481 or 408 (RFC 3261 §12.2.1.2, §15).
    Bye,
}

impl DialogState {
    /// The next state, or `None` if the event changes nothing.
    pub fn step(self, event: DialogEvent) -> Option<Self> {
        match (self, event) {
            (Self::Early, DialogEvent::Success) => Some(Self::Confirmed),
            (Self::Early, DialogEvent::Failure | DialogEvent::Bye) | (Self::Confirmed, DialogEvent::Bye) => {
                Some(Self::Terminated)
            }
            // A failure response ends early dialogs alone; the others are retransmissions.
            (Self::Early, DialogEvent::Provisional)
            | (Self::Confirmed, DialogEvent::Provisional | DialogEvent::Success | DialogEvent::Failure)
            | (Self::Terminated, _) => None,
        }
    }
}

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
    /// The connection that the dialog was made on.
    flow: Option<FlowId>,
    /// Where requests go when that connection is gone, whatever the route set says.
    server: Option<UriBuf>,
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

/// A header as it stands in a message, folds taken out.
fn text(header: &impl EncodeHeader) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = header.encode(&mut text);
    text.replace(['\r', '\n'], " ")
}

impl Dialog {
    /// The dialog that a response to our INVITE makes (RFC 3261 §12.1.2).
    pub(crate) fn of_caller(
        response: &Message<'_>,
        state: DialogState,
        flow: Option<FlowId>,
    ) -> Result<Self, NoDialog> {
        let id = DialogId::of_response(response).ok_or(NoDialog)?;
        let contact = response.get::<Contact<'_>>().ok_or(NoDialog)??;
        let remote_target = contact.uri().ok_or(NoDialog)?.into();
        let mut route_set = record_route(response)?;
        route_set.reverse();
        Ok(Self {
            id,
            state,
            local: text(&response.require::<From<'_>>()?),
            remote: text(&response.require::<To<'_>>()?),
            remote_target,
            route_set,
            local_sequence: response.require::<CSeq>()?.sequence,
            invite_sequence: response.require::<CSeq>()?.sequence,
            remote_sequence: None,
            flow,
            server: None,
            is_caller: true,
        })
    }

    /// The dialog that our response to an INVITE makes (RFC 3261 §12.1.1).
    pub(crate) fn of_called(
        invite: &Message<'_>,
        local_tag: &str,
        local_sequence: u32,
        flow: Option<FlowId>,
    ) -> Result<Self, NoDialog> {
        let from = invite.require::<From<'_>>()?;
        // A caller of RFC 2543 may have none: then it is called back at its address (RFC 4475 §3.4.1).
        let remote_target = match invite.get::<Contact<'_>>() {
            Some(contact) => contact?.uri().ok_or(NoDialog)?.into(),
            None => (&from.address.uri).into(),
        };
        let id = DialogId {
            call_id: invite.require::<CallId<'_>>()?.0.to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
        };
        Ok(Self {
            id,
            state: DialogState::Early,
            local: format!("{};tag={local_tag}", text(&invite.require::<To<'_>>()?)),
            remote: text(&from),
            remote_target,
            route_set: record_route(invite)?,
            local_sequence,
            invite_sequence: invite.require::<CSeq>()?.sequence,
            remote_sequence: Some(invite.require::<CSeq>()?.sequence),
            flow,
            server: None,
            is_caller: false,
        })
    }

    /// The same dialog, whose requests go to a server.
    pub(crate) fn through(mut self, server: Option<UriBuf>) -> Self {
        self.server = server;
        self
    }

    pub(crate) fn step(&mut self, event: DialogEvent) {
        if let Some(next) = self.state.step(event) {
            self.state = next;
        }
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
        (builder, Target { uri: self.server.clone().unwrap_or(hop), flow: self.flow })
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

    /// Takes the Contact of a target refresh: a re-INVITE, or the 2xx of one.
    pub(crate) fn refresh_target(&mut self, message: &Message<'_>) {
        if let Some(Ok(contact)) = message.get::<Contact<'_>>()
            && let Some(uri) = contact.uri()
        {
            self.remote_target = uri.into();
        }
    }

    /// The number of the INVITE that made the dialog.
    pub(crate) fn invite_sequence(&self) -> u32 {
        self.invite_sequence
    }

    /// Goes on over the connection that the peer's request, or its answer, came on.
    pub(crate) fn take_flow(&mut self, flow: FlowId) {
        self.flow = Some(flow);
    }

    /// Whether the dialog goes over a connection.
    pub(crate) fn is_on(&self, flow: FlowId) -> bool {
        self.flow == Some(flow)
    }

    /// Whether the dialog's connection was lost.
    pub(crate) fn has_no_flow(&self) -> bool {
        self.flow.is_none()
    }

    /// Leaves the connection that the dialog was made on: it is gone, or does not lead to the peer.
    pub(crate) fn leave_flow(&mut self, flow: FlowId) {
        if self.flow == Some(flow) {
            self.flow = None;
        }
    }
}

fn record_route(message: &Message<'_>) -> Result<Vec<String>, HeaderError> {
    message.get_all::<RecordRoute<'_>>().map(|route| route.map(|route| text(&route))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition_of_a_dialog() {
        use DialogEvent::{Bye, Failure, Provisional, Success};
        use DialogState::{Confirmed, Early, Terminated};
        let table = [
            (Early, Provisional, None),
            (Early, Success, Some(Confirmed)),
            (Early, Failure, Some(Terminated)),
            (Early, Bye, Some(Terminated)),
            (Confirmed, Provisional, None),
            (Confirmed, Success, None),
            (Confirmed, Failure, None),
            (Confirmed, Bye, Some(Terminated)),
            (Terminated, Provisional, None),
            (Terminated, Success, None),
            (Terminated, Failure, None),
            (Terminated, Bye, None),
        ];
        for (state, event, next) in table {
            assert_eq!(state.step(event), next, "{state:?} {event:?}");
        }
    }

    fn response(routes: &str) -> rvoip_sip_core::MessageBuf {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n{routes}From: <sip:alice@a>;tag=1\r\n\
             To: Bob <sip:bob@b>;tag=2\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\nContact: <sip:bob@192.0.2.9>\r\n\
             Content-Length: 0\r\n\r\n"
        );
        rvoip_sip_core::MessageBuf::parse(text.into()).unwrap()
    }

    fn bye(routes: &str) -> (String, String) {
        let response = response(routes);
        let mut dialog = Dialog::of_caller(&response.as_message(), DialogState::Confirmed, None).unwrap();
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(Method::Bye, sequence);
        let bye = builder.build().unwrap();
        (String::from_utf8(bye.as_bytes().to_vec()).unwrap(), target.uri.to_string())
    }

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
    fn requests_out_of_order_are_not_taken() {
        let invite = |sequence: u32| {
            let text = format!(
                "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\n\
                 Call-ID: c\r\nCSeq: {sequence} INVITE\r\nContact: <sip:a@a>\r\n\r\n"
            );
            rvoip_sip_core::MessageBuf::parse(text.into()).unwrap()
        };
        let first = invite(10);
        let mut dialog = Dialog::of_called(&first.as_message(), "t", 0, None).unwrap();
        assert!(!dialog.takes(&invite(10).as_message()));
        assert!(dialog.takes(&invite(12).as_message()));
        assert!(!dialog.takes(&invite(11).as_message()));
    }
}
