//! Calls with baresip by way of our own switch: both sides speak, over other transports, and what each heard is compared.

use rvoip_interop::{OwnSwitch, Ways, in_scratch, we_are_called, we_call};

#[test]
fn a_phone_on_a_secure_websocket_calls_a_baresip_on_udp() {
    let ways = Ways { ours: "wss", theirs: "udp", codecs: "pcmu" };
    in_scratch(|scratch| we_call::<OwnSwitch>(ways, scratch));
}

#[test]
fn a_baresip_on_tls_calls_a_phone_on_udp() {
    let ways = Ways { ours: "udp", theirs: "tls", codecs: "pcma" };
    in_scratch(|scratch| we_are_called::<OwnSwitch>(ways, scratch));
}

#[test]
fn a_baresip_on_tcp_calls_a_phone_on_a_websocket() {
    let ways = Ways { ours: "ws", theirs: "tcp", codecs: "pcma" };
    in_scratch(|scratch| we_are_called::<OwnSwitch>(ways, scratch));
}
