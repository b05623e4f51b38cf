//! What the endpoint tells: facts for the user, questions for whoever has the media.

use std::time::Duration;

use bytes::Bytes;
use rvoip_sip_core::{NameAddrBuf, StatusCode};

use crate::{IdentityId, NextHop, RequestId, SessionId};

/// Which way audio may flow, as the description that is asked for shall say.
pub use rvoip_sdp_core::Direction;

/// What the endpoint asks of whoever has the media. The answer comes by
/// [`UserAgent::media_answered`](crate::UserAgent::media_answered) and may come later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaQuestion {
    /// Write an offer.
    CreateOffer {
        /// Our wish.
        direction: Direction,
        /// The path of the media may be another one by now: ICE starts anew (RFC 8445 §9), and who has sockets may have to
        /// open them at another address.
        restart: bool,
        /// Where the offer goes first, if it is the first of a call: the peer is to reach us from there.
        toward: Option<NextHop>,
    },
    /// Take the peer's offer and write the answer.
    CreateAnswer {
        /// The offer.
        offer: String,
        /// Our wish; the answer allows at most this.
        direction: Direction,
    },
    /// Take the peer's answer to our offer.
    SetRemote {
        /// The answer.
        answer: String,
        /// It came in a provisional response: the final one confirms it, or brings that of another dialog in its place.
        provisional: bool,
    },
    /// Forget our offer: it was refused, and what was agreed before holds.
    Rollback,
}

/// The answer to a [`MediaQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaAnswer {
    /// The description that was asked for.
    Description(String),
    /// It is done.
    Applied,
    /// It cannot be.
    Refused {
        /// What a request that asked for it is answered with, such as 488.
        status: StatusCode,
        /// One line for people.
        reason: String,
    },
}

/// Why something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The peer, or a server on the way, refused.
    Rejected,
    /// The credentials were refused, or there are none.
    AuthenticationFailed,
    /// Nobody answered in time.
    TimedOut,
    /// The peer's host is not known or cannot be reached.
    Unreachable,
    /// No media could be agreed on.
    MediaRefused,
    /// It cannot be done in the present state.
    InvalidState,
    /// Too much is under way here.
    Busy,
}

/// A failure with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// The SIP status code, if a response said it.
    pub status: Option<u16>,
    /// One line for people.
    pub reason: String,
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// We hung up.
    LocalHangUp,
    /// The peer hung up.
    RemoteHangUp,
    /// The caller withdrew the call before it was answered.
    Cancelled,
    /// The call was refused, by the peer or by us.
    Rejected {
        /// The status code.
        status: StatusCode,
        /// The reason phrase.
        reason: String,
    },
    /// The credentials were refused, or there are none.
    AuthenticationFailed {
        /// The status code.
        status: StatusCode,
        /// The reason phrase.
        reason: String,
    },
    /// Nobody answered in time.
    TimedOut,
    /// The peer's host is not known or cannot be reached.
    Unreachable {
        /// One line for people.
        reason: String,
    },
    /// No media could be agreed on.
    MediaRefused {
        /// One line for people.
        reason: String,
    },
    /// The peer broke the protocol, or lost the call.
    ProtocolFailed {
        /// One line for people.
        reason: String,
    },
}

/// What a peer answered to a request outside of the state machines, such as OPTIONS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestAnswer {
    /// The status code, 200 to 699.
    pub status: StatusCode,
    /// The reason phrase.
    pub reason: String,
    /// The methods of Allow.
    pub allow: Vec<String>,
    /// The extensions of Supported.
    pub supported: Vec<String>,
    /// Server or User-Agent.
    pub agent: Option<String>,
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAgentEvent {
    /// A registrar took the registration, or its refresh.
    Registered {
        /// Whose.
        identity: IdentityId,
        /// For how long.
        expires: Duration,
        /// Every contact that the registrar has for the address of record.
        contacts: Vec<String>,
    },
    /// A registration failed.
    RegistrationFailed {
        /// Whose.
        identity: IdentityId,
        /// Why.
        failure: Failure,
        /// When it is tried again; never, if the credentials are wrong.
        retry: Option<Duration>,
    },
    /// A registration was removed.
    Unregistered {
        /// Whose.
        identity: IdentityId,
    },
    /// Somebody calls.
    InviteReceived {
        /// The new session.
        session: SessionId,
        /// Who is called, if it is one of ours.
        identity: Option<IdentityId>,
        /// The caller.
        from: NameAddrBuf,
        /// Whom the caller wanted.
        to: NameAddrBuf,
    },
    /// A provisional response of the peer.
    Progress {
        /// The session.
        session: SessionId,
        /// The status code, 101 to 199.
        status: StatusCode,
        /// The reason phrase.
        reason: String,
        /// The peer already sends audio.
        early_media: bool,
    },
    /// The session is there: both sides agreed, and its ACK is sent or received.
    Established {
        /// The session.
        session: SessionId,
    },
    /// One side put the other on hold, or took it off.
    HoldChanged {
        /// The session.
        session: SessionId,
        /// We hold the peer.
        local: bool,
        /// The peer holds us.
        remote: bool,
    },
    /// A change of the session that we asked for is done.
    Modified {
        /// The session.
        session: SessionId,
    },
    /// A change of the session that we asked for failed; the session is as before.
    ModifyFailed {
        /// The session.
        session: SessionId,
        /// Why.
        failure: Failure,
    },
    /// A connection is lost: a registration, or a session, is being carried on over another.
    Recovering {
        /// Whose registration.
        identity: Option<IdentityId>,
        /// Which session.
        session: Option<SessionId>,
        /// One line for people.
        reason: String,
    },
    /// What was said to be recovering works again.
    Recovered {
        /// Whose registration.
        identity: Option<IdentityId>,
        /// Which session.
        session: Option<SessionId>,
    },
    /// A session is over. Nothing follows for it.
    Ended {
        /// The session.
        session: SessionId,
        /// Why.
        cause: EndCause,
    },
    /// A request of [`UserAgent::request`](crate::UserAgent::request) or
    /// [`UserAgent::request_in_session`](crate::UserAgent::request_in_session) was
    /// answered.
    RequestAnswered {
        /// The request.
        request: RequestId,
        /// The final answer.
        answer: RequestAnswer,
    },
    /// Such a request got no answer.
    RequestFailed {
        /// The request.
        request: RequestId,
        /// Why.
        failure: Failure,
    },
    /// A MESSAGE came (RFC 3428). It is answered already.
    MessageReceived {
        /// For whom, if it is one of ours.
        identity: Option<IdentityId>,
        /// The session that it came in.
        session: Option<SessionId>,
        /// The sender.
        from: NameAddrBuf,
        /// The type of the body.
        content_type: String,
        /// The body.
        body: Bytes,
    },
    /// An INFO came in a session (RFC 6086). It is answered already.
    InfoReceived {
        /// The session.
        session: SessionId,
        /// The type of the body; empty if there is none.
        content_type: String,
        /// The body.
        body: Bytes,
    },
}

impl UserAgentEvent {
    /// The session that the event is about, if it is about one.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::InviteReceived { session, .. }
            | Self::Progress { session, .. }
            | Self::Established { session }
            | Self::HoldChanged { session, .. }
            | Self::Modified { session }
            | Self::ModifyFailed { session, .. }
            | Self::Ended { session, .. }
            | Self::InfoReceived { session, .. } => Some(*session),
            Self::MessageReceived { session, .. }
            | Self::Recovering { session, .. }
            | Self::Recovered { session, .. } => *session,
            Self::Registered { .. }
            | Self::RegistrationFailed { .. }
            | Self::Unregistered { .. }
            | Self::RequestAnswered { .. }
            | Self::RequestFailed { .. } => None,
        }
    }
}
