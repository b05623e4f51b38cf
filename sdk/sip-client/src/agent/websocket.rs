//! The URL of a WebSocket server, as a next hop.

use rvoip_sip_core::{Host, SipScheme, SipUriBuilder, UriBuf};

use crate::{ErrorKind, Result};

/// Reads `ws://host:port/path` or `wss://host:port/path` (RFC 6455 §3); `None` if it is neither.
///
/// The path travels as the parameter `ws-path` of a URI that never leaves this machine.
pub(super) fn server(url: &str) -> Option<Result<UriBuf>> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://")?;
    let transport = if scheme.eq_ignore_ascii_case("ws") {
        "ws"
    } else if scheme.eq_ignore_ascii_case("wss") {
        "wss"
    } else {
        return None;
    };
    Some(next_hop(transport, rest).ok_or_else(|| {
        ErrorKind::InvalidArgument.error("the WebSocket server is not a URL like wss://example.com:443/path")
    }))
}

fn next_hop(transport: &str, rest: &str) -> Option<UriBuf> {
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    if authority.contains('@') || path.contains('#') || path.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse::<u16>().ok()?)),
        Some(_) | None => (authority, None),
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => Host::V6(address.parse().ok()?),
        None => Host::parse_unbracketed(host).ok()?,
    };
    let uri = SipUriBuilder::new(SipScheme::Sip, host).port(port).param("transport", Some(transport));
    let uri = if path.is_empty() { uri } else { uri.param("ws-path", Some(&format!("/{path}"))) };
    uri.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_a_next_hop_with_its_path() {
        let hop = |url| server(url).unwrap().unwrap().to_string();
        assert_eq!(hop("ws://pbx.example"), "sip:pbx.example;transport=ws");
        assert_eq!(hop("wss://pbx.example:8089/"), "sip:pbx.example:8089;transport=wss");
        assert_eq!(hop("WSS://[::1]:8089"), "sip:[::1]:8089;transport=wss");
        let deep = hop("wss://192.0.2.1:443/a/b?c=d");
        let uri = UriBuf::parse(&deep).unwrap();
        let path = uri.as_uri().as_sip().unwrap().params.value("ws-path").unwrap().to_owned();
        assert_eq!(rvoip_sip_core::unescape(&path), "/a/b?c=d");
    }

    #[test]
    fn what_is_no_websocket_url_is_left_alone_or_refused() {
        assert!(server("sip:proxy.example.com;transport=ws").is_none());
        for bad in ["ws://", "wss://a b/", "ws://u@host/", "ws://host:99999/", "ws://host/#top"] {
            assert!(server(bad).unwrap().is_err(), "{bad}");
        }
    }
}
