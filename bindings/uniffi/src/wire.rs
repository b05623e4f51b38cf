//! Seeing the SIP messages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// One SIP message that entered or left.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WireEntry {
    /// Time since the Unix epoch.
    pub time: Duration,
    /// It was received; otherwise it was sent.
    pub incoming: bool,
    /// Names the socket or connection that it travelled on.
    pub flow: String,
    /// How it travelled: `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
    pub protocol: String,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The message, without secrets.
    pub text: String,
}

impl From<&rvoip::WireEntry> for WireEntry {
    fn from(entry: &rvoip::WireEntry) -> Self {
        let rvoip::WireEntry { time, incoming, flow, protocol, local, remote, text } = entry.clone();
        let (flow, protocol) = (format!("{flow:?}"), protocol.to_string());
        Self { time, incoming, flow, protocol, local, remote, text }
    }
}

/// What a wire tap threw. The client goes on without minding it.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum WireTapError {
    /// It failed in its own way.
    #[error("{reason}")]
    Failed {
        /// One line for people.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for WireTapError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// Sees every SIP message. It is called from the client's loop and must not wait.
#[uniffi::export(with_foreign)]
pub trait WireTap: Send + Sync {
    /// A message entered or left.
    fn seen(&self, entry: WireEntry) -> Result<(), WireTapError>;
}

/// The facade's form of a foreign wire tap. A tap that throws concerns nobody: the client's loop goes on.
pub(crate) fn tap(seer: Arc<dyn WireTap>) -> rvoip::WireTap {
    rvoip::WireTap::new(move |entry| drop(seer.seen(entry.into())))
}
