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
//!   roles), §26.3.2.4 (what is refused is answered once and not held)
//! - RFC 3327 (Path is stored and used, and written where we are the edge), RFC 3581, RFC 5393 (Max-Breadth, loops),
//!   RFC 5658 (a route for each side), RFC 7118 (pages are reached by their flow alone)
//! - RFC 5626 §5 (edge), §6 (registrar), §7 (one flow of a phone after the other) on connections; the keep-alive of
//!   datagrams by STUN (§4.4.2) is not there, so no flow over UDP is promised
//! - not yet: RFC 3608, presence, B2BUA, media
//!
//! # Invariants
//! - Nothing is relayed to a foreign domain unless [`SwitchConfig::relay`] is on and a user proved who it is.
//! - A request within a dialog goes where the signed route says that its call went, or nowhere.
//! - Of calls nothing is held but requests that are on their way; of strangers nothing that was refused.
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
pub use rvoip_driver::{Protocol, TlsConfig, TransportConfig};
pub use switch::{Switch, SwitchCommand, SwitchError, SwitchEvent, SwitchReply};
