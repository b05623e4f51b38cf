//! Which transaction user a request is for: its dialog, or the one that answers outside of dialogs.

use rvoip_sip_core::Message;
use rvoip_sip_core::header::{CallId, From, To};

/// The name of a dialog, seen from our side (RFC 3261 §12).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543 that gave none.
    pub remote_tag: String,
}

impl DialogId {
    /// The dialog that a received request speaks of; `None` outside of dialogs.
    pub fn of_request(request: &Message<'_>) -> Option<Self> {
        let to = request.get::<To<'_>>()?.ok()?;
        let from = request.get::<From<'_>>()?.ok()?;
        let call_id = request.get::<CallId<'_>>()?.ok()?;
        Some(Self::new(call_id, to.tag()?, from.tag().unwrap_or_default()))
    }

    /// The dialog that a received response makes or speaks of; `None` if it has no tag of the peer.
    pub fn of_response(response: &Message<'_>) -> Option<Self> {
        let to = response.get::<To<'_>>()?.ok()?;
        let from = response.get::<From<'_>>()?.ok()?;
        let call_id = response.get::<CallId<'_>>()?.ok()?;
        Some(Self::new(call_id, from.tag()?, to.tag()?))
    }

    fn new(call_id: CallId<'_>, local_tag: &str, remote_tag: &str) -> Self {
        Self {
            call_id: call_id.0.to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: remote_tag.to_owned(),
        }
    }
}

/// Chooses the transaction user of a request: the owner of its dialog, if anybody knows it, else whoever `otherwise`
/// names. So several transaction users (endpoint, registrar, proxy) share one port.
pub fn dispatch<T>(
    request: &Message<'_>,
    owner: impl FnOnce(&DialogId) -> Option<T>,
    otherwise: impl FnOnce(&Message<'_>) -> T,
) -> T {
    DialogId::of_request(request).as_ref().and_then(owner).unwrap_or_else(|| otherwise(request))
}
