//! Real sockets on the loopback.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{DnsAnswer, DnsQuestion, FlowId, OpenFlow, Protocol, QuestionId, RecordType, Transmit};
use rvoip_sip_transport::{Resolver, TransportConfig, TransportEvent, Transports};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const LOOPBACK: &str = "127.0.0.1:0";
const MESSAGE: &str = "MESSAGE sip:b SIP/2.0\r\nContent-Length: 5\r\n\r\nhello";

async fn next(transports: &mut Transports) -> TransportEvent {
    timeout(Duration::from_secs(10), poll_fn(|cx| transports.poll(cx))).await.unwrap()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn open(flow: FlowId, protocol: Protocol, remote: SocketAddr) -> OpenFlow {
    OpenFlow { flow, protocol, remote, server_name: None, resource: None }
}

#[tokio::test]
async fn datagrams_travel_over_both_families() {
    for any in ["127.0.0.1:0", "[::1]:0"] {
        let mut transports = Transports::new(TransportConfig::default()).unwrap();
        let one = transports.bind_udp(address(any)).unwrap();
        let other = transports.bind_udp(address(any)).unwrap();
        let bytes = Bytes::from_static(b"\x00\xffhello");
        transports.transmit(Transmit { flow: one.flow, destination: other.local, bytes: bytes.clone() });
        let received = TransportEvent::Received { flow: other.flow, source: one.local, bytes };
        assert_eq!(next(&mut transports).await, received);
    }
}

#[tokio::test]
async fn a_datagram_to_nobody_does_not_end_the_socket() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let one = transports.bind_udp(address(LOOPBACK)).unwrap();
    let nobody = {
        let closed = std::net::UdpSocket::bind(LOOPBACK).unwrap();
        closed.local_addr().unwrap()
    };
    for _ in 0..3 {
        let bytes = Bytes::from_static(b"x");
        transports.transmit(Transmit { flow: one.flow, destination: nobody, bytes });
    }
    let sender = tokio::net::UdpSocket::bind(LOOPBACK).await.unwrap();
    sender.send_to(b"hello", one.local).await.unwrap();
    assert!(
        matches!(next(&mut transports).await, TransportEvent::Received { bytes, .. } if bytes == "hello")
    );
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let one = transports.bind_udp(address(LOOPBACK)).unwrap();
    assert!(transports.bind_udp(one.local).is_err());
    let bound = transports.listen(Protocol::Tcp, address(LOOPBACK)).unwrap().local;
    assert!(Transports::new(TransportConfig::default()).unwrap().listen(Protocol::Tcp, bound).is_err());
}

#[tokio::test]
async fn a_stream_is_cut_into_messages_wherever_it_is_split() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let bound = transports.listen(Protocol::Tcp, address(LOOPBACK)).unwrap().local;
    let mut peer = TcpStream::connect(bound).await.unwrap();
    let TransportEvent::Opened(opened) = next(&mut transports).await else { panic!() };
    assert_eq!(opened.remote, Some(peer.local_addr().unwrap()));
    let two = format!("{MESSAGE}\r\n\r\n{MESSAGE}");
    for at in 0..two.len() {
        let (head, tail) = two.split_at(at);
        peer.write_all(head.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
        peer.write_all(tail.as_bytes()).await.unwrap();
        let mut found = Vec::new();
        while found.iter().filter(|bytes: &&Bytes| bytes.len() == MESSAGE.len()).count() < 2 {
            let TransportEvent::Received { bytes, .. } = next(&mut transports).await else { panic!() };
            found.push(bytes);
        }
        assert_eq!(found.first().map(|bytes| &bytes[..]), Some(MESSAGE.as_bytes()), "split at {at}");
    }
}

#[tokio::test]
async fn a_connection_that_was_asked_for_carries_messages_both_ways() {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let remote = listener.local_addr().unwrap();
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let flow = FlowId::from_machine(1);
    transports.open(&open(flow, Protocol::Tcp, remote));
    let (mut peer, _) = listener.accept().await.unwrap();
    assert!(matches!(next(&mut transports).await, TransportEvent::Opened(opened) if opened.flow == flow));
    let bytes = Bytes::from_static(MESSAGE.as_bytes());
    transports.transmit(Transmit { flow, destination: remote, bytes });
    let mut received = vec![0; MESSAGE.len()];
    peer.read_exact(&mut received).await.unwrap();
    assert_eq!(received, MESSAGE.as_bytes());
    peer.write_all(b"\r\n\r\n").await.unwrap();
    assert!(
        matches!(next(&mut transports).await, TransportEvent::Received { bytes, .. } if bytes == "\r\n\r\n")
    );
    drop(peer);
    let TransportEvent::Failed { reason, .. } = next(&mut transports).await else { panic!() };
    assert_eq!(reason, "the peer closed the connection");
}

#[tokio::test]
async fn what_is_queued_is_sent_before_a_flow_closes() {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let remote = listener.local_addr().unwrap();
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let flow = FlowId::from_machine(1);
    transports.open(&open(flow, Protocol::Tcp, remote));
    let (mut peer, _) = listener.accept().await.unwrap();
    next(&mut transports).await;
    for _ in 0..10 {
        transports.transmit(Transmit {
            flow,
            destination: remote,
            bytes: Bytes::from_static(MESSAGE.as_bytes()),
        });
    }
    transports.close(flow);
    let mut all = Vec::new();
    timeout(Duration::from_secs(10), peer.read_to_end(&mut all)).await.unwrap().unwrap();
    assert_eq!(all.len(), 10 * MESSAGE.len());
}

#[tokio::test]
async fn a_peer_that_does_not_read_ends_its_connection_and_no_other() {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let remote = listener.local_addr().unwrap();
    let mut transports =
        Transports::new(TransportConfig { send_queue: 4, ..TransportConfig::default() }).unwrap();
    let flow = FlowId::from_machine(1);
    transports.open(&open(flow, Protocol::Tcp, remote));
    let (peer, _) = listener.accept().await.unwrap();
    next(&mut transports).await;
    let bytes = Bytes::from(vec![b'x'; 1_000_000]);
    for _ in 0..50 {
        transports.transmit(Transmit { flow, destination: remote, bytes: bytes.clone() });
        tokio::task::yield_now().await;
    }
    let TransportEvent::Failed { reason, .. } = next(&mut transports).await else { panic!() };
    assert_eq!(reason, "the peer does not take what is sent to it");
    drop(peer);
}

#[tokio::test]
async fn a_refused_connection_says_why() {
    let nobody = {
        let closed = TcpListener::bind(LOOPBACK).await.unwrap();
        closed.local_addr().unwrap()
    };
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    transports.open(&open(FlowId::from_machine(1), Protocol::Tcp, nobody));
    let TransportEvent::Failed { reason, .. } = next(&mut transports).await else { panic!() };
    assert_eq!(reason, format!("{nobody} cannot be reached over TCP: connection refused"));
    transports.open(&open(FlowId::from_machine(2), Protocol::Tls, nobody));
    let TransportEvent::Failed { reason, .. } = next(&mut transports).await else { panic!() };
    assert_eq!(reason, format!("{nobody} cannot be reached over TLS: connection refused"));
}

#[tokio::test]
async fn a_silent_connection_is_closed_and_too_many_are_refused() {
    let config =
        TransportConfig { idle: Duration::from_secs(100), connections: 1, ..TransportConfig::default() };
    let mut transports = Transports::new(config).unwrap();
    let bound = transports.listen(Protocol::Tcp, address(LOOPBACK)).unwrap().local;
    let _first = TcpStream::connect(bound).await.unwrap();
    let TransportEvent::Opened(_) = next(&mut transports).await else { panic!() };
    let mut second = TcpStream::connect(bound).await.unwrap();
    let mut end = [0; 1];
    tokio::select! {
        read = second.read(&mut end) => assert_eq!(read.unwrap_or(0), 0),
        event = next(&mut transports) => panic!("{event:?}"),
    }
    assert_eq!(transports.counters().get("connection refused: too many"), 1);
    // The clock leaps, and goes on so that the sockets are waited for.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(101)).await;
    tokio::time::resume();
    let TransportEvent::Failed { reason, .. } = next(&mut transports).await else { panic!() };
    assert_eq!(reason, "the connection was silent for too long");
}

#[tokio::test]
async fn localhost_is_the_loopback() {
    let mut resolver = Resolver::new();
    for (number, record) in [(1, RecordType::A), (2, RecordType::Aaaa)] {
        resolver.ask(QuestionId(number), DnsQuestion { name: "localhost".to_owned(), record });
        let (id, answer) = timeout(Duration::from_secs(10), poll_fn(|cx| resolver.poll(cx))).await.unwrap();
        assert_eq!(id, QuestionId(number));
        let Ok(DnsAnswer::Addresses(addresses)) = answer else { panic!("{answer:?}") };
        assert!(addresses.iter().all(std::net::IpAddr::is_loopback) && addresses.len() == 1);
    }
}
