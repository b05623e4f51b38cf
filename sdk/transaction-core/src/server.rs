//! One server transaction: what the layer keeps of it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sip_core::{MessageBuf, Method};

use crate::machine::{invite_server, non_invite_server};
use crate::matching::{MergeName, ServerName};
use crate::output::Source;

/// Names a server transaction. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey(pub(crate) u64);

/// The state, of one machine or the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    Invite(invite_server::State),
    NonInvite(non_invite_server::State),
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: ServerName,
    pub(crate) merge: Option<MergeName>,
    pub(crate) method: Method,
    pub(crate) phase: Phase,
    pub(crate) source: Source,
    /// Where responses go: on a datagram flow always, on a stream if its connection is gone (RFC 3261 §18.2.2).
    pub(crate) destination: SocketAddr,
    /// The request, until something was answered.
    pub(crate) unanswered: Option<MessageBuf>,
    pub(crate) response: Option<Bytes>,
    /// Our tag, as the transaction user chose it.
    pub(crate) local_tag: Option<String>,
    /// The current interval of timer G.
    pub(crate) interval: Duration,
    /// The bytes that were counted for it.
    pub(crate) counted: usize,
}

impl Server {
    /// What it holds of what the peer chose the size of, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let merge = self.merge.as_ref().map_or(0, MergeName::len);
        let request = self.unanswered.as_ref().map_or(0, |request| request.as_bytes().len());
        // Names stand in the transaction and in the table where it is found.
        2 * (self.name.len() + merge) + request + self.response.as_ref().map_or(0, Bytes::len)
    }
}
