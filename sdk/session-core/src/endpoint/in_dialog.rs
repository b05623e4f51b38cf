//! Requests within dialogs (RFC 3261 §12.2.2).

use rvoip_sans_io::Now;
use rvoip_sip_core::{HeaderName, MessageBuf, StatusCode};
use rvoip_transaction_core::{DialogId, ServerKey, Source, TransactionLayer};

use super::Endpoint;
use super::incoming::{Taken, check, content_type};
use crate::dialog::DialogEvent;
use crate::session::PhaseEvent;
use crate::{EndCause, SessionId, UserAgentEvent};

impl Endpoint {
    /// A request within a dialog of the session that [`Self::session_of`] names.
    pub fn handle_request_in_session(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ServerKey,
        request: &MessageBuf,
        source: Source,
    ) {
        let message = request.as_message();
        let method = match check(&message) {
            Ok(method) => method,
            Err(refusal) => return self.refuse(now, layer, key, &message, refusal),
        };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let in_order = match (&mut session.dialog, &mut session.calling) {
            (Some(dialog), _) => dialog.takes(&message),
            // An early dialog of a caller, which only its own table knows.
            (None, Some(calling)) => DialogId::of_request(&message)
                .and_then(|dialog| calling.early.get_mut(&dialog.remote_tag))
                .is_some_and(|dialog| dialog.takes(&message)),
            (None, None) => false,
        };
        if !in_order {
            return self.respond(now, layer, key, &message, StatusCode::SERVER_INTERNAL_ERROR);
        }
        match method {
            Taken::Bye => self.bye_received(now, layer, id, key, request),
            Taken::Invite => self.reinvite_received(now, layer, id, key, request, source),
            Taken::Options => self.options_received(now, layer, key, &message),
            Taken::Message => self.message_received(now, layer, key, &message, Some(id)),
            // We know no package, and what is sent without one by the old use of INFO alone (RFC 6086 §4.2.2).
            Taken::Info if message.raw(HeaderName::InfoPackage).next().is_some() => {
                let status = StatusCode::BAD_INFO_PACKAGE;
                let tag = self.random.token(10);
                let builder = self.answer(&message, status, &tag).raw(HeaderName::RecvInfo, "");
                layer.answer(now, key, &message, &tag, builder);
            }
            Taken::Info => {
                let event = UserAgentEvent::InfoReceived {
                    session: id,
                    content_type: content_type(&message),
                    body: bytes::Bytes::copy_from_slice(message.body()),
                };
                self.respond(now, layer, key, &message, StatusCode::OK);
                self.tell(event);
            }
            // A CANCEL has no tag of ours unless its INVITE had one, and then it matched.
            Taken::Cancel => {
                self.respond(now, layer, key, &message, StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST);
            }
        }
    }

    /// The peer hangs up: everything that is open is answered, and the session is over (RFC 3261 §15.1.2).
    fn bye_received(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        key: ServerKey,
        request: &MessageBuf,
    ) {
        let message = request.as_message();
        self.respond(now, layer, key, &message, StatusCode::OK);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(calling) = &mut session.calling {
            // A callee ends no early dialog (RFC 3261 §15). If one does, that branch is over, and no other.
            let dialog = DialogId::of_request(&message);
            let Some(dialog) = dialog.and_then(|id| calling.early.get_mut(&id.remote_tag)) else { return };
            if dialog.step(DialogEvent::Bye) {
                let gone = dialog.id.clone();
                calling.early.remove(&gone.remote_tag);
                self.dialogs.remove(&gone);
            }
            return;
        }
        if !session.advance(PhaseEvent::RemoteBye) {
            return;
        }
        if let Some(dialog) = &mut session.dialog {
            dialog.step(DialogEvent::Bye);
        }
        if let Some(changing) = session.reinvite {
            layer.cancel(now, changing);
        }
        let cause = session.bye_wanted.take().unwrap_or(EndCause::RemoteHangUp);
        self.end(now, layer, id, cause);
    }
}
