//! The facade's data types, restated for `UniFFI`.

mod audio;
mod config;
mod error;
mod event;
mod message;
mod state;
mod statistics;
mod values;

pub use config::describe_account;
pub use error::kind_of;
pub use message::parse_message;
pub use values::{PortRange, Ports, Samples};
