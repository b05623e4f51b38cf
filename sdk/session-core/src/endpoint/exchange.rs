//! One request of ours and its answers; a challenge is answered here, once.

use rvoip_sans_io::Now;
use rvoip_sip_core::header::CSeq;
use rvoip_sip_core::{HeaderName, Message, MessageBuf, MessageBuilder, Method, StatusCode};
use rvoip_transaction_core::{ClientKey, LocalContact, Outgoing, Target, TransactionLayer};

use super::Endpoint;
use super::answered::with_credentials_of;
use crate::session::SessionPhase;
use crate::{Failure, FailureKind, IdentityId, RequestId, SessionId};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Register(IdentityId),
    Invite(SessionId),
    Reinvite(SessionId),
    Bye(SessionId),
    /// The BYE of a dialog that nobody wanted.
    Refusal,
    Request {
        id: RequestId,
        session: Option<SessionId>,
    },
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) purpose: Purpose,
    pub(super) identity: Option<IdentityId>,
    /// Without Via and, where the layer adds it, without Contact.
    pub(super) request: MessageBuf,
    pub(super) target: Target,
    pub(super) contact: Option<LocalContact>,
    /// It passes a server of the identity's, which may ask for the password.
    pub(super) known: bool,
    /// Challenges that were answered; a proxy and the server behind it may both ask.
    pub(super) challenges: u8,
    /// Branches of an INVITE that answered though nobody wanted them: the peer's tag, and the ACK for each 2xx.
    pub(super) refused: Vec<(String, Outgoing)>,
}

/// The way of a request.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) target: Target,
    /// Our Contact, where the layer adds it.
    pub(super) contact: Option<LocalContact>,
    /// It passes a server of the identity's.
    pub(super) known: bool,
}

/// More challenges to one request than any sane path has.
const CHALLENGES: u8 = 5;

impl Exchange {
    pub(super) fn new(purpose: Purpose, identity: Option<IdentityId>, request: MessageBuf, way: Way) -> Self {
        let Way { target, contact, known } = way;
        Self { purpose, identity, request, target, contact, known, challenges: 0, refused: Vec::new() }
    }

    pub(super) fn sequence(&self) -> u32 {
        self.request.as_message().require::<CSeq>().map_or(0, |cseq| cseq.sequence)
    }

    /// The session that the request belongs to.
    fn session(&self) -> Option<SessionId> {
        match self.purpose {
            Purpose::Invite(session) | Purpose::Reinvite(session) | Purpose::Bye(session) => Some(session),
            Purpose::Request { session, .. } => session,
            Purpose::Register(_) | Purpose::Refusal => None,
        }
    }
}

impl Endpoint {
    pub(super) fn send(&mut self, now: Now, layer: &mut TransactionLayer, exchange: Exchange) -> ClientKey {
        let outgoing = Outgoing {
            request: exchange.request.clone(),
            target: exchange.target.clone(),
            contact: exchange.contact.clone(),
        };
        let key = layer.send_request(now, outgoing);
        self.exchanges.insert(key, exchange);
        key
    }

    /// A response to one of our requests.
    pub fn handle_response(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ClientKey,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status() else { return };
        let Some(exchange) = self.exchanges.get(&key) else {
            return self.counters.count("response that nobody waits for");
        };
        let purpose = exchange.purpose;
        if status.is_provisional() {
            if let Purpose::Invite(session) = purpose {
                self.call_progressed(layer, session, key, response);
            }
            return;
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED) {
            let Some(exchange) = self.exchanges.remove(&key) else { return };
            // What was withdrawn is not asked for again.
            let withdrawn = match purpose {
                Purpose::Invite(session) => {
                    self.sessions.get(&session).is_none_or(|of| of.phase == SessionPhase::Cancelling)
                }
                Purpose::Reinvite(session) => self.is_change_withdrawn(session),
                Purpose::Register(_) | Purpose::Bye(_) | Purpose::Refusal | Purpose::Request { .. } => false,
            };
            if withdrawn {
                let failure = failure_of_response(response, status);
                return self.exchange_failed(now, layer, key, &exchange, &failure);
            }
            return match self.authenticate(now, layer, key, exchange.clone(), response) {
                Ok(()) => {}
                Err(reason) => {
                    let failure = Failure {
                        kind: FailureKind::AuthenticationFailed,
                        status: Some(status.code()),
                        reason,
                    };
                    self.exchange_failed(now, layer, key, &exchange, &failure);
                }
            };
        }
        self.note_authentication_info(key, response);
        match purpose {
            // Further 2xx may follow, so the exchange stays until its transaction ends.
            Purpose::Invite(session) if status.is_success() => {
                self.call_answered(now, layer, session, key, response);
            }
            Purpose::Reinvite(session) if status.is_success() => {
                self.change_answered(now, layer, session, key, response);
            }
            Purpose::Invite(_)
            | Purpose::Reinvite(_)
            | Purpose::Bye(_)
            | Purpose::Refusal
            | Purpose::Request { .. }
            | Purpose::Register(_) => {
                let Some(exchange) = self.exchanges.remove(&key) else { return };
                match purpose {
                    Purpose::Register(identity) => {
                        self.register_answered(now, layer, identity, key, &exchange, response);
                    }
                    Purpose::Invite(session) if status.is_redirection() => {
                        self.call_redirected(now, layer, session, key, response);
                    }
                    Purpose::Request { id, session } => {
                        self.request_answered(now, layer, id, session, response);
                    }
                    Purpose::Invite(_) | Purpose::Reinvite(_) | Purpose::Bye(_) | Purpose::Refusal => {
                        let failure = failure_of_response(response, status);
                        self.exchange_failed(now, layer, key, &exchange, &failure);
                    }
                }
            }
        }
    }

    /// A request failed for good: with a response, or without one.
    pub(super) fn exchange_failed(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ClientKey,
        exchange: &Exchange,
        failure: &Failure,
    ) {
        match exchange.purpose {
            Purpose::Register(identity) => {
                self.register_failed(now, layer, identity, failure.clone(), None);
            }
            Purpose::Invite(session) => self.call_failed(now, layer, session, key, failure),
            Purpose::Reinvite(session) => self.change_failed(now, layer, session, key, failure),
            Purpose::Bye(session) => self.bye_done(now, layer, session),
            Purpose::Refusal => self.counters.count("BYE of another fork that failed"),
            Purpose::Request { id, session } => self.request_failed(now, layer, id, session, failure),
        }
    }

    /// Sends a request again with credentials (RFC 3261 §22.2, §22.3).
    fn authenticate(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ClientKey,
        mut exchange: Exchange,
        response: &Message<'_>,
    ) -> Result<(), String> {
        let state = exchange.identity.and_then(|id| self.identities.get_mut(&id));
        let Some(state) = state else {
            return Err("the server wants credentials, and the call has no account".to_owned());
        };
        let Some(credentials) = &state.identity.credentials else {
            return Err("the server wants a password, and none was given".to_owned());
        };
        exchange.challenges += 1;
        if exchange.challenges > CHALLENGES {
            return Err("the server asks for credentials again and again".to_owned());
        }
        if !exchange.known {
            return Err("a server that is not the account's asks for its password".to_owned());
        }
        state.authenticator.challenged(response, &exchange.request.as_message())?;
        let sequence = match exchange.session().and_then(|id| self.sessions.get_mut(&id)) {
            Some(session) => match (&mut session.dialog, &mut session.calling) {
                (Some(dialog), _) => dialog.next_sequence(),
                (None, Some(calling)) => {
                    calling.sequence += 1;
                    calling.sequence
                }
                (None, None) => exchange.sequence() + 1,
            },
            None => exchange.sequence() + 1,
        };
        if let Purpose::Register(_) = exchange.purpose {
            state.registration.sequence = sequence;
        }
        let request = exchange.request.as_message();
        let method = request.method().unwrap_or(Method::Options);
        let edit = request.edit().set(&CSeq { sequence, method });
        let edit = state.authenticator.authorize(edit, &request, credentials, &mut self.random);
        let request = edit.finish().map_err(|error| error.to_string())?;
        exchange.request = request;
        let purpose = exchange.purpose;
        let new_key = self.send(now, layer, exchange);
        self.exchange_renamed(now, layer, purpose, key, new_key);
        Ok(())
    }

    /// Acknowledges the 2xx of a re-INVITE whose session is over: the request says what is to be known of the dialog.
    pub(super) fn acknowledge_forgotten(&mut self, now: Now, layer: &mut TransactionLayer, key: ClientKey) {
        let Some(exchange) = self.exchanges.get(&key) else { return };
        let request = exchange.request.as_message();
        let Some(Ok(uri)) = request.request_uri() else { return };
        let names = [HeaderName::Route, HeaderName::From, HeaderName::To, HeaderName::CallId];
        let builder = names
            .iter()
            .fold(MessageBuilder::request(Method::Ack, &uri), |builder, name| builder.copy(&request, name))
            .header(&CSeq { sequence: exchange.sequence(), method: Method::Ack });
        let builder = with_credentials_of(&request, builder);
        let (target, contact) = (exchange.target.clone(), None);
        match self.signed(builder).build() {
            Ok(request) => layer.send_ack(now, Outgoing { request, target, contact }),
            Err(_) => self.counters.count("ACK that cannot be written"),
        }
    }

    /// The state machines know their requests by key, and a challenged request is sent under a new one.
    fn exchange_renamed(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        purpose: Purpose,
        old: ClientKey,
        new: ClientKey,
    ) {
        match purpose {
            Purpose::Register(identity) => {
                if let Some(state) = self.identities.get_mut(&identity) {
                    state.registration.key = Some(new);
                }
            }
            Purpose::Invite(session) => self.call_retried(now, layer, session, new),
            Purpose::Reinvite(session) => {
                if let Some(session) = self.sessions.get_mut(&session)
                    && session.reinvite == Some(old)
                {
                    session.reinvite = Some(new);
                }
            }
            Purpose::Bye(_) | Purpose::Refusal | Purpose::Request { .. } => {}
        }
    }

    /// The server may give the next nonce, and may prove that it knows the password (RFC 7616 §3.5).
    fn note_authentication_info(&mut self, key: ClientKey, response: &Message<'_>) {
        let Some(exchange) = self.exchanges.get(&key) else { return };
        let Some(state) = exchange.identity.and_then(|id| self.identities.get_mut(&id)) else { return };
        let Some(credentials) = &state.identity.credentials else { return };
        if !state.authenticator.confirmed(response, &exchange.request.as_message(), credentials) {
            self.counters.count("server that does not prove to know the password");
        }
    }
}

/// What a failure response says.
pub(super) fn failure_of_response(response: &Message<'_>, status: StatusCode) -> Failure {
    let kind = match status {
        // 403 after credentials is how many servers refuse them.
        StatusCode::REQUEST_TIMEOUT => FailureKind::TimedOut,
        _ => FailureKind::Rejected,
    };
    Failure { kind, status: Some(status.code()), reason: reason(response) }
}

/// The reason phrase, or the standard one where the peer gives none.
pub(super) fn reason(response: &Message<'_>) -> String {
    match response.start_line() {
        rvoip_sip_core::StartLine::Response { status, reason: "" } => status.reason().to_owned(),
        rvoip_sip_core::StartLine::Response { reason, .. } => reason.to_owned(),
        rvoip_sip_core::StartLine::Request { .. } => String::new(),
    }
}
