//! Received requests outside of dialogs: what is checked, and who is meant (RFC 3261 §8.2).

use rvoip_sans_io::Now;
use rvoip_sip_core::header::{Accept, ContentEncoding, ContentType, Require, To};
use rvoip_sip_core::{HeaderName, Message, MessageBuf, Method, SipUri, StatusCode, Uri};
use rvoip_transaction_core::{DialogId, ServerKey, Source, TransactionLayer};

use super::message::{ACCEPT, ALLOW, SUPPORTED, owned};
use super::{Endpoint, IdentityState};
use crate::description::description;
use crate::{IdentityId, UserAgentEvent};

impl Endpoint {
    /// A request that [`TransactionLayer::handle_received`] gave, other than ACK and a matched CANCEL, and that belongs to
    /// none of our sessions.
    pub fn handle_request(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
        merged: bool,
    ) {
        let message = request.as_message();
        if DialogId::of_request(&message).is_some() {
            let status = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
            return self.respond(now, layer, key, &message, status);
        }
        if merged {
            return self.respond(now, layer, key, &message, StatusCode::LOOP_DETECTED);
        }
        match check(&message) {
            Ok(Taken::Invite) => self.call_received(now, layer, key, request, source),
            Ok(Taken::Options) => self.options_received(now, layer, key, &message),
            Ok(Taken::Message) => self.message_received(now, layer, key, &message, None),
            // A CANCEL that matched nothing, and what makes sense in a dialog alone.
            Ok(Taken::Cancel | Taken::Bye | Taken::Info) => {
                self.respond(now, layer, key, &message, StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST);
            }
            Err(refusal) => self.refuse(now, layer, key, &message, refusal),
        }
    }

    pub(super) fn refuse(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        message: &Message<'_>,
        refusal: Refusal,
    ) {
        let tag = self.random.token(10);
        let known = message.method().is_some_and(|method| Method::KNOWN.contains(&method));
        let builder = match refusal {
            Refusal::Status(status) => self.answer(message, status, &tag),
            Refusal::Method if known => {
                self.answer(message, StatusCode::METHOD_NOT_ALLOWED, &tag).raw(HeaderName::Allow, ALLOW)
            }
            Refusal::Method => {
                self.answer(message, StatusCode::NOT_IMPLEMENTED, &tag).raw(HeaderName::Allow, ALLOW)
            }
            Refusal::Extensions(list) => {
                self.answer(message, StatusCode::BAD_EXTENSION, &tag).raw(HeaderName::Unsupported, &list)
            }
            Refusal::Body => {
                self.answer(message, StatusCode::UNSUPPORTED_MEDIA_TYPE, &tag).raw(HeaderName::Accept, ACCEPT)
            }
            Refusal::Encoding => self
                .answer(message, StatusCode::UNSUPPORTED_MEDIA_TYPE, &tag)
                .raw(HeaderName::AcceptEncoding, "identity"),
        };
        layer.answer(now, key, message, &tag, builder);
    }

    /// Answers with a status and nothing more what was not answered before and has a tag of ours already, or gets its
    /// first.
    pub(super) fn respond(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        message: &Message<'_>,
        status: StatusCode,
    ) {
        let tag = self.random.token(10);
        let builder = self.answer(message, status, &tag);
        layer.answer(now, key, message, &tag, builder);
    }

    /// What we can do (RFC 3261 §11.2).
    pub(super) fn options_received(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        message: &Message<'_>,
    ) {
        let tag = self.random.token(10);
        let builder = self
            .answer(message, StatusCode::OK, &tag)
            .raw(HeaderName::Allow, ALLOW)
            .raw(HeaderName::Accept, ACCEPT)
            .raw(HeaderName::AcceptEncoding, "identity")
            .raw(HeaderName::AcceptLanguage, "en")
            .raw(HeaderName::Supported, SUPPORTED);
        layer.answer(now, key, message, &tag, builder);
    }

    pub(super) fn message_received(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        key: ServerKey,
        message: &Message<'_>,
        session: Option<crate::SessionId>,
    ) {
        let from = message.get::<rvoip_sip_core::header::From<'_>>().and_then(Result::ok);
        let Some(from) = from else {
            return self.respond(now, layer, key, message, StatusCode::BAD_REQUEST);
        };
        let event = UserAgentEvent::MessageReceived {
            identity: self.identity_of(message),
            session,
            from: owned(&from.address),
            content_type: content_type(message),
            body: bytes::Bytes::copy_from_slice(message.body()),
        };
        self.respond(now, layer, key, message, StatusCode::OK);
        self.tell(event);
    }

    /// Who is meant: the identity whose address of record is in To, or whose Contact was called. Of several the one that is
    /// registered, as the call comes by its registration.
    pub(super) fn identity_of(&self, message: &Message<'_>) -> Option<IdentityId> {
        let to = message.get::<To<'_>>().and_then(Result::ok);
        let uri = message.request_uri().and_then(Result::ok);
        let user = uri.as_ref().and_then(Uri::as_sip).and_then(SipUri::user_unescaped);
        let fit = |state: &IdentityState| {
            let address =
                to.as_ref().is_some_and(|to| same_user_at_host(&state.identity.aor.uri(), &to.address.uri));
            let contact = user.as_deref() == Some(state.identity.contact_user.as_str());
            let registered = state.registration.is_wanted();
            (!state.is_removed && (address || contact)).then_some((!address, !registered))
        };
        let fitting = self.identities.iter().filter_map(|(id, state)| Some((fit(state)?, *id)));
        fitting.min_by_key(|(misfit, _)| *misfit).map(|(_, id)| id)
    }
}

/// The methods that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Invite,
    Options,
    Message,
    Cancel,
    Bye,
    Info,
}

impl Taken {
    fn of(method: &Method) -> Option<Self> {
        let table = [
            (Method::Invite, Self::Invite),
            (Method::Options, Self::Options),
            (Method::Message, Self::Message),
            (Method::Cancel, Self::Cancel),
            (Method::Bye, Self::Bye),
            (Method::Info, Self::Info),
        ];
        table.into_iter().find(|(of, _)| of == method).map(|(_, taken)| taken)
    }
}

/// The checks of RFC 3261 §8.2 in their order: method, request URI, Require, body.
pub(super) fn check(message: &Message<'_>) -> Result<Taken, Refusal> {
    let taken = message.method().as_ref().and_then(Taken::of).ok_or(Refusal::Method)?;
    match message.request_uri() {
        Some(Ok(Uri::Sip(_) | Uri::Tel(_))) => {}
        Some(Ok(Uri::Absolute(_))) => return Err(Refusal::Status(StatusCode::UNSUPPORTED_URI_SCHEME)),
        Some(Err(_)) | None => return Err(Refusal::Status(StatusCode::BAD_REQUEST)),
    }
    if taken == Taken::Cancel {
        return Ok(taken);
    }
    let required = message.get_all::<Require<'_>>().filter_map(Result::ok).map(|option| option.0);
    let required: Vec<&str> = required.collect();
    if !required.is_empty() {
        return Err(Refusal::Extensions(required.join(", ")));
    }
    if taken == Taken::Invite && !takes_descriptions(message) {
        return Err(Refusal::Status(StatusCode::NOT_ACCEPTABLE));
    }
    // Whatever a BYE brings: it hangs up.
    if message.body().is_empty() || taken == Taken::Bye {
        return Ok(taken);
    }
    let mut encodings = message.get_all::<ContentEncoding<'_>>().filter_map(Result::ok);
    if !encodings.all(|encoding| encoding.is("identity")) {
        return Err(Refusal::Encoding);
    }
    let known = match message.get::<ContentType<'_>>() {
        None => false,
        Some(Err(_)) => return Err(Refusal::Status(StatusCode::BAD_REQUEST)),
        Some(Ok(content_type)) => match taken {
            // Or one of several parts is a description (RFC 5621).
            Taken::Invite => content_type.is("application", "sdp") || description(message).is_some(),
            Taken::Message => content_type.media_type.eq_ignore_ascii_case("text"),
            Taken::Options | Taken::Cancel | Taken::Bye | Taken::Info => true,
        },
    };
    if known { Ok(taken) } else { Err(Refusal::Body) }
}

/// Whether an answer to the request may describe a session: it does not say what it takes, or that is among it
/// (RFC 3261 §20.1, RFC 4475 §3.3.15).
fn takes_descriptions(message: &Message<'_>) -> bool {
    let mut ranges = message.get_all::<Accept<'_>>().filter_map(Result::ok).peekable();
    ranges.peek().is_none() || ranges.any(|range| range.accepts("application", "sdp"))
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Status(StatusCode),
    /// 405 for a method that we know, 501 for one that we do not.
    Method,
    /// 420 with the extensions that the peer requires.
    Extensions(String),
    /// 415: not a body for this method.
    Body,
    /// 415: a body that is encoded.
    Encoding,
}

/// The value of Content-Type, empty if there is none.
pub(super) fn content_type(message: &Message<'_>) -> String {
    message.raw(HeaderName::ContentType).next().unwrap_or_default().to_owned()
}

/// Whether two addresses of record name the same user at the same host; ports and parameters say how to get there.
fn same_user_at_host(one: &Uri<'_>, other: &Uri<'_>) -> bool {
    match (one.as_sip(), other.as_sip()) {
        (Some(one), Some(other)) => {
            one.user_unescaped() == other.user_unescaped() && one.host.equivalent(&other.host)
        }
        _ => false,
    }
}
