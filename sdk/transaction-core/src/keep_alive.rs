//! Keep-alives by CRLF (RFC 5626 §3.5.1, §4.4.1): who is kept alive, and who answers.

use std::net::SocketAddr;
use std::time::Duration;

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
    /// How many want it to be kept alive.
    users: u32,
    /// The longest time between two pings that the peer allows (`Flow-Timer`, RFC 5626 §4.4).
    pub(crate) within: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct KeepAlives {
    paths: Map<u32, KeptPath>,
    last: u32,
}

impl KeepAlives {
    /// Somebody wants a path to be kept alive; gives its name if it was not yet.
    pub(crate) fn start(&mut self, flow: FlowId, destination: SocketAddr) -> Option<u32> {
        if let Some(path) = self.find(flow, destination).and_then(|id| self.paths.get_mut(&id)) {
            path.users += 1;
            return None;
        }
        self.last = self.last.wrapping_add(1);
        let path = KeptPath { flow, destination, answers: false, awaited: false, users: 1, within: None };
        self.paths.insert(self.last, path);
        Some(self.last)
    }

    fn find(&self, flow: FlowId, destination: SocketAddr) -> Option<u32> {
        let same = |(_, path): &(&u32, &KeptPath)| path.flow == flow && path.destination == destination;
        self.paths.iter().find(same).map(|(id, _)| *id)
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

    /// The peer is known to answer, and may want to hear of us so often; gives the path's name.
    pub(crate) fn expect(
        &mut self,
        flow: FlowId,
        destination: SocketAddr,
        within: Option<Duration>,
    ) -> Option<u32> {
        let id = self.find(flow, destination)?;
        let path = self.paths.get_mut(&id)?;
        path.answers = true;
        path.within = within;
        Some(id)
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

    /// One of those who want a path to be kept alive does not any more; gives the path's name if it was the last.
    pub(crate) fn stop(&mut self, flow: FlowId, destination: SocketAddr) -> Option<u32> {
        let id = self.find(flow, destination)?;
        let path = self.paths.get_mut(&id)?;
        path.users -= 1;
        if path.users > 0 {
            return None;
        }
        self.paths.remove(&id).map(|_| id)
    }

    /// A flow is gone; gives the names of its paths.
    pub(crate) fn lost(&mut self, flow: FlowId) -> Vec<u32> {
        let ids: Vec<u32> =
            self.paths.iter().filter(|(_, path)| path.flow == flow).map(|(id, _)| *id).collect();
        self.paths.retain(|_, path| path.flow != flow);
        ids
    }
}
