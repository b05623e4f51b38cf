//! The Contact that a flow gives.

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
    /// A contact of before, in brackets: it is removed by the same REGISTER, unless it is this one.
    pub previous: Option<String>,
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
            previous: None,
        }
    }

    /// The header's value on a flow with that address, or name.
    ///
    /// # Errors
    /// An empty user.
    pub fn at(&self, protocol: Protocol, host: Host<'_>, port: Option<u16>) -> Result<String, SyntaxError> {
        // Who connects to a secure WebSocket is told so by the scheme (RFC 7118 §4.2); nobody connects to a name without port.
        let secure = self.secure || (protocol == Protocol::Wss && port.is_some());
        let scheme = if secure { SipScheme::Sips } else { SipScheme::Sip };
        let mut uri = SipUriBuilder::new(scheme, host).user(&self.user).port(port);
        let transport = match protocol {
            Protocol::Tls if secure => None,
            Protocol::Wss => Protocol::Ws.uri_name(),
            Protocol::Udp | Protocol::Tcp | Protocol::Tls | Protocol::Ws => protocol.uri_name(),
        };
        if let Some(transport) = transport {
            uri = uri.param("transport", Some(transport));
        }
        let connected = protocol.is_reliable();
        if connected && self.outbound {
            uri = uri.param("ob", None);
        }
        let further = if connected { &*self.connection_params } else { "" };
        let bare = format!("<{}>", uri.build()?);
        let removed = self.previous.as_ref().filter(|previous| **previous != bare);
        let removed = removed.map(|previous| format!(", {previous};expires=0")).unwrap_or_default();
        Ok(format!("{bare}{}{further}{removed}", self.params))
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
        assert_eq!(at(Protocol::Wss), "<sips:alice@192.0.2.1:5060;transport=ws>");
        assert_eq!(at(Protocol::Ws), "<sip:alice@192.0.2.1:5060;transport=ws>");
        for protocol in [Protocol::Ws, Protocol::Wss] {
            let nowhere = contact.at(protocol, Host::Name("x.invalid"), None).unwrap();
            assert_eq!(nowhere, "<sip:alice@x.invalid;transport=ws>");
        }
        let secure = LocalContact { secure: true, ..contact.clone() };
        let tls = secure.at(Protocol::Tls, host, Some(5061)).unwrap();
        assert_eq!(tls, "<sips:alice@192.0.2.1:5061>");
    }

    #[test]
    fn a_contact_of_before_is_removed_unless_it_is_the_same() {
        let previous = Some("<sip:alice@10.0.0.1:5060>".to_owned());
        let contact =
            LocalContact { params: ";expires=60".to_owned(), previous, ..LocalContact::new("alice") };
        let at = |host: [u8; 4]| contact.at(Protocol::Udp, Host::V4(host.into()), Some(5060)).unwrap();
        assert_eq!(at([10, 0, 0, 1]), "<sip:alice@10.0.0.1:5060>;expires=60");
        assert_eq!(
            at([192, 0, 2, 1]),
            "<sip:alice@192.0.2.1:5060>;expires=60, <sip:alice@10.0.0.1:5060>;expires=0"
        );
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
