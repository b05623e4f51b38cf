//! SIP transactions and transport rules, sans-IO.
//!
//! [`TransactionLayer`] owns all transactions, flows and targets of one port: the four machines of RFC 3261 §17 with the
//! changes of RFC 6026, and the rules of §18 beside them. Transaction users (a phone's endpoint, a registrar, a proxy)
//! sit above it and are lent it; [`dispatch`] says which of them a request is for.
//!
//! ```
//! use std::time::Duration;
//!
//! use rvoip_sans_io::{FlowId, FlowOpened, Now, Protocol, Random};
//! use rvoip_sip_core::{Message, MessageBuilder, StatusCode};
//! use rvoip_transaction_core::{Config, Incoming, LayerOutput, TransactionLayer};
//!
//! let mut layer = TransactionLayer::new(Config::default(), Random::from_number(1));
//! let now = Now::at(Duration::ZERO);
//! let flow = FlowId::from_platform(1);
//! let local = "192.0.2.1:5060".parse().unwrap();
//! layer.handle_flow_opened(now, &FlowOpened { flow, protocol: Protocol::Udp, local, remote: None });
//! let request = b"OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\n\
//!     From: <sip:a@192.0.2.2>;tag=1\r\nTo: <sip:192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! let Some(Incoming::Request { key, request, .. }) =
//!     layer.handle_received(now, flow, "192.0.2.2:5060".parse().unwrap(), request)
//! else {
//!     panic!()
//! };
//! let answer = MessageBuilder::response_to(&request.as_message(), StatusCode::OK).to_tag("2").build().unwrap();
//! layer.respond(now, key, answer);
//! let LayerOutput::Transmit(sent) = layer.poll_output() else { panic!() };
//! assert!(sent.bytes.starts_with(b"SIP/2.0 200 OK\r\n"));
//! ```
//!
//! # RFCs
//! - RFC 3261 §8.2.2.2 (merged requests), §9 (CANCEL), §17 (transactions), §18 (transport; but `maddr` of a Via is not followed,
//!   so that nobody has our answers sent to others)
//! - RFC 2543 matching of requests from old peers (RFC 3261 §17.2.3)
//! - RFC 3263: A and AAAA of the URI's host, failover to the next address with memory of what failed; NAPTR and SRV are not
//!   asked yet
//! - RFC 3581 (`rport`), RFC 4320 (non-INVITE responses), RFC 5626 §3.5.1 and §4.4 (keep-alive by CRLF, Flow-Timer), RFC 6026
//!
//! # Invariants
//! - What a peer sends is given to a transaction user, answered, or counted in [`TransactionLayer::counters`].
//! - A key is never reused; an event that says so is the last that names its key.
//! - Every transaction ends: each state has a timer, or waits for its transaction user, or, an INVITE that was answered
//!   provisionally, until its transaction user withdraws it.
//! - What peers make it hold has limits in number and in bytes.

mod client;
mod config;
mod contact;
mod dispatch;
mod failures;
mod flows;
mod keep_alive;
mod layer;
pub mod machine;
mod matching;
mod output;
mod server;
mod target;
mod via;

pub use client::ClientKey;
pub use config::{Config, TimerConfig};
pub use contact::LocalContact;
pub use dispatch::{DialogId, dispatch};
pub use layer::TransactionLayer;
pub use output::{ClientFailure, Incoming, LayerEvent, LayerOutput, Source};
pub use server::ServerKey;
pub use target::{NextHop, Outgoing, Target};
