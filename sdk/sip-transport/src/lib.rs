//! Moves the bytes of SIP and decides nothing: UDP, TCP, TLS and WebSocket on tokio, and DNS answers from a library resolver.
//!
//! [`Transports`] and [`Resolver`] are polled by the driver's loop. Where a message goes and what it means is decided by
//! the machine above; here it is only cut out of its stream, by sip-core's framer.
//!
//! ```no_run
//! # #[cfg(not(target_arch = "wasm32"))]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use rvoip_sip_transport::{TransportConfig, TransportEvent, Transports};
//!
//! let mut transports = Transports::new(TransportConfig::default())?;
//! let bound = transports.bind_udp("127.0.0.1:0".parse().unwrap())?;
//! let event = std::future::poll_fn(|cx| transports.poll(cx)).await;
//! if let TransportEvent::Received { flow, source, bytes } = event {
//!     println!("{} bytes from {source} on {flow:?}, bound at {}", bytes.len(), bound.local);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # RFCs
//! - RFC 3261 §18.2.1, §18.3 (receiving, framing), §18.4 (errors of a connection)
//! - RFC 5626 §3.5.1 (CRLF keep-alives are passed on as they are)
//! - RFC 3261 §26.2.1, RFC 5922 §7.1 to §7.3 (TLS: the certificate is checked against the host of the URI, not what it
//!   resolved to; its identities are its SIP URIs, or else its DNS names, without wildcards)
//! - RFC 2818 §3.1 (secure WebSocket: certificates of the web)
//! - RFC 6455, RFC 7118 §4, §5 (WebSocket: subprotocol `sip`, one message a frame, text or binary, pings with a deadline)
//! - not yet: certificates of clients (RFC 5922 §7.4), certificates for SIP alone (RFC 5924)
//!
//! # Invariants
//! - Every flow that opened ends with exactly one [`TransportEvent::Failed`], unless it is closed by its owner.
//! - Every queue has a bound: a datagram too many is dropped and counted, a message too many ends its connection.
//! - Flows take turns, so that a busy one starves no other, and an idle one costs nothing.
//! - What was accepted is told of once its handshake is done; one that takes longer than connecting may is dropped.

mod event;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod web;

pub use event::{TlsConfig, TlsError, TransportConfig, TransportEvent};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{Resolver, Transports, local_address_towards};
#[cfg(target_arch = "wasm32")]
pub use web::{Resolver, Transports};
