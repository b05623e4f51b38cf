//! Every typed header at once.

use rvoip_sip_core::header::{
    Accept, AcceptEncoding, AcceptLanguage, AlertInfo, Allow, AllowEvents, AuthenticationInfo, Authorization,
    CSeq, CallId, CallInfo, Contact, ContentDisposition, ContentEncoding, ContentLanguage, ContentLength,
    ContentType, Date, ErrorInfo, Event, Expires, From, InReplyTo, Join, MaxForwards, MimeVersion,
    MinExpires, MinSe, Organization, Path, Priority, ProxyAuthenticate, ProxyAuthorization, ProxyRequire,
    RAck, RSeq, Reason, RecordRoute, ReferTo, ReferredBy, Replaces, ReplyTo, Require, RetryAfter, Route,
    Server, ServiceRoute, SessionExpires, Subject, SubscriptionState, Supported, Timestamp, To, Unsupported,
    UserAgent, Via, Warning, WwwAuthenticate,
};
use rvoip_sip_core::{EncodeHeader, Header, HeaderError, HeaderName, Message};

/// Calls a macro with every typed header.
macro_rules! for_each_header {
    ($call:ident) => {
        $call! {
            Accept<'_>, AcceptEncoding<'_>, AcceptLanguage<'_>, AlertInfo<'_>, Allow,
            AllowEvents<'_>, AuthenticationInfo, Authorization<'_>, CSeq, CallId<'_>, CallInfo<'_>,
            Contact<'_>, ContentDisposition<'_>, ContentEncoding<'_>, ContentLanguage<'_>,
            ContentLength, ContentType<'_>, Date, ErrorInfo<'_>, Event<'_>, Expires, From<'_>,
            InReplyTo<'_>, Join<'_>, MaxForwards, MimeVersion, MinExpires, MinSe<'_>,
            Organization<'_>, Path<'_>, Priority<'_>, ProxyAuthenticate<'_>, ProxyAuthorization<'_>,
            ProxyRequire<'_>, RAck, RSeq, Reason<'_>, RecordRoute<'_>, ReferTo<'_>, ReferredBy<'_>,
            Replaces<'_>, ReplyTo<'_>, Require<'_>, RetryAfter<'_>, Route<'_>, Server<'_>,
            ServiceRoute<'_>, SessionExpires<'_>, Subject<'_>, SubscriptionState<'_>, Supported<'_>,
            Timestamp<'_>, To<'_>, Unsupported<'_>, UserAgent<'_>, Via<'_>, Warning<'_>,
            WwwAuthenticate<'_>,
        }
    };
}

/// Reads all values of all typed headers of a message; returns how many there are and the faults of the others.
pub fn read_all(message: &Message<'_>) -> (usize, Vec<HeaderError>) {
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
pub fn decode_all(text: &str) {
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
pub fn names() -> Vec<HeaderName> {
    macro_rules! list {
        ($($type:ty,)*) => { vec![$(<$type as Header<'_>>::NAME),*] };
    }
    for_each_header!(list)
}
