//! Every typed header at once.

use rvoip_sip_core::header::{
    Accept, Allow, AllowEvents, CSeq, CallId, Contact, ContentDisposition, ContentEncoding, ContentLanguage,
    ContentLength, ContentType, Expires, From, InReplyTo, MaxForwards, MimeVersion, MinExpires, Path,
    Priority, ProxyRequire, RAck, RSeq, RecordRoute, ReferTo, ReferredBy, ReplyTo, Require, Route,
    ServiceRoute, Supported, To, Unsupported, Via,
};
use rvoip_sip_core::{EncodeHeader, Header, HeaderError, HeaderName, Message};

/// Calls a macro with every typed header.
macro_rules! for_each_header {
    ($call:ident) => {
        $call! {
            Accept<'_>, Allow, AllowEvents<'_>, CSeq, CallId<'_>, Contact<'_>, ContentDisposition<'_>,
            ContentEncoding<'_>, ContentLanguage<'_>, ContentLength, ContentType<'_>, Expires, From<'_>,
            InReplyTo<'_>, MaxForwards, MimeVersion, MinExpires, Path<'_>, Priority<'_>, ProxyRequire<'_>, RAck,
            RSeq, RecordRoute<'_>, ReferTo<'_>, ReferredBy<'_>, ReplyTo<'_>, Require<'_>, Route<'_>,
            ServiceRoute<'_>, Supported<'_>, To<'_>, Unsupported<'_>, Via<'_>,
        }
    };
}

/// Reads all values of all typed headers of a message; returns how many there are and the faults of the others.
pub(crate) fn read_all(message: &Message<'_>) -> (usize, Vec<HeaderError>) {
    let mut good = 0;
    let mut faults = Vec::new();
    macro_rules! read {
        ($($type:ty,)*) => {$(
            for value in message.get_all::<$type>() {
                match value {
                    Ok(_) => good += 1,
                    Err(fault) => faults.push(fault),
                }
            }
        )*};
    }
    for_each_header!(read);
    (good, faults)
}

/// Reads a text as a value of every typed header. What reads must be written so that it reads again, as the same text.
///
/// # Panics
/// A type writes what it does not read.
#[allow(dead_code, reason = "not every test that reads messages reads single values")]
pub(crate) fn decode_all(text: &str) {
    macro_rules! decode {
        ($($type:ty,)*) => {$(
            if let Ok(value) = <$type as Header<'_>>::decode(text) {
                let mut written = String::new();
                assert!(value.encode(&mut written).is_ok(), "{}", value.name());
                let mut again = String::new();
                match <$type as Header<'_>>::decode(&written) {
                    Ok(value) => assert!(value.encode(&mut again).is_ok(), "{}", value.name()),
                    Err(error) => panic!("{text:?} was read and written as {written:?}: {error}"),
                }
                assert_eq!(written, again, "{}", value.name());
            }
        )*};
    }
    for_each_header!(decode);
}

/// The headers that have a type.
#[allow(dead_code, reason = "not every test that reads headers asks for their names")]
pub(crate) fn names() -> Vec<HeaderName> {
    macro_rules! list {
        ($($type:ty,)*) => { vec![$(<$type as Header<'_>>::NAME),*] };
    }
    for_each_header!(list)
}
