//! A phone on a connection that the registrar keeps (RFC 5626).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sans_io::{FlowId, FlowOpened, Now, Protocol, Random};
use rvoip_session_core::{
    EndpointConfig, Identity, IdentityId, UserAgent, UserAgentConfig, UserAgentEvent, UserAgentOutput,
};
use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, Method, NameAddrBuf, StatusCode, UriBuf};

fn now() -> Now {
    Now::at(Duration::ZERO)
}

/// A phone whose registrar is reached over TCP, and its flow.
fn phone(instance: Option<&str>) -> (UserAgent, IdentityId, FlowId, SocketAddr, MessageBuf) {
    let endpoint = EndpointConfig { instance: instance.map(str::to_owned), ..EndpointConfig::default() };
    let config = UserAgentConfig { endpoint, ..UserAgentConfig::default() };
    let mut phone = UserAgent::new(config, Random::from_number(1));
    let mut identity = Identity::new(NameAddrBuf::parse("<sip:alice@example.com>").unwrap());
    identity.registrar = Some(UriBuf::parse("sip:192.0.2.10:5060;transport=tcp").unwrap());
    identity.outbound_proxy.clone_from(&identity.registrar);
    let alice = phone.add_identity(identity);
    phone.register(now(), alice);
    let UserAgentOutput::OpenFlow(open) = phone.poll_output() else { panic!("a connection") };
    let local = "192.0.2.1:40000".parse().unwrap();
    let remote = Some(open.remote);
    phone.handle_flow_opened(now(), &FlowOpened { flow: open.flow, protocol: Protocol::Tcp, local, remote });
    let register = sent(&mut phone);
    (phone, alice, open.flow, open.remote, register)
}

/// The last message that was sent.
fn sent(phone: &mut UserAgent) -> MessageBuf {
    let mut last = None;
    loop {
        match phone.poll_output() {
            UserAgentOutput::Transmit(transmit) => last = Some(transmit.bytes),
            UserAgentOutput::Timeout(_) => return MessageBuf::parse(last.unwrap()).unwrap(),
            UserAgentOutput::OpenFlow(_)
            | UserAgentOutput::CloseFlow(_)
            | UserAgentOutput::Dns(..)
            | UserAgentOutput::Media(_)
            | UserAgentOutput::Event(_) => {}
        }
    }
}

fn contact(message: &MessageBuf) -> String {
    message.as_message().raw(HeaderName::Contact).next().unwrap_or_default().to_owned()
}

/// The Contact of a request of the phone after the registrar answered, with or without the extension.
fn contact_after(require: Option<&str>) -> String {
    let (mut phone, alice, flow, remote, register) = phone(None);
    let message = register.as_message();
    let mut answer = MessageBuilder::response_to(&message, StatusCode::OK)
        .to_tag("registrar")
        .copy(&message, &HeaderName::Contact);
    if let Some(require) = require {
        answer = answer.raw(HeaderName::Require, require);
    }
    phone.handle_received(now(), flow, remote, answer.build().unwrap().as_bytes());
    phone.request(now(), alice, Method::Options, &UriBuf::parse("sip:bob@example.com").unwrap(), None);
    contact(&sent(&mut phone))
}

#[test]
fn a_register_over_a_connection_names_the_device_and_the_flow() {
    let (.., register) = phone(None);
    let contact_header = contact(&register);
    assert!(contact_header.contains(";reg-id=1"), "{contact_header}");
    assert!(contact_header.contains(";+sip.instance=\"<urn:uuid:"), "{contact_header}");
    assert!(!contact_header.contains(";ob"), "of dialogs alone: {contact_header}");
    let supported = register.as_message().raw(HeaderName::Supported).next();
    assert_eq!(supported, Some("path, outbound"));
    let (.., register) = phone(Some("urn:uuid:00000000-0000-4000-8000-000000000001"));
    let named = ";+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000001>\"";
    assert!(contact(&register).contains(named));
}

#[test]
fn peers_are_told_to_use_the_flow_if_the_registrar_keeps_it() {
    assert!(contact_after(Some("path, outbound")).contains(";ob>"));
    assert!(!contact_after(None).contains(";ob"));
}

/// What a registered phone says when its server answers no keep-alive, or the first one alone.
fn silence_after(require: Option<&str>, answered: usize) -> Vec<UserAgentEvent> {
    let (mut phone, _, flow, remote, register) = phone(None);
    let message = register.as_message();
    let mut answer = MessageBuilder::response_to(&message, StatusCode::OK)
        .to_tag("registrar")
        .copy(&message, &HeaderName::Contact);
    if let Some(require) = require {
        answer = answer.raw(HeaderName::Require, require);
    }
    phone.handle_received(now(), flow, remote, answer.build().unwrap().as_bytes());
    let mut now = now();
    let end = now.later(Duration::from_secs(300)).monotonic;
    let (mut pings, mut events) = (0, Vec::new());
    loop {
        let mut next = None;
        while next.is_none() {
            match phone.poll_output() {
                UserAgentOutput::Transmit(transmit) if &*transmit.bytes == b"\r\n\r\n" => {
                    pings += 1;
                    if pings <= answered {
                        phone.handle_received(now, flow, remote, b"\r\n");
                    }
                }
                UserAgentOutput::Event(event) => events.push(event),
                UserAgentOutput::Timeout(at) => next = Some(at),
                UserAgentOutput::Transmit(_)
                | UserAgentOutput::OpenFlow(_)
                | UserAgentOutput::CloseFlow(_)
                | UserAgentOutput::Dns(..)
                | UserAgentOutput::Media(_) => {}
            }
        }
        let Some(at) = next.flatten().filter(|at| *at < end) else { break };
        now = now.when(at);
        phone.handle_timeout(now);
    }
    events
}

#[test]
fn a_keep_alive_without_answer_makes_a_phone_recover() {
    let recovers = |events: &[UserAgentEvent]| {
        events.iter().any(|event| matches!(event, UserAgentEvent::Recovering { .. }))
    };
    assert!(recovers(&silence_after(Some("outbound"), 0)), "the server said that it answers");
    assert!(recovers(&silence_after(None, 1)), "the server answered before");
    assert!(!recovers(&silence_after(None, 0)), "the server may not know keep-alives");
}
