//! Keep-alives by CRLF (RFC 5626 §3.5.1, §4.4.1): who is kept alive, and who answers.

use std::net::SocketAddr;

use rvoip_sans_io::{FlowId, Map};

/// One path that is kept alive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptPath {
    pub(crate) flow: FlowId,
    pub(crate) destination: SocketAddr,
    /// The peer answered once, so that a missing answer means a dead connection. Peers that do not know the
    /// mechanism never answer.
    pub(crate) answers: bool,
    /// Our last ping has no answer yet.
    awaited: bool,
}

#[derive(Debug, Default)]
pub(crate) struct KeepAlives {
    paths: Map<u32, KeptPath>,
    last: u32,
}

impl KeepAlives {
    pub(crate) fn start(&mut self, flow: FlowId, destination: SocketAddr) -> Option<u32> {
        if self.paths.values().any(|path| path.flow == flow && path.destination == destination) {
            return None;
        }
        self.last = self.last.wrapping_add(1);
        self.paths.insert(self.last, KeptPath { flow, destination, answers: false, awaited: false });
        Some(self.last)
    }

    /// A ping leaves.
    pub(crate) fn pinged(&mut self, id: u32) -> Option<KeptPath> {
        let path = self.paths.get_mut(&id)?;
        path.awaited = true;
        Some(*path)
    }

    pub(crate) fn get(&self, id: u32) -> Option<KeptPath> {
        self.paths.get(&id).copied()
    }

    /// The peer is known to answer.
    pub(crate) fn expect(&mut self, flow: FlowId, destination: SocketAddr) {
        for path in self.paths.values_mut() {
            path.answers |= path.flow == flow && path.destination == destination;
        }
    }

    /// A single CRLF came: gives the paths whose ping it answers.
    pub(crate) fn answered(&mut self, flow: FlowId) -> Vec<u32> {
        let awaited = self.paths.iter_mut().filter(|(_, path)| path.flow == flow && path.awaited);
        awaited
            .map(|(id, path)| {
                path.answers = true;
                path.awaited = false;
                *id
            })
            .collect()
    }

    /// Ends what is kept alive on a flow, towards one destination or all.
    pub(crate) fn stop(&mut self, flow: FlowId, destination: Option<SocketAddr>) -> Vec<u32> {
        let ends = |path: &KeptPath| {
            path.flow == flow && destination.is_none_or(|destination| destination == path.destination)
        };
        let ids: Vec<u32> = self.paths.iter().filter(|(_, path)| ends(path)).map(|(id, _)| *id).collect();
        for id in &ids {
            self.paths.remove(id);
        }
        ids
    }
}
