//! The grammar of SIP: messages, headers, URIs, digest, framing. No state, no I/O.
//!
//! ```
//! use rvoip_sip_core::header::{Contact, Expires};
//! use rvoip_sip_core::{Message, MessageBuilder, StatusCode};
//!
//! let text = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
//!     f: <sip:a@example.com>;tag=1\r\nt: <sip:a@example.com>\r\ni: c\r\nCSeq: 1 REGISTER\r\nm: <sip:a@192.0.2.1>\r\n\r\n";
//! let request = Message::parse(text)?;
//! request.validate()?;
//! let contact = request.require::<Contact>()?;
//! let response = MessageBuilder::response_to(&request, StatusCode::OK).to_tag("2");
//! let response = response.header(&contact).header(&Expires(600)).build()?;
//! assert_eq!(response.as_message().get::<Expires>(), Some(Ok(Expires(600))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # RFCs
//! - RFC 3261 §7 (messages), §8.1.1 and §8.2 (what must be there), §18.3 (framing), §19.1 (URIs), §20 (every header), §22
//!   (digest), §25 (grammar)
//! - RFC 2046 §5.1 and RFC 5621 (bodies of several parts); transfer encodings are left to the caller
//! - RFC 2069, RFC 2617, RFC 7616, RFC 8760 (digest, both sides)
//! - RFC 3262 (`RSeq`, `RAck`), RFC 3326 (Reason), RFC 3327 (Path), RFC 3515 (Refer-To), RFC 3608 (Service-Route), RFC 3891
//!   (Replaces), RFC 3892 (Referred-By), RFC 3911 (Join), RFC 4028 (session timers), RFC 6665 (events)
//! - RFC 3581, RFC 5923, RFC 6223 (parameters of Via), RFC 5626 §3.5.1 (keep-alives on streams)
//! - RFC 3966 (`tel:`), RFC 4475 and RFC 5118 (torture messages)
//! - The names of all other registered headers are known, with their compact forms; their values are read as text
//!
//! # Invariants
//! - What is read is bounded by [`Limits`] before anything is allocated for it, and takes steps in proportion to its size.
//! - Reading a message of up to 32 header fields, and the headers of routing and dialogs, allocates nothing.
//! - What was not touched is written as it was received.
//! - Nothing that this crate writes holds a line end that its caller smuggled into a value.
//! - No clock, no entropy, no lock; no error holds text of a message.

mod compose;
mod digest;
mod error;
mod escape;
mod extension;
mod grammar;
pub mod header;
mod host;
mod message;
mod method;
mod name;
mod name_addr;
mod params;
mod scan;
mod status;
mod syntax;
mod text;
mod transport;
pub mod uri;

pub use compose::{Edit, MessageBuilder, MultipartBuilder, PartBuilder};
pub use digest::{
    Algorithm, AuthField, AuthParams, AuthScheme, AuthenticationFailure, AuthenticationInfo, Challenge,
    ChallengeError, DigestClient, DigestCredentials, DigestServer, Ha1, Password, Qop, Secret, Verified,
    schemes,
};
pub use error::{
    BuildError, FramingError, HeaderError, HeaderErrorKind, ParseError, ParseErrorKind, ValidationError,
    ValidationErrorKind,
};
pub use escape::{Unescape, unescape};
pub use extension::Extension;
pub use header::{EncodeHeader, Header};
pub use host::Host;
pub use message::{
    Frame, HeaderField, Limits, Message, MessageBuf, Multipart, MultipartError, PING, PONG, Part, StartLine,
    StreamFramer,
};
pub use method::Method;
pub use name::{HeaderName, Multiplicity};
pub use name_addr::{NameAddr, NameAddrBuf};
pub use params::{Params, ParamsBuf, ParamsIter};
pub use status::StatusCode;
pub use syntax::SyntaxError;
pub use transport::Transport;
pub use uri::{AbsoluteUri, Scheme, SipScheme, SipUri, SipUriBuilder, TelUri, Uri, UriBuf, UriHeaders};
