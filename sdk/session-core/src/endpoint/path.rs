//! The paths that sessions need: they are kept alive, and their loss is told to those whose they are.

use std::net::SocketAddr;

use rvoip_sans_io::{FlowId, Now};
use rvoip_transaction_core::TransactionLayer;

use super::Endpoint;
use crate::SessionId;

impl Endpoint {
    /// The dialog of a session may have another path now. A session needs it if only that leads to the peer, or if only
    /// that leads from the peer to us: our Contact says so (`ob`), or nobody could connect to what it says. Other
    /// connections may come and go (RFC 3261 §18).
    pub(super) fn keep_path(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (path, bound) = session.dialog.as_ref().map_or((None, false), crate::dialog::Dialog::path);
        let outbound = session
            .identity
            .and_then(|identity| self.identities.get(&identity))
            .is_some_and(|state| state.registration.outbound);
        let is_connection = |flow| layer.protocol(flow).is_some_and(rvoip_sans_io::Protocol::is_reliable);
        let needed = path.filter(|(flow, peer)| {
            is_connection(*flow) && (bound || outbound || layer.is_needed(*flow, peer.ip()))
        });
        self.keep(now, layer, id, needed);
    }

    /// The session is over, or its path is gone.
    pub(super) fn release_path(&mut self, now: Now, layer: &mut TransactionLayer, id: SessionId) {
        self.keep(now, layer, id, None);
    }

    fn keep(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        id: SessionId,
        path: Option<(FlowId, SocketAddr)>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let before = std::mem::replace(&mut session.kept, path);
        if before == path {
            return;
        }
        if let Some((flow, peer)) = before {
            layer.stop_keep_alive(flow, peer);
            if let Some(sessions) = self.kept.get_mut(&flow) {
                sessions.remove(&id);
                if sessions.is_empty() {
                    self.kept.remove(&flow);
                }
            }
        }
        if let Some((flow, peer)) = path {
            layer.keep_alive(now, flow, peer);
            self.kept.entry(flow).or_default().insert(id);
        }
    }

    /// The sessions that need a flow, which is gone.
    pub(super) fn sessions_without(&mut self, flow: FlowId) -> Vec<SessionId> {
        let lost = self.kept.remove(&flow).unwrap_or_default();
        let ids: Vec<SessionId> = lost.iter().copied().collect();
        for id in &ids {
            if let Some(session) = self.sessions.get_mut(id) {
                session.kept = None;
            }
        }
        ids
    }
}
