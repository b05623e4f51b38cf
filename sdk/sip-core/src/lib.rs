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
//! Implemented: the grammar of RFC 3261 (§7, §8.1.1, §18.3, §19.1, §20, §25) and the headers of RFC 3262, 3326, 3327,
//! 3515, 3581, 3608, 3891, 3892, 3911, 4028, 6665; tel URIs (RFC 3966); Digest by RFC 7616, 2617 and 2069 with the algorithms
//! of RFC 8760, both sides; bodies of several parts (RFC 2046 §5.1, RFC 5621).
//!
//! Invariants: what is read is bounded by [`Limits`] before anything is allocated for it, and takes steps in proportion to
//! its size; what was not touched is written as it was received; nothing that this crate writes holds a line end that its
//! caller smuggled into a value; no clock, no entropy, no lock.

mod compose;
mod digest;
mod error;
mod escape;
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
mod work;

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
