//! Typed views of header values.

mod address;
mod call_id;
mod codec;
mod contact;
mod media_type;
mod number;
mod route;
mod sequence;
mod token;
pub(crate) mod value;
mod via;

pub use address::{From, ReferTo, ReferredBy, ReplyTo, To};
pub use call_id::{CallId, InReplyTo};
pub use codec::{EncodeHeader, Header};
pub use contact::{Contact, QValue};
pub use media_type::{Accept, ContentDisposition, ContentType, MimeVersion};
pub use number::{ContentLength, Expires, MaxForwards, MinExpires, RSeq};
pub use route::{Path, RecordRoute, Route, ServiceRoute};
pub use sequence::{CSeq, RAck};
pub use token::{
    Allow, AllowEvents, ContentEncoding, ContentLanguage, Priority, ProxyRequire, Require, Supported,
    Unsupported,
};
pub use value::ListOf;
pub use via::Via;

pub use crate::digest::{
    AuthenticationInfo, Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate,
};
