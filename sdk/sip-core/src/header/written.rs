//! Reading back what is to be written: a message of ours is not one that its receiver would refuse.

use crate::error::HeaderError;
use crate::header::{
    CSeq, CallId, Contact, ContentType, Expires, From, Header, MaxForwards, Path, ProxyRequire, RecordRoute,
    Require, Route, ServiceRoute, Supported, To, Via,
};
use crate::message::Elements;
use crate::name::HeaderName;

/// Reads all values of a field.
///
/// # Errors
/// The first that its grammar does not allow.
pub(crate) fn read_all<'a, T: Header<'a>>(field: &'a str) -> Result<(), HeaderError> {
    if !T::LIST {
        return T::decode(field).map(|_| ());
    }
    if field.is_empty() && T::NAME.may_be_empty() {
        return Ok(());
    }
    Elements::new(field).try_for_each(|element| T::decode(element.text).map(|_| ()))
}

/// How the headers read that elements act on: a value that is already written must read as one of these.
type Reader = fn(&str) -> Result<(), HeaderError>;

const READERS: [(HeaderName, Reader); 16] = [
    (HeaderName::From, |value| read_all::<From<'_>>(value)),
    (HeaderName::To, |value| read_all::<To<'_>>(value)),
    (HeaderName::CallId, |value| read_all::<CallId<'_>>(value)),
    (HeaderName::CSeq, |value| read_all::<CSeq>(value)),
    (HeaderName::Via, |value| read_all::<Via<'_>>(value)),
    (HeaderName::MaxForwards, |value| read_all::<MaxForwards>(value)),
    (HeaderName::Contact, |value| read_all::<Contact<'_>>(value)),
    (HeaderName::Route, |value| read_all::<Route<'_>>(value)),
    (HeaderName::RecordRoute, |value| read_all::<RecordRoute<'_>>(value)),
    (HeaderName::Path, |value| read_all::<Path<'_>>(value)),
    (HeaderName::ServiceRoute, |value| read_all::<ServiceRoute<'_>>(value)),
    (HeaderName::Require, |value| read_all::<Require<'_>>(value)),
    (HeaderName::ProxyRequire, |value| read_all::<ProxyRequire<'_>>(value)),
    (HeaderName::Supported, |value| read_all::<Supported<'_>>(value)),
    (HeaderName::Expires, |value| read_all::<Expires>(value)),
    (HeaderName::ContentType, |value| read_all::<ContentType<'_>>(value)),
];

/// Checks a value that the caller wrote itself, of a header that elements act on; others are text to this crate.
///
/// # Errors
/// What the header's grammar does not allow.
pub(crate) fn check(name: &HeaderName, value: &str) -> Result<(), HeaderError> {
    READERS.iter().find(|(known, _)| known == name).map_or(Ok(()), |(_, read)| read(value))
}
