//! One client transaction: what the layer keeps of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::FlowId;
use rvoip_sip_core::{MessageBuf, Method, SipUri, Uri};

use crate::flows::Names;
use crate::machine::{invite_client, non_invite_client};
use crate::matching::ClientName;
use crate::target::{Candidate, Outgoing, Resolution};

/// Names a client transaction. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(pub(crate) u64);

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Invite,
    NonInvite,
    /// The ACK of a 2xx, which is sent and forgotten.
    Ack,
    /// The CANCEL of one of our INVITEs: its responses interest nobody.
    Cancel,
}

/// How far a transaction came.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// Not begun, or between two addresses.
    Idle,
    Resolving(Resolution),
    Connecting(FlowId),
    Invite(invite_client::State),
    NonInvite(non_invite_client::State),
}

/// Whether the transaction user withdrew an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelling {
    No,
    /// As soon as a provisional response came (RFC 3261 §9.1).
    Wanted,
    Sent,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) outgoing: Outgoing,
    pub(crate) method: Method,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    pub(crate) candidates: VecDeque<Candidate>,
    /// What a connection is opened for.
    pub(crate) names: Names,
    /// The name under which responses find it, while it is on its way.
    pub(crate) name: Option<ClientName>,
    /// What was sent, with its Via.
    pub(crate) sent: Option<MessageBuf>,
    pub(crate) path: Option<(FlowId, SocketAddr)>,
    pub(crate) ack: Option<Bytes>,
    /// The current interval of timer A or E.
    pub(crate) interval: Duration,
    pub(crate) cancelling: Cancelling,
    /// Why the last address failed.
    pub(crate) last_failure: Option<String>,
    /// It was found too large for a datagram, though its target is reached by them.
    pub(crate) too_large: bool,
    /// Addresses from which no response came in time.
    pub(crate) silent: u8,
    pub(crate) again: Again,
}

/// Whether a request is sent once more when its connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It was not yet.
    NotYet,
    /// It is being: with the Via that it had, so that a server that has the request knows it.
    Now,
    Done,
}

impl Client {
    pub(crate) fn new(outgoing: Outgoing, method: Method, kind: Kind) -> Self {
        Self {
            outgoing,
            method,
            kind,
            phase: Phase::Idle,
            candidates: VecDeque::new(),
            names: Names::default(),
            name: None,
            sent: None,
            path: None,
            ack: None,
            interval: Duration::ZERO,
            cancelling: Cancelling::No,
            last_failure: None,
            too_large: false,
            silent: 0,
            again: Again::NotYet,
        }
    }

    /// Whether the request is for a SIPS URI, so that every hop is to be secure (RFC 3261 §26.2.2).
    pub(crate) fn is_secure(&self) -> bool {
        let request = self.outgoing.request.as_message();
        let uri = request.request_uri().and_then(Result::ok);
        uri.as_ref().and_then(Uri::as_sip).is_some_and(SipUri::is_secure)
    }

    /// Whether the request may reach a server twice: one that is carried out twice does what it did once.
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self.method, Method::Invite | Method::Register | Method::Options | Method::Bye)
    }

    /// Whether the transaction user withdrew it.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.cancelling != Cancelling::No
    }

    /// Whether no response came yet, so that another address may be tried.
    pub(crate) fn is_unanswered(&self) -> bool {
        match self.phase {
            Phase::Idle | Phase::Resolving(_) | Phase::Connecting(_) => true,
            Phase::Invite(state) => state == invite_client::State::Calling,
            Phase::NonInvite(state) => state == non_invite_client::State::Trying,
        }
    }
}
