//! SIP dialogs, INVITE sessions and registration, sans-IO.
//!
//! [`Endpoint`] is a transaction user: it sits on a [`TransactionLayer`](rvoip_transaction_core::TransactionLayer) that it
//! is lent, so that other transaction users can share the port. [`UserAgent`] puts the two together for a phone.
//!
//! The endpoint owns the state of offer and answer and asks whoever has the media ([`MediaQuestion`]); it never reads more
//! of a description than who holds whom.
//!
//! ```
//! use std::time::Duration;
//!
//! use rvoip_sans_io::{FlowId, FlowOpened, Now, Protocol, Random};
//! use rvoip_session_core::{Identity, UserAgent, UserAgentConfig, UserAgentOutput};
//! use rvoip_sip_core::{Method, NameAddrBuf, UriBuf};
//!
//! let now = Now::at(Duration::ZERO);
//! let mut phone = UserAgent::new(UserAgentConfig::default(), Random::from_number(1));
//! let local = "192.0.2.1:5060".parse().unwrap();
//! let flow = FlowId::from_platform(1);
//! phone.handle_flow_opened(now, &FlowOpened { flow, protocol: Protocol::Udp, local, remote: None });
//! let alice = phone.add_identity(Identity::new(NameAddrBuf::parse("sip:alice@example.com").unwrap()));
//! phone.request(now, alice, Method::Options, &UriBuf::parse("sip:192.0.2.2").unwrap(), None);
//! let UserAgentOutput::Transmit(sent) = phone.poll_output() else { panic!() };
//! assert!(sent.bytes.starts_with(b"OPTIONS sip:192.0.2.2 SIP/2.0\r\n"));
//! ```
//!
//! # RFCs
//! - RFC 3261 §8 (user agents), §9 (CANCEL), §10 (registration), §11 (OPTIONS), §12 (dialogs), §13 (INVITE), §14
//!   (re-INVITE with the delays of 14.1 after 491), §15 (BYE), §22 (authentication)
//! - RFC 3264 and 6337: who may offer when; the descriptions are written by the media side
//! - RFC 5626 §4.2, §4.4 and §4.5: connections that are needed are kept alive as often as the server asks, and opened again
//!   with growing waits when they are lost; then the registration, and the sessions by re-INVITE, follow
//! - RFC 3327 (Path is offered), RFC 3608 (Service-Route), RFC 3428 (MESSAGE), RFC 5621 (multipart bodies), RFC 6086 (INFO
//!   without packages), RFC 6141 §4 (a target is refreshed by a re-INVITE that is accepted)
//! - not yet: RFC 3262 (PRACK), RFC 3311 (UPDATE), RFC 4028 (session timers), RFC 3515 (REFER), RFC 6665 (events)
//!
//! # Invariants
//! - Every session ends with exactly one [`UserAgentEvent::Ended`], and nothing is told of it afterwards.
//! - A dialog is registered under its name exactly as long as its session lives.
//! - No answer or request that cannot be written ends in silence: something else is answered, or the session ends.
//! - An answer of the media side for something that ended is ignored.
//! - A session that is established does not end with its connection: [`UserAgentEvent::Recovering`] is told once, and then
//!   [`UserAgentEvent::Recovered`], or its end with a cause.

mod authentication;
mod description;
mod dialog;
mod endpoint;
mod event;
mod identity;
mod registration;
mod session;
mod user_agent;

pub use dialog::{DialogEvent, DialogState};
pub use endpoint::{Endpoint, EndpointConfig, EndpointOutput, Question};
pub use event::{
    Direction, EndCause, Failure, FailureKind, MediaAnswer, MediaQuestion, RequestAnswer, UserAgentEvent,
};
pub use identity::{Body, Credentials, Identity, IdentityId, NegotiationId, RequestId, SessionId};
pub use rvoip_transaction_core::NextHop;
pub use session::{ChangeEvent, ChangeState, PhaseEvent, SessionPhase};
pub use user_agent::{UserAgent, UserAgentConfig, UserAgentOutput};
