//! Request methods: an open set.

use std::fmt;

use compact_str::CompactString;

use crate::extension::Extension;
use crate::grammar::is_token;

/// The method of a request. Methods are compared with case (RFC 3261 §7.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// RFC 3261 §13.
    Invite,
    /// RFC 3261 §13.
    Ack,
    /// RFC 3261 §15.
    Bye,
    /// RFC 3261 §9.
    Cancel,
    /// RFC 3261 §10.
    Register,
    /// RFC 3261 §11.
    Options,
    /// RFC 6086.
    Info,
    /// RFC 3262.
    Prack,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// RFC 3311.
    Update,
    /// RFC 3428.
    Message,
    /// RFC 3515.
    Refer,
    /// RFC 3903.
    Publish,
    /// A method that this crate does not know: carried, never refused. Made by [`Method::parse`].
    Extension(Extension),
}

impl Method {
    /// All methods that this crate knows.
    pub const KNOWN: [Self; 14] = [
        Self::Invite,
        Self::Ack,
        Self::Bye,
        Self::Cancel,
        Self::Register,
        Self::Options,
        Self::Info,
        Self::Prack,
        Self::Subscribe,
        Self::Notify,
        Self::Update,
        Self::Message,
        Self::Refer,
        Self::Publish,
    ];

    /// Reads a method; `None` where the text is not a token (RFC 3261 §25.1).
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "REGISTER" => Self::Register,
            "OPTIONS" => Self::Options,
            "INFO" => Self::Info,
            "PRACK" => Self::Prack,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "UPDATE" => Self::Update,
            "MESSAGE" => Self::Message,
            "REFER" => Self::Refer,
            "PUBLISH" => Self::Publish,
            other if is_token(other.as_bytes()) => Self::Extension(Extension::new(CompactString::new(other))),
            _ => return None,
        })
    }

    /// The method as written on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Prack => "PRACK",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Update => "UPDATE",
            Self::Message => "MESSAGE",
            Self::Refer => "REFER",
            Self::Publish => "PUBLISH",
            Self::Extension(name) => name.as_str(),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_methods_read_back_as_themselves() {
        for method in Method::KNOWN {
            assert_eq!(Method::parse(method.as_str()), Some(method));
        }
    }

    #[test]
    fn case_matters_and_unknown_methods_are_carried() {
        assert!(
            matches!(Method::parse("invite"), Some(Method::Extension(name)) if name.as_str() == "invite")
        );
        assert_eq!(
            Method::parse("!interesting-Method0123456789_*+`.%indeed'~").map(|m| m.to_string()).as_deref(),
            Some("!interesting-Method0123456789_*+`.%indeed'~")
        );
        assert_eq!(Method::parse(""), None);
        assert_eq!(Method::parse("A B"), None);
        assert_eq!(Method::parse("A\r\nB"), None);
    }
}
