//! The transport named in a Via: an open set.

use std::fmt;

use compact_str::CompactString;
use rvoip_sans_io::Protocol;

use crate::extension::Extension;
use crate::grammar::is_token;

/// The transport of a Via (RFC 3261 §20.42) or of a URI's `transport` parameter. Compared without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// RFC 3261.
    Udp,
    /// RFC 3261.
    Tcp,
    /// RFC 3261.
    Tls,
    /// RFC 4168.
    Sctp,
    /// RFC 4168: `TLS-SCTP`.
    TlsSctp,
    /// RFC 7118.
    Ws,
    /// RFC 7118.
    Wss,
    /// A transport that this crate does not know, in upper case. Made by [`Transport::parse`].
    Extension(Extension),
}

impl Transport {
    const KNOWN: [Self; 7] =
        [Self::Udp, Self::Tcp, Self::Tls, Self::Sctp, Self::TlsSctp, Self::Ws, Self::Wss];

    /// Reads a transport, in any case; `None` where the text is not a token.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "UDP" => return Some(Self::Udp),
            "TCP" => return Some(Self::Tcp),
            "TLS" => return Some(Self::Tls),
            _ => {}
        }
        if let Some(known) = Self::KNOWN.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text)) {
            return Some(known);
        }
        is_token(text.as_bytes()).then(|| {
            let mut name = CompactString::new(text);
            name.make_ascii_uppercase();
            Self::Extension(Extension::new(name))
        })
    }

    /// The transport as written in a Via.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::TlsSctp => "TLS-SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Extension(name) => name.as_str(),
        }
    }

    /// The protocol of this stack that the transport is, if it has one.
    pub fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::Udp => Some(Protocol::Udp),
            Self::Tcp => Some(Protocol::Tcp),
            Self::Tls => Some(Protocol::Tls),
            Self::Ws => Some(Protocol::Ws),
            Self::Wss => Some(Protocol::Wss),
            Self::Sctp | Self::TlsSctp | Self::Extension(_) => None,
        }
    }

    /// The port that a sent-by without one means (RFC 3261 §18.1.1, §20.42).
    pub fn default_port(&self) -> u16 {
        match self {
            Self::Tls | Self::TlsSctp => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
            Self::Udp | Self::Tcp | Self::Sctp | Self::Extension(_) => 5060,
        }
    }
}

impl From<Protocol> for Transport {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Udp => Self::Udp,
            Protocol::Tcp => Self::Tcp,
            Protocol::Tls => Self::Tls,
            Protocol::Ws => Self::Ws,
            Protocol::Wss => Self::Wss,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_unknown_transports_are_carried() {
        assert_eq!(Transport::parse("udp"), Some(Transport::Udp));
        assert_eq!(Transport::parse("tls-sctp"), Some(Transport::TlsSctp));
        assert_eq!(Transport::parse("Unknown"), Transport::parse("UNKNOWN"));
        assert_eq!(Transport::parse("U DP"), None);
    }

    #[test]
    fn protocols_are_named_as_their_via_names() {
        for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls, Protocol::Ws, Protocol::Wss] {
            let transport = Transport::from(protocol);
            assert_eq!(transport.as_str(), protocol.via_name());
            assert_eq!(transport.protocol(), Some(protocol));
            assert_eq!(transport.default_port(), protocol.default_port());
        }
    }
}
