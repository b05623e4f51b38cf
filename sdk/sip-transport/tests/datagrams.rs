//! UDP on loopback.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else has failed"
)]

use std::future::poll_fn;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use rvoip_sans_io::{FlowOpened, Protocol, Transmit};
use rvoip_sip_transport::{TransportConfig, TransportEvent, Transports};
use tokio::time::timeout;

fn bind(address: &str) -> (Transports, FlowOpened) {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let flow = transports.bind_udp(address.parse().unwrap()).unwrap();
    assert_eq!((flow.protocol, flow.remote), (Protocol::Udp, None));
    (transports, flow)
}

async fn received(transports: &mut Transports) -> (SocketAddr, Vec<u8>) {
    match timeout(Duration::from_secs(10), poll_fn(|cx| transports.poll(cx))).await.expect("an event") {
        TransportEvent::Received { source, bytes, .. } => (source, bytes.to_vec()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn datagrams_of_any_size_pass_in_both_families() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let ((mut alice, a), (mut bob, b)) = (bind(address), bind(address));
        for size in [0, 1, 4, 1_500, 65_507] {
            let bytes = vec![b'x'; size];
            alice.transmit(Transmit::copy(a.flow, b.local, &bytes));
            assert_eq!(received(&mut bob).await, (a.local, bytes.clone()), "{size}");
            bob.transmit(Transmit::copy(b.flow, a.local, &bytes));
            assert_eq!(received(&mut alice).await, (b.local, bytes), "{size}");
        }
    }
}

#[tokio::test]
async fn both_families_may_have_one_port() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let four = transports.bind_udp("0.0.0.0:0".parse().unwrap()).unwrap();
    let six = transports.bind_udp(format!("[::]:{}", four.local.port()).parse().unwrap()).unwrap();
    assert_eq!(six.local.port(), four.local.port());
    assert_ne!(six.flow, four.flow);
    assert!(transports.bind_udp(four.local).is_err(), "taken");
}

#[tokio::test]
async fn a_port_that_nobody_has_does_not_kill_the_socket() {
    let ((mut alice, a), (mut bob, b)) = (bind("127.0.0.1:0"), bind("127.0.0.1:0"));
    let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for _ in 0..100 {
        alice.transmit(Transmit::copy(a.flow, gone, b"nobody"));
        alice.transmit(Transmit::copy(a.flow, b.local, b"somebody"));
        assert_eq!(received(&mut bob).await.1, b"somebody");
    }
    bob.transmit(Transmit::copy(b.flow, a.local, b"still there"));
    assert_eq!(received(&mut alice).await.1, b"still there");
}

#[tokio::test]
async fn what_cannot_be_sent_is_counted_and_the_next_one_goes() {
    let ((mut alice, a), (mut bob, b)) = (bind("127.0.0.1:0"), bind("127.0.0.1:0"));
    alice.transmit(Transmit::copy(a.flow, b.local, &vec![0; 65_508]));
    alice.transmit(Transmit::copy(a.flow, "[::1]:9".parse().unwrap(), b"wrong family"));
    assert_eq!(alice.counters().get("datagram not sent"), 2);
    alice.transmit(Transmit::copy(a.flow, b.local, b"right"));
    assert_eq!(received(&mut bob).await.1, b"right");
}

#[tokio::test]
async fn a_closed_socket_frees_its_port() {
    let (mut transports, flow) = bind("127.0.0.1:0");
    transports.close(flow.flow);
    transports.transmit(Transmit::copy(flow.flow, flow.local, b"late"));
    assert_eq!(transports.counters().get("transmit on a flow that is gone"), 1);
    assert!(transports.bind_udp(flow.local).is_ok());
}

#[tokio::test]
async fn sockets_take_turns() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let busy = transports.bind_udp("127.0.0.1:0".parse().unwrap()).unwrap();
    let quiet = transports.bind_udp("127.0.0.1:0".parse().unwrap()).unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..100 {
        sender.send_to(b"busy", busy.local).unwrap();
    }
    sender.send_to(b"quiet", quiet.local).unwrap();
    let mut before = 0;
    while received(&mut transports).await.1 != b"quiet" {
        before += 1;
        assert!(before <= 2, "starved");
    }
}
