//! Typed views of header values.

mod address;
mod call_id;
mod cause;
mod codec;
mod comment;
mod contact;
mod date;
mod dialog;
mod event;
mod info;
mod media_type;
mod negotiation;
mod number;
mod route;
mod sequence;
mod session_timer;
mod text;
mod timing;
mod token;
pub(crate) mod value;
mod via;
mod written;

pub use address::{From, ReferTo, ReferredBy, ReplyTo, To};
pub use call_id::{CallId, InReplyTo};
pub use cause::{Reason, Warning};
pub use codec::{EncodeHeader, Header};
pub use contact::{Contact, QValue};
pub use date::Date;
pub use dialog::{Join, Replaces};
pub use event::{Event, SubscriptionState};
pub use info::{AlertInfo, CallInfo, ErrorInfo};
pub use media_type::{Accept, ContentDisposition, ContentType, MimeVersion};
pub use negotiation::{AcceptEncoding, AcceptLanguage};
pub use number::{ContentLength, Expires, MaxForwards, MinExpires, RSeq};
pub use route::{Path, RecordRoute, Route, ServiceRoute};
pub use sequence::{CSeq, RAck};
pub use session_timer::{MinSe, Refresher, SessionExpires};
pub use text::{Organization, Product, Products, Server, Subject, UserAgent};
pub use timing::{RetryAfter, Timestamp};
pub use token::{
    Allow, AllowEvents, ContentEncoding, ContentLanguage, Priority, ProxyRequire, Require, Supported,
    Unsupported,
};
pub use value::ListOf;
pub use via::Via;
pub(crate) use written::{check, read_all};

pub use crate::digest::{
    AuthenticationInfo, Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate,
};
