//! Requests outside of the state machines: OPTIONS, MESSAGE, and INFO or MESSAGE in a session.

use rvoip_sans_io::Now;
use rvoip_sip_core::header::{Allow, Supported};
use rvoip_sip_core::{HeaderName, Message, Method, StatusCode, UriBuf};
use rvoip_transaction_core::TransactionLayer;

use super::Endpoint;
use super::exchange::{Exchange, Purpose, Way, failure_of_response, reason};
use super::message::{ACCEPT, Outside};
use crate::session::{PhaseEvent, SessionPhase};
use crate::{
    Body, EndCause, Failure, FailureKind, IdentityId, RequestAnswer, RequestId, SessionId, UserAgentEvent,
};

impl Endpoint {
    /// Sends a request outside of dialogs: OPTIONS, MESSAGE, or any other that makes no dialog.
    pub fn request(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        identity: IdentityId,
        method: Method,
        to: &UriBuf,
        body: Option<Body>,
    ) -> RequestId {
        let id = self.next_request();
        let (tag, call_id) = (self.random.token(10), self.random.token(24));
        let is_options = method == Method::Options;
        let parts = Outside { method, uri: to, to, from_tag: &tag, call_id: &call_id, sequence: 1 };
        let built = self.outside(identity, parts).ok_or("the account is gone".to_owned()).and_then(
            |(mut builder, way)| {
                if is_options {
                    builder = builder.raw(HeaderName::Accept, ACCEPT);
                }
                if let Some(body) = body {
                    builder = builder.body(&body.content_type, body.bytes);
                }
                Ok((builder.build().map_err(|error| error.to_string())?, way))
            },
        );
        match built {
            Ok((request, way)) => {
                let purpose = Purpose::Request { id, session: None };
                let way = Way { contact: way.contact.filter(|_| is_options), ..way };
                self.send(now, layer, Exchange::new(purpose, Some(identity), request, way));
            }
            Err(reason) => self.cannot_send(id, reason),
        }
        id
    }

    /// Sends an INFO (RFC 6086) or MESSAGE in a session.
    pub fn request_in_session(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        session: SessionId,
        method: Method,
        body: Body,
    ) -> RequestId {
        let id = self.next_request();
        let Some(state) = self.sessions.get_mut(&session) else {
            self.cannot_send(id, "the call is over".to_owned());
            return id;
        };
        let (identity, known) = (state.identity, state.known);
        let established = matches!(state.phase, SessionPhase::Established | SessionPhase::AwaitingAck);
        let Some(dialog) = state.dialog.as_mut().filter(|_| established) else {
            self.cannot_send(id, "the call is not established".to_owned());
            return id;
        };
        let sequence = dialog.next_sequence();
        let (builder, target) = dialog.request(method, sequence);
        match self.signed(builder).body(&body.content_type, body.bytes).build() {
            Ok(request) => {
                let purpose = Purpose::Request { id, session: Some(session) };
                let way = Way { target, contact: None, known };
                self.send(now, layer, Exchange::new(purpose, identity, request, way));
            }
            Err(error) => self.cannot_send(id, error.to_string()),
        }
        id
    }

    fn cannot_send(&mut self, request: RequestId, reason: String) {
        let failure = Failure { kind: FailureKind::InvalidState, status: None, reason };
        self.tell(UserAgentEvent::RequestFailed { request, failure });
    }

    pub(super) fn request_answered(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        request: RequestId,
        session: Option<SessionId>,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status() else { return };
        let allow = response.get_all::<Allow>().filter_map(Result::ok).map(|allow| allow.0.to_string());
        let supported =
            response.get_all::<Supported<'_>>().filter_map(Result::ok).map(|option| option.0.to_owned());
        let agent = response
            .raw(HeaderName::Server)
            .chain(response.raw(HeaderName::UserAgent))
            .next()
            .map(str::to_owned);
        let answer = RequestAnswer {
            status,
            reason: reason(response),
            allow: allow.collect(),
            supported: supported.collect(),
            agent,
        };
        self.tell(UserAgentEvent::RequestAnswered { request, answer });
        if let Some(session) = session {
            self.lost_by_peer(now, layer, session, &failure_of_response(response, status));
        }
    }

    pub(super) fn request_failed(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        request: RequestId,
        session: Option<SessionId>,
        failure: &Failure,
    ) {
        self.tell(UserAgentEvent::RequestFailed { request, failure: failure.clone() });
        if let Some(session) = session {
            self.lost_by_peer(now, layer, session, failure);
        }
    }

    /// 481 or silence to a request in a dialog: the peer has no such dialog any more (RFC 3261 §12.2.1.2).
    fn lost_by_peer(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId, failure: &Failure) {
        let gone = failure.status == Some(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST.code())
            || failure.kind == FailureKind::TimedOut;
        if gone {
            let reason = format!("the peer lost the call: {}", failure.reason);
            self.abandon(now, layer, id, PhaseEvent::HangUp, EndCause::ProtocolFailed { reason });
        }
    }
}
