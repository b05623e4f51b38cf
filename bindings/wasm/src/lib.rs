//! The facade for JavaScript. One delegating line a method; nothing is decided here.
//!
//! A verb gives a promise whose first step has happened when it is returned: the command is submitted. Data crosses in the
//! facade's serde form.
#![cfg(target_arch = "wasm32")]

mod client;
mod events;
#[cfg(feature = "harness")]
mod harness;
mod promise;
mod value;

pub use client::{RawClient, parse_message};
pub use events::RawEvents;
#[cfg(feature = "harness")]
pub use harness::RawHarness;

// Named for its feature alone, which compiles the messages of all crates out.
use tracing as _;
