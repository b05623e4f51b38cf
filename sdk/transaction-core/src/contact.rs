//! The Contact that a flow gives.

use std::fmt;

use rvoip_sans_io::Protocol;
use rvoip_sip_core::{Host, SipScheme, SipUriBuilder, SyntaxError};

/// A Contact of this user agent, whose address is that of the flow on which the message travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalContact {
    /// The user part, not escaped.
    pub user: String,
    /// `sips:` instead of `sip:`.
    pub secure: bool,
    /// Parameters behind the address, as written, such as `;expires=300`.
    pub params: String,
    /// Further ones where the flow is a connection, such as `;reg-id=1` (RFC 5626 §4.2).
    pub connection_params: String,
    /// Where the flow is a connection: whoever answers is to use it, and opens none (`ob`, RFC 5626 §4.3).
    pub outbound: bool,
}

impl LocalContact {
    /// A plain contact of that user.
    pub fn new(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            secure: false,
            params: String::new(),
            connection_params: String::new(),
            outbound: false,
        }
    }

    /// The header's value on a flow with that address, or name.
    ///
    /// # Errors
    /// An empty user.
    pub fn at(&self, protocol: Protocol, host: Host<'_>, port: Option<u16>) -> Result<String, SyntaxError> {
        let scheme = if self.secure { SipScheme::Sips } else { SipScheme::Sip };
        let mut uri = SipUriBuilder::new(scheme, host).user(&self.user).port(port);
        let transport = match protocol {
            Protocol::Udp => None,
            Protocol::Tcp => Some("tcp"),
            Protocol::Tls if self.secure => None,
            Protocol::Tls => Some("tls"),
            Protocol::Ws | Protocol::Wss => Some("ws"),
        };
        if let Some(transport) = transport {
            uri = uri.param("transport", Some(transport));
        }
        let connected = protocol.is_reliable();
        if connected && self.outbound {
            uri = uri.param("ob", None);
        }
        let further = if connected { &*self.connection_params } else { "" };
        Ok(format!("<{}>{}{further}", uri.build()?, self.params))
    }
}

impl fmt::Display for LocalContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_names_the_flow() {
        let contact = LocalContact { params: ";expires=60".to_owned(), ..LocalContact::new("a b") };
        let host = Host::V6("2001:db8::1".parse().unwrap());
        let value = contact.at(Protocol::Udp, host, Some(5070)).unwrap();
        assert_eq!(value, "<sip:a%20b@[2001:db8::1]:5070>;expires=60");
        let contact = LocalContact::new("alice");
        let host = Host::V4([192, 0, 2, 1].into());
        let at = |protocol| contact.at(protocol, host, Some(5060)).unwrap();
        assert_eq!(at(Protocol::Tcp), "<sip:alice@192.0.2.1:5060;transport=tcp>");
        assert_eq!(at(Protocol::Tls), "<sip:alice@192.0.2.1:5060;transport=tls>");
        assert_eq!(at(Protocol::Wss), "<sip:alice@192.0.2.1:5060;transport=ws>");
        let nowhere = contact.at(Protocol::Ws, Host::Name("x.invalid"), None).unwrap();
        assert_eq!(nowhere, "<sip:alice@x.invalid;transport=ws>");
    }

    #[test]
    fn what_speaks_of_a_connection_is_left_out_of_datagrams() {
        let contact = LocalContact {
            params: ";expires=60".to_owned(),
            connection_params: ";reg-id=1".to_owned(),
            outbound: true,
            ..LocalContact::new("alice")
        };
        let (host, port) = (Host::V4([192, 0, 2, 1].into()), Some(5060));
        assert_eq!(contact.at(Protocol::Udp, host, port).unwrap(), "<sip:alice@192.0.2.1:5060>;expires=60");
        assert_eq!(
            contact.at(Protocol::Tcp, host, port).unwrap(),
            "<sip:alice@192.0.2.1:5060;transport=tcp;ob>;expires=60;reg-id=1"
        );
    }
}
