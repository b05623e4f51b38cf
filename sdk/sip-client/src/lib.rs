//! A SIP phone as a library: [`Client`], [`Account`], [`Call`].
//!
//! ```no_run
//! use rvoip::Client;
//! use std::time::Duration;
//!
//! # async fn example() -> rvoip::Result<()> {
//! let client = Client::builder().build().await?;
//! let alice = client.account("sip:alice@example.com").password("secret").register().await?;
//! let call = alice.call("sip:bob@example.com").await?;
//! call.answered().await?;
//! call.play("hello.wav").await?;
//! let digits = call.collect_digits(4, Duration::from_secs(10)).await?;
//! call.hang_up().await?;
//! # drop(digits);
//! # Ok(())
//! # }
//! ```
//!
//! What happens is told as [`Event`]s: a [`Client`], an [`Account`] and a [`Call`] each give their own [`Events`].
//!
//! # RFCs
//! - The protocol is that of the crates below; of all that they offer, a phone uses what RFC 3261 says of user agents, RFC 3428
//!   (texts) and RFC 4733 (keys), or RFC 6086 (INFO) where the peer takes no telephone events
//!
//! # Invariants
//! - All state of a client is behind one lock, in the sans-IO [`Agent`](agent::Agent).
//! - A verb is one command, submitted by its future's first poll and withdrawn by its drop.
//! - No future here sleeps, spawns or takes several steps of the protocol.
//! - Nobody is woken while the lock is held.

mod account;
pub mod agent;
mod call;
mod client;
mod command;
mod config;
mod error;
mod event;
mod events;
mod handle;
#[cfg(feature = "harness")]
pub mod harness;
mod ids;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod parse;
mod seconds;
mod settings;
mod state;
mod statistics;
mod usable;
mod verb;

pub use account::{Account, AccountBuilder};
pub use call::Call;
pub use client::{Client, ClientBuilder};
pub use command::{Answer, Registration};
pub use config::{
    AccountConfig, Bind, Capabilities, ClientConfig, MediaConfig, TimerConfig, TlsConfig, TransportKind,
};
pub use error::{Error, ErrorKind, Result};
pub use event::Event;
pub use events::{Events, Scope};
pub use ids::{AccountKey, CallKey};
pub use parse::{HeaderField, ParsedMessage, parse_message};
#[cfg(target_arch = "wasm32")]
pub use rvoip_driver::MediaPlatform;
pub use rvoip_driver::{AudioSink, AudioSource, ToneKind, WireEntry, WireTap};
pub use state::{AccountInfo, CallDirection, CallInfo, CallState, Cause, RegistrationState};
pub use statistics::{CallStatistics, DirectionStatistics};
pub use verb::Verb;
