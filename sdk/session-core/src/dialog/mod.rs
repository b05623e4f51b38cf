//! Dialogs (RFC 3261 §12).

mod peers;
mod state;

pub(crate) use peers::{Dialog, is_secure};
pub use state::{DialogEvent, DialogState};
