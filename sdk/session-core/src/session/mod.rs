//! INVITE sessions: what is kept of one, and the machines that say what comes next.

mod change;
mod phase;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, Map};
use rvoip_sip_core::{MessageBuf, StatusCode, UriBuf};
use rvoip_transaction_core::{ClientKey, Outgoing, ServerKey, Source};

pub use change::{ChangeEvent, ChangeState};
pub use phase::{PhaseEvent, SessionPhase};

use crate::dialog::Dialog;
use crate::{EndCause, IdentityId, NegotiationId};

/// A change of an established session that we want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Hold,
    Resume,
    /// The same once more, with fresh media.
    Refresh,
    /// The same once more over another connection, which nobody asked for.
    Recover,
}

/// The connection of a session was lost, and a re-INVITE over another is to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// Re-INVITEs that failed.
    pub(crate) failures: u32,
    /// It is not its turn yet: the registration comes first, or the last attempt failed just now.
    pub(crate) waits: bool,
}

/// What a caller keeps until the call is answered.
#[derive(Debug)]
pub(crate) struct Calling {
    /// The INVITE that is on its way.
    pub(crate) key: Option<ClientKey>,
    /// Whom we call; as To of every attempt.
    pub(crate) to: UriBuf,
    /// The request URI of the present attempt.
    pub(crate) target: UriBuf,
    pub(crate) call_id: String,
    pub(crate) sequence: u32,
    /// Our offer; none if the callee shall offer.
    pub(crate) offer: Option<String>,
    /// Early dialogs by the tag of the peer: an INVITE that forks makes several.
    pub(crate) early: Map<String, Dialog>,
    /// The first answer in the provisional responses of each of them. In its dialog it is the answer (RFC 3261 §13.2.1).
    pub(crate) early_answers: Map<String, String>,
    /// How often the media side was asked to take such an answer.
    pub(crate) early_asked: usize,
    /// The last provisional response that was told: the peer's tag, the status and the reason phrase.
    pub(crate) progress: Option<(Option<String>, StatusCode, String)>,
    /// Targets of redirects that are still to be tried, and those that were (RFC 3261 §8.1.3.4).
    pub(crate) alternatives: VecDeque<UriBuf>,
    pub(crate) visited: Vec<UriBuf>,
}

/// What a callee keeps until the call is answered.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) key: ServerKey,
    pub(crate) invite: MessageBuf,
    pub(crate) source: Source,
    /// The peer's offer, if the INVITE has one.
    pub(crate) offer: Option<String>,
}

/// A 2xx of ours that waits for its ACK, and is repeated until it comes (RFC 3261 §13.3.1.4).
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    pub(crate) key: ServerKey,
    pub(crate) sequence: u32,
    pub(crate) response: MessageBuf,
    pub(crate) interval: Duration,
    /// Our description was an offer: the ACK brings the answer.
    pub(crate) offered: bool,
}

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) identity: Option<IdentityId>,
    pub(crate) phase: SessionPhase,
    pub(crate) local_tag: String,
    pub(crate) calling: Option<Calling>,
    pub(crate) called: Option<Called>,
    pub(crate) dialog: Option<Dialog>,
    pub(crate) unacknowledged: Option<Unacknowledged>,
    /// The INVITE of ours whose 2xx is acknowledged next.
    pub(crate) invited: Option<ClientKey>,
    /// The offer of a 2xx, which the ACK answers.
    pub(crate) offered: Option<String>,
    /// The last ACK that we sent, and the number of its INVITE: it is sent again for each 2xx that comes again.
    pub(crate) acknowledged: Option<(u32, Outgoing)>,
    pub(crate) change: ChangeState,
    /// What the change in progress is for, if we asked for it.
    pub(crate) changing: Option<Change>,
    pub(crate) changes: VecDeque<Change>,
    pub(crate) recovery: Option<Recovery>,
    /// The path without which nobody reaches us, or we nobody: it is kept alive.
    pub(crate) kept: Option<(FlowId, SocketAddr)>,
    /// Questions to the media side that are open.
    pub(crate) questions: Vec<NegotiationId>,
    /// The re-INVITE that is on its way.
    pub(crate) reinvite: Option<ClientKey>,
    /// The re-INVITE of the peer that waits for the media side.
    pub(crate) reinvited: Option<(ServerKey, MessageBuf, Source)>,
    pub(crate) held_local: bool,
    pub(crate) held_remote: bool,
    /// A server of the identity's is on the way to the peer, and may ask for the password.
    pub(crate) known: bool,
    /// We hung up before a BYE could be sent.
    pub(crate) bye_wanted: Option<EndCause>,
    /// The user has been told that the session is over.
    pub(crate) ended: bool,
}

impl Session {
    pub(crate) fn new(identity: Option<IdentityId>, phase: SessionPhase, local_tag: String) -> Self {
        Self {
            identity,
            phase,
            local_tag,
            calling: None,
            called: None,
            dialog: None,
            unacknowledged: None,
            invited: None,
            offered: None,
            acknowledged: None,
            change: ChangeState::Idle,
            changing: None,
            changes: VecDeque::new(),
            recovery: None,
            kept: None,
            questions: Vec::new(),
            reinvite: None,
            reinvited: None,
            held_local: false,
            held_remote: false,
            known: false,
            bye_wanted: None,
            ended: false,
        }
    }

    /// Moves on; false if the event has no place in the present phase.
    pub(crate) fn advance(&mut self, event: PhaseEvent) -> bool {
        match self.phase.step(event) {
            Some(next) => {
                self.phase = next;
                true
            }
            None => false,
        }
    }

    /// The same for a change of the session.
    pub(crate) fn change(&mut self, event: ChangeEvent) -> bool {
        match self.change.step(event) {
            Some(next) => {
                self.change = next;
                true
            }
            None => false,
        }
    }
}
