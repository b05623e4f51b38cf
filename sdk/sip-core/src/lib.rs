//! The grammar of SIP: messages, headers, URIs, digest, framing. No state, no I/O.

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
