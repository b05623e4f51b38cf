//! A softswitch: for now the registrar and the proxy that phones of one domain need.
//!
//! [`Switch`] is sans-IO: a [`Registrar`] and a proxy, two transaction users on one transaction layer. [`start`] runs it on
//! real sockets.
//!
//! ```
//! use rvoip_call_engine::{Switch, SwitchConfig};
//! use rvoip_driver::Random;
//! use rvoip_sip_core::Password;
//!
//! let mut config = SwitchConfig::for_domain("example.com");
//! config.users.insert("alice".to_owned(), Password::new("secret"));
//! let switch = Switch::new(config, Random::from_number(1));
//! assert!(switch.bindings("alice").is_empty());
//! ```
//!
//! # RFCs
//! - RFC 3261 §10.3 (registrar), §16 (stateful proxy: forking, Record-Route, strict routers, timer C), §22 (digest, both
//!   roles)
//! - RFC 3327 (Path is stored and used), RFC 3581; a phone is reached on the flow that it registered on
//! - not yet: RFC 3608, RFC 5626 (outbound), presence, B2BUA, media
//!
//! # Invariants
//! - Nothing is relayed to a foreign domain unless [`SwitchConfig::relay`] is on.
//! - A binding is stored before the 200 that says so is sent.
//! - Every forwarded request gets exactly one final answer, or several 2xx to an INVITE.

mod authentication;
mod config;
mod flow_token;
mod proxy;
mod registrar;
#[cfg(not(target_arch = "wasm32"))]
mod run;
mod switch;

pub use config::{Listen, SwitchConfig};
pub use registrar::{Binding, OutboundFlow, Registrar};
#[cfg(not(target_arch = "wasm32"))]
pub use run::{RunningSwitch, StartError, start};
pub use rvoip_driver::{Protocol, TlsConfig};
pub use switch::{Switch, SwitchCommand, SwitchError, SwitchEvent, SwitchReply};
