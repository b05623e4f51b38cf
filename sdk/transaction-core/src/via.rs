//! The topmost Via: what is written into requests, and what is added to received ones (RFC 3261 §18, RFC 3581).

use std::net::{IpAddr, SocketAddr};

use rvoip_sans_io::Protocol;
use rvoip_sip_core::header::Via;
use rvoip_sip_core::{
    BuildError, Header as _, HeaderName, Host, Message, MessageBuf, ParamsBuf, SyntaxError, Transport,
};

/// The host of an address.
pub(crate) fn host(address: IpAddr) -> Host<'static> {
    match address {
        IpAddr::V4(address) => Host::V4(address),
        IpAddr::V6(address) => Host::V6(address),
    }
}

/// A request with our Via on top.
pub(crate) fn push_via(
    request: &MessageBuf,
    (protocol, host, port): (Protocol, Host<'_>, Option<u16>),
    branch: &str,
    contact: Option<&str>,
) -> Result<MessageBuf, BuildError> {
    let mut params = ParamsBuf::new();
    let written = |result: Result<&mut ParamsBuf, SyntaxError>| {
        result.map(|_| ()).map_err(|_| BuildError::Unwritable(HeaderName::Via))
    };
    written(params.flag("rport"))?;
    written(params.set("branch", branch))?;
    let via = Via { transport: Transport::from(protocol), host, port, params: params.as_params() };
    let message = request.as_message();
    let mut edit = message.edit().push_front(&via);
    if let Some(contact) = contact {
        edit = edit.set_raw(HeaderName::Contact, contact);
    }
    edit.finish()
}

/// A received request, or its answer, with `received` and `rport` in the topmost Via, where they belong (RFC 3261 §18.2.1,
/// RFC 3581 §4).
pub(crate) fn mark_source(
    message: &Message<'_>,
    via: &Via<'_>,
    source: SocketAddr,
) -> Result<MessageBuf, BuildError> {
    let asks_port = via.rport().is_some();
    let differs = via.host.address() != Some(source.ip());
    if !asks_port && !differs && !via.params.contains("received") {
        return Ok(message.to_buf());
    }
    // What the sender claims to be received from is replaced by the truth.
    let mut text = String::new();
    for (name, value) in via.params {
        if name.eq_ignore_ascii_case("received") || name.eq_ignore_ascii_case("rport") {
            continue;
        }
        text.push(';');
        text.push_str(name);
        if let Some(value) = value {
            text.push('=');
            text.push_str(value);
        }
    }
    if asks_port || differs {
        text.push_str(";received=");
        text.push_str(&source.ip().to_string());
    }
    if asks_port {
        text.push_str(";rport=");
        text.push_str(&source.port().to_string());
    }
    let mut value = format!("SIP/2.0/{} {}", via.transport, via.host);
    if let Some(port) = via.port {
        value.push(':');
        value.push_str(&port.to_string());
    }
    value.push_str(&text);
    let marked = Via::decode(&value).map_err(|_| BuildError::Unwritable(HeaderName::Via))?;
    message.edit().replace_first(&marked).finish()
}

/// Where responses to a request go: by datagrams to the port that the sender asks for or names, and over a connection in
/// place of one that is gone to the port where it listens (RFC 3261 §18.2.2, RFC 3581 §4). A sender's `maddr` is not
/// followed: it would have our answers, repeated as they are, sent to whomever it names.
pub(crate) fn response_address(via: &Via<'_>, source: SocketAddr, protocol: Protocol) -> SocketAddr {
    if via.rport().is_some() && !protocol.is_reliable() {
        return source;
    }
    SocketAddr::new(source.ip(), via.port_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(via: &str) -> MessageBuf {
        let text = format!(
            "OPTIONS sip:b SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
        );
        MessageBuf::parse(text.into()).unwrap()
    }

    fn marked(via: &str) -> String {
        let request = request(via);
        let message = request.as_message();
        let top = message.require::<Via<'_>>().unwrap();
        let marked = mark_source(&message, &top, "192.0.2.7:4000".parse().unwrap()).unwrap();
        marked.as_message().raw(HeaderName::Via).next().unwrap().to_owned()
    }

    #[test]
    fn the_source_is_written_where_it_is_asked_for_or_differs() {
        assert_eq!(marked("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1"), "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1");
        assert_eq!(
            marked("SIP/2.0/UDP 192.0.2.7:9;rport;branch=z9hG4bK1"),
            "SIP/2.0/UDP 192.0.2.7:9;branch=z9hG4bK1;received=192.0.2.7;rport=4000"
        );
        assert_eq!(
            marked("SIP/2.0/UDP pc.example;branch=z9hG4bK1;received=1.2.3.4;x=\"y z\""),
            "SIP/2.0/UDP pc.example;branch=z9hG4bK1;x=\"y z\";received=192.0.2.7"
        );
    }

    #[test]
    fn responses_go_where_the_via_says() {
        let source: SocketAddr = "192.0.2.7:4000".parse().unwrap();
        for (via, protocol, expect) in [
            ("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1", Protocol::Udp, "192.0.2.7:5060"),
            ("SIP/2.0/UDP 10.0.0.1:99;branch=z9hG4bK1", Protocol::Udp, "192.0.2.7:99"),
            ("SIP/2.0/UDP 10.0.0.1:99;rport;branch=z9hG4bK1", Protocol::Udp, "192.0.2.7:4000"),
            ("SIP/2.0/UDP 10.0.0.1:99;maddr=192.0.2.9;branch=z9hG4bK1", Protocol::Udp, "192.0.2.7:99"),
            ("SIP/2.0/TCP 10.0.0.1:99;rport;branch=z9hG4bK1", Protocol::Tcp, "192.0.2.7:99"),
            ("SIP/2.0/TLS 10.0.0.1;rport;branch=z9hG4bK1", Protocol::Tls, "192.0.2.7:5061"),
        ] {
            let request = request(via);
            let via = request.as_message().require::<Via<'_>>().unwrap();
            assert_eq!(response_address(&via, source, protocol).to_string(), expect, "{via}");
        }
    }
}
