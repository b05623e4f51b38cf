//! Event and Subscription-State (RFC 6665 §8.2.1, §8.2.3, §8.4).

use std::fmt;

use crate::error::HeaderError;
use crate::header::Header;
use crate::header::value::{decode, encode_by_display, saturating_seconds};
use crate::name::HeaderName;
use crate::params::Params;
use crate::scan::TOKEN;

/// What is subscribed to, or notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The package with its templates, as `presence.winfo`.
    pub event_type: &'a str,
    /// The parameters, `id` among them.
    pub params: Params<'a>,
}

impl<'a> Event<'a> {
    /// The package without its templates.
    pub fn package(&self) -> &'a str {
        self.event_type.split_once('.').map_or(self.event_type, |(package, _)| package)
    }

    /// The templates, outermost last.
    pub fn templates(&self) -> impl Iterator<Item = &'a str> {
        self.event_type.split('.').skip(1)
    }

    /// Tells apart the subscriptions of one dialog to one package.
    pub fn id(&self) -> Option<&'a str> {
        self.params.value("id")
    }

    /// Whether both name the same subscription of a dialog: type and `id` are the same, byte by byte.
    pub fn matches(&self, other: &Event<'_>) -> bool {
        self.event_type == other.event_type && self.id() == other.id()
    }
}

/// The state of a subscription, in a NOTIFY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionState<'a> {
    /// `active`, `pending`, `terminated`, or an extension.
    pub state: &'a str,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> SubscriptionState<'a> {
    /// Whether it is that state, compared without case.
    pub fn is(&self, state: &str) -> bool {
        self.state.eq_ignore_ascii_case(state)
    }

    /// For how long it lasts, in seconds; above 2^32-1 it counts as that.
    pub fn expires(&self) -> Option<u32> {
        self.seconds("expires")
    }

    /// When to subscribe again, in seconds; above 2^32-1 it counts as that.
    pub fn retry_after(&self) -> Option<u32> {
        self.seconds("retry-after")
    }

    /// Why it was terminated, as `noresource`.
    pub fn reason(&self) -> Option<&'a str> {
        self.params.value("reason")
    }

    fn seconds(&self, name: &str) -> Option<u32> {
        let value = self.params.value(name)?;
        value.bytes().all(|byte| byte.is_ascii_digit()).then(|| saturating_seconds(value))
    }
}

impl<'a> Header<'a> for Event<'a> {
    const NAME: HeaderName = HeaderName::Event;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            let event_type = cursor.take1(TOKEN)?;
            if event_type.split('.').any(str::is_empty) {
                return cursor.unexpected();
            }
            Ok(Self { event_type, params: Params::scan_header(cursor)? })
        })
    }
}

impl<'a> Header<'a> for SubscriptionState<'a> {
    const NAME: HeaderName = HeaderName::SubscriptionState;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        decode(Self::NAME, value, |cursor| {
            let state = cursor.take1(TOKEN)?;
            Ok(Self { state, params: Params::scan_header(cursor)? })
        })
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.event_type, self.params)
    }
}

impl fmt::Display for SubscriptionState<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.state, self.params)
    }
}

encode_by_display!(Event<'_> => Event, SubscriptionState<'_> => SubscriptionState);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_match_byte_by_byte() {
        let event = Event::decode("presence.winfo.x;id=7;foo=bar").unwrap();
        assert_eq!((event.package(), event.id()), ("presence", Some("7")));
        assert_eq!(event.templates().collect::<Vec<_>>(), ["winfo", "x"]);
        let matches = |text| event.matches(&Event::decode(text).unwrap());
        assert!(matches("presence.winfo.x ; id=7"));
        assert!(!matches("presence.winfo.x"));
        assert!(!matches("Presence.winfo.x;id=7"));
        assert!(!matches("presence.winfo;id=7"));
        for bad in ["", ".a", "a.", "a..b", "a b", ";id=1", "a;id="] {
            assert!(Event::decode(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn states_say_how_long_and_why() {
        let state = SubscriptionState::decode("Active;expires=99999999999").unwrap();
        assert!(state.is("active"));
        assert_eq!((state.expires(), state.retry_after(), state.reason()), (Some(u32::MAX), None, None));
        let state = SubscriptionState::decode("terminated ;reason=probation;retry-after=60").unwrap();
        assert_eq!((state.retry_after(), state.reason()), (Some(60), Some("probation")));
        assert_eq!(SubscriptionState::decode("pending;expires=soon").unwrap().expires(), None);
        assert!(SubscriptionState::decode("").is_err());
    }
}
