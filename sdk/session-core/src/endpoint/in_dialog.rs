//! Requests within dialogs (RFC 3261 §12.2.2).

use rvoip_sans_io::Now;
use rvoip_sip_core::{MessageBuf, StatusCode};
use rvoip_transaction_core::{ServerKey, Source, TransactionLayer};

use super::Endpoint;
use super::incoming::{Taken, check, content_type};
use crate::dialog::DialogEvent;
use crate::session::{PhaseEvent, SessionPhase};
use crate::{EndCause, SessionId, UserAgentEvent};

impl Endpoint {
    pub(super) fn in_dialog(
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
            (None, Some(calling)) => rvoip_transaction_core::DialogId::of_request(&message)
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
        self.respond(now, layer, key, &request.as_message(), StatusCode::OK);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.phase == SessionPhase::Proceeding {
            // A callee may end its early dialog; the other branches of the fork are not worth waiting for.
            session.advance(PhaseEvent::RemoteBye);
            session.bye_wanted = Some(EndCause::RemoteHangUp);
            if let Some(key) = session.calling.as_ref().and_then(|calling| calling.key) {
                layer.cancel(now, key);
            }
            return;
        }
        if !session.advance(PhaseEvent::RemoteBye) {
            return;
        }
        if let Some(dialog) = &mut session.dialog {
            dialog.step(DialogEvent::Bye);
        }
        let ringing = session.called.take().map(|called| (called.key, called.invite));
        let reinvited = session.reinvited.take().map(|(key, request, _)| (key, request));
        if let Some(changing) = session.reinvite {
            layer.cancel(now, changing);
        }
        let cause = session.bye_wanted.take().unwrap_or(EndCause::RemoteHangUp);
        for (key, invite) in ringing.into_iter().chain(reinvited) {
            self.respond(now, layer, key, &invite.as_message(), StatusCode::REQUEST_TERMINATED);
        }
        self.end(id, cause);
    }
}
