//! When two URIs are equivalent (RFC 3261 §19.1.4, RFC 3966 §4).

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::escape::units;
use crate::params::Params;
use crate::uri::tel::is_separator;
use crate::uri::{SipUri, TelUri};

/// Parameters that never match when only one URI has them (RFC 3261 §19.1.4; `transport` by its examples).
const NEVER_IGNORED: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];

pub(crate) fn sip(one: &SipUri<'_>, two: &SipUri<'_>) -> bool {
    one.scheme == two.scheme
        && one.port == two.port
        && one.host.equivalent(&two.host)
        && same_text(one.user, two.user)
        && same_text(one.password, two.password)
        && same_params(one.params, two.params)
        && same_headers(one, two)
}

fn same_text(one: Option<&str>, two: Option<&str>) -> bool {
    match (one, two) {
        (None, None) => true,
        (Some(one), Some(two)) => units(one, false).eq(units(two, false)),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn order(one: &str, two: &str) -> Ordering {
    units(one, true).cmp(units(two, true))
}

fn order_values(one: Option<&str>, two: Option<&str>) -> Ordering {
    match (one, two) {
        (Some(one), Some(two)) => order(one, two),
        (one, two) => one.is_some().cmp(&two.is_some()),
    }
}

type Sorted<'a> = SmallVec<[(&'a str, Option<&'a str>); 8]>;

/// By name, and of those with the same name the first alone.
fn sorted(params: Params<'_>) -> Sorted<'_> {
    let mut list: Sorted<'_> = params.iter().collect();
    list.sort_by(|one, two| order(one.0, two.0));
    list.dedup_by(|next, kept| order(next.0, kept.0).is_eq());
    list
}

/// Walks both lists together; `alone` decides about a parameter that only one has.
fn merge(
    one: Params<'_>,
    two: Params<'_>,
    alone: fn(&str) -> bool,
    same: fn(&str, Option<&str>, Option<&str>) -> bool,
) -> bool {
    let (one, two) = (sorted(one), sorted(two));
    let (mut one, mut two) = (one.iter().peekable(), two.iter().peekable());
    loop {
        let which = match (one.peek(), two.peek()) {
            (None, None) => return true,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => order(left.0, right.0),
        };
        let matches = match which {
            Ordering::Less => one.next().is_some_and(|(name, _)| alone(name)),
            Ordering::Greater => two.next().is_some_and(|(name, _)| alone(name)),
            Ordering::Equal => match (one.next(), two.next()) {
                (Some((name, left)), Some((_, right))) => same(name, *left, *right),
                _ => false,
            },
        };
        if !matches {
            return false;
        }
    }
}

fn same_params(one: Params<'_>, two: Params<'_>) -> bool {
    merge(
        one,
        two,
        |name| !NEVER_IGNORED.iter().any(|kept| order(kept, name).is_eq()),
        |_, left, right| order_values(left, right).is_eq(),
    )
}

fn same_headers(one: &SipUri<'_>, two: &SipUri<'_>) -> bool {
    if one.headers.is_empty() && two.headers.is_empty() {
        return true;
    }
    let sorted = |uri: &SipUri<'_>| -> Vec<(Vec<u16>, Vec<u16>)> {
        let mut list: Vec<_> = uri
            .headers
            .iter()
            .map(|(name, value)| (units(name, true).collect(), units(value, true).collect()))
            .collect();
        list.sort();
        list
    };
    sorted(one) == sorted(two)
}

pub(crate) fn tel(one: &TelUri<'_>, two: &TelUri<'_>) -> bool {
    one.is_global() == two.is_global()
        && same_digits(one.number, two.number)
        && merge(
            one.params,
            two.params,
            |_| false,
            |name, left, right| match (left, right) {
                (Some(left), Some(right)) if is_number_param(name, left, right) => same_digits(left, right),
                (left, right) => order_values(left, right).is_eq(),
            },
        )
}

/// Whether a parameter's values are compared digit by digit: an extension, or a context that is a number.
fn is_number_param(name: &str, left: &str, right: &str) -> bool {
    name.eq_ignore_ascii_case("ext")
        || name.eq_ignore_ascii_case("phone-context") && left.starts_with('+') && right.starts_with('+')
}

fn same_digits(one: &str, two: &str) -> bool {
    let digits = |text| units(text, true).filter(|unit| !u8::try_from(*unit).is_ok_and(is_separator));
    digits(one).eq(digits(two))
}
