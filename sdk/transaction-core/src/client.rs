//! One client transaction: what the layer keeps of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::FlowId;
use rvoip_sip_core::{MessageBuf, Method};

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
    pub(crate) server_name: Option<String>,
    pub(crate) resource: Option<String>,
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
    /// The connection that it was sent on is ours to open again, and was not opened again for it yet.
    pub(crate) reopens: bool,
    pub(crate) reopened: bool,
}

impl Client {
    pub(crate) fn new(outgoing: Outgoing, method: Method, kind: Kind) -> Self {
        Self {
            outgoing,
            method,
            kind,
            phase: Phase::Idle,
            candidates: VecDeque::new(),
            server_name: None,
            resource: None,
            name: None,
            sent: None,
            path: None,
            ack: None,
            interval: Duration::ZERO,
            cancelling: Cancelling::No,
            last_failure: None,
            reopens: false,
            reopened: false,
        }
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
