//! The phone for Kotlin and Swift: the facade's verbs and data, exported by `UniFFI`.
//!
//! ```no_run
//! use rvoip_ffi::{AccountConfig, Client};
//!
//! # async fn example() -> rvoip::Result<()> {
//! let client = Client::open(None, None).await?;
//! let config = AccountConfig { address: "sip:alice@example.com".to_owned(), ..AccountConfig::default() };
//! let alice = client.register(config).await?;
//! let call = alice.call("sip:bob@example.com".to_owned()).await?;
//! call.answered().await?;
//! call.hang_up().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: nothing is decided here, each verb is one line that hands on; the data types are the facade's own,
//! restated field by field, so that a field or a variant that is new there does not compile here; a future that the
//! foreign side gives up is dropped, which withdraws its command.

mod account;
mod call;
mod client;
mod events;
#[cfg(feature = "harness")]
mod harness;
mod types;
mod wire;

pub use account::Account;
pub use call::Call;
pub use client::{Client, default_config};
pub use events::{EventStream, account_key_of, call_key_of};
#[cfg(feature = "harness")]
pub use harness::{Harness, account_config_of, audio_sink_of, audio_source_of, client_config_of};
pub use rvoip::{
    AccountConfig, AccountInfo, AccountKey, Answer, AudioSink, AudioSource, CallInfo, CallKey, Capabilities,
    Cause, ClientConfig, Error, ErrorKind, Event, HeaderField, ParsedMessage, Registration, Result,
};
pub use types::{PortRange, Ports, Samples, describe_account, kind_of, parse_message};
pub use wire::{WireEntry, WireTap, WireTapError};

uniffi::setup_scaffolding!("rvoip");
