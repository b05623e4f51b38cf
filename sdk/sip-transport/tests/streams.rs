//! TCP on loopback. Time passes by leaps, between which the sockets have real time: a machine that stands still for a
//! moment changes nothing.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else has failed"
)]

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, FlowOpened, OpenFlow, Protocol, Transmit};
use rvoip_sip_transport::{TransportConfig, TransportEvent, Transports};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nSubject: x\r\nContent-Length: 5\r\n\r\nhello";

/// Lets time pass at once. The clock goes on afterwards, so that the sockets are waited for.
async fn leap(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

async fn next(transports: &mut Transports) -> TransportEvent {
    timeout(Duration::from_secs(10), poll_fn(|cx| transports.poll(cx))).await.expect("an event")
}

async fn received(transports: &mut Transports) -> Bytes {
    match next(transports).await {
        TransportEvent::Received { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

async fn failed(transports: &mut Transports) -> (FlowId, String) {
    match next(transports).await {
        TransportEvent::Failed { flow, reason } => (flow, reason),
        other => panic!("{other:?}"),
    }
}

async fn opened(transports: &mut Transports) -> FlowOpened {
    match next(transports).await {
        TransportEvent::Opened(opened) => opened,
        other => panic!("{other:?}"),
    }
}

/// A listening side and a plain client that is connected to it.
async fn connected(config: TransportConfig) -> (Transports, FlowOpened, TcpStream) {
    let mut transports = Transports::new(config).unwrap();
    let address = transports.listen(Protocol::Tcp, loopback()).unwrap().local;
    let client = TcpStream::connect(address).await.unwrap();
    client.set_nodelay(true).unwrap();
    let flow = opened(&mut transports).await;
    assert_eq!(flow.remote, Some(client.local_addr().unwrap()));
    assert_eq!((flow.protocol, flow.local), (Protocol::Tcp, address));
    (transports, flow, client)
}

fn open(number: u64, protocol: Protocol, remote: SocketAddr) -> OpenFlow {
    OpenFlow { flow: FlowId::from_machine(number), protocol, remote, server_name: None, resource: None }
}

#[tokio::test]
async fn a_message_split_at_any_byte_arrives_whole() {
    let (mut transports, _, mut client) = connected(TransportConfig::default()).await;
    let mut stream = b"\r\n\r\n".to_vec();
    stream.extend_from_slice(OPTIONS);
    for at in 1..stream.len() {
        let (head, tail) = stream.split_at(at);
        client.write_all(head).await.unwrap();
        // A ping that is cut in two is handed on in some form; it must not block what follows.
        if at >= 4 {
            assert_eq!(received(&mut transports).await, &b"\r\n\r\n"[..]);
        } else {
            let _ = timeout(Duration::from_millis(2), poll_fn(|cx| transports.poll(cx))).await;
        }
        client.write_all(tail).await.unwrap();
        let mut last = Bytes::new();
        while last != OPTIONS {
            last = received(&mut transports).await;
            assert!(last == OPTIONS || matches!(&*last, b"\r\n\r\n" | b"\r\n"), "{at} {last:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_of_single_bytes_is_read() {
    let (mut transports, _, mut client) = connected(TransportConfig::default()).await;
    let writer = tokio::spawn(async move {
        for byte in OPTIONS {
            client.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        client
    });
    assert_eq!(received(&mut transports).await, OPTIONS);
    drop(writer.await.unwrap());
    assert_eq!(failed(&mut transports).await.1, "the peer closed the connection");
}

#[tokio::test]
async fn pings_and_pongs_are_handed_on() {
    let (mut transports, _, mut client) = connected(TransportConfig::default()).await;
    client.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(received(&mut transports).await, &b"\r\n\r\n"[..]);
    client.write_all(OPTIONS).await.unwrap();
    assert_eq!(received(&mut transports).await, OPTIONS);
    client.write_all(b"\r\n").await.unwrap();
    assert_eq!(received(&mut transports).await, &b"\r\n"[..]);
}

#[tokio::test]
async fn a_hostile_content_length_ends_the_connection_and_no_other() {
    for length in ["-1", "18446744073709551616", "99999999", "70000", "5, 6", "x"] {
        let (mut transports, flow, mut client) = connected(TransportConfig::default()).await;
        let mut other = TcpStream::connect(flow.local).await.unwrap();
        let other_flow = opened(&mut transports).await.flow;
        let text = format!("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\n");
        client.write_all(text.as_bytes()).await.unwrap();
        // What can be read of it is handed on, and what is said to it still leaves, also while the peer goes on.
        assert_eq!(received(&mut transports).await, text.as_bytes());
        client.write_all(OPTIONS).await.unwrap();
        let (destination, bytes) =
            (flow.remote.unwrap(), Bytes::from_static(b"SIP/2.0 400 Bad Request\r\n\r\n"));
        transports.transmit(Transmit { flow: flow.flow, destination, bytes: bytes.clone() });
        let (gone, reason) = failed(&mut transports).await;
        assert_eq!(gone, flow.flow);
        assert!(reason.starts_with("the peer broke the framing"), "{reason}");
        let mut answer = Vec::new();
        let end = async {
            tokio::select! {
                read = client.read_to_end(&mut answer) => read,
                event = poll_fn(|cx| transports.poll(cx)) => panic!("{event:?}"),
            }
        };
        timeout(Duration::from_secs(10), end).await.expect("the end").unwrap();
        assert_eq!(answer, bytes);
        other.write_all(OPTIONS).await.unwrap();
        let TransportEvent::Received { flow, .. } = next(&mut transports).await else {
            panic!("nothing received")
        };
        assert_eq!(flow, other_flow);
    }
}

#[tokio::test]
async fn a_refused_connection_fails_with_words() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    let free = TcpListener::bind(loopback()).await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    transports.open(&open(1, Protocol::Tcp, address));
    let expected =
        (FlowId::from_machine(1), format!("{address} cannot be reached over TCP: connection refused"));
    assert_eq!(failed(&mut transports).await, expected);
    transports.open(&open(1, Protocol::Tcp, address));
    assert_eq!(failed(&mut transports).await, expected, "the name is free again");
}

#[tokio::test]
async fn a_connection_is_opened_from_the_address_that_was_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    transports.bind_udp("127.0.0.2:0".parse().unwrap()).unwrap();
    transports.open(&open(1, Protocol::Tcp, listener.local_addr().unwrap()));
    let flow = opened(&mut transports).await;
    let (_, remote) = listener.accept().await.unwrap();
    assert_eq!((remote.ip().to_string(), flow.local), ("127.0.0.2".to_owned(), remote));
}

#[tokio::test]
async fn a_port_that_is_taken_is_not_listened_on() {
    let (_one, flow, _client) = connected(TransportConfig::default()).await;
    let mut other = Transports::new(TransportConfig::default()).unwrap();
    assert!(other.listen(Protocol::Tcp, flow.local).is_err());
}

#[tokio::test]
async fn udp_is_not_opened() {
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    transports.open(&open(4, Protocol::Udp, loopback()));
    let expected = (FlowId::from_machine(4), "UDP is bound, not opened".to_owned());
    assert_eq!(failed(&mut transports).await, expected);
}

#[tokio::test]
async fn what_is_sent_before_the_connection_is_there_follows_it() {
    let server = TcpListener::bind("[::1]:0").await.unwrap();
    let remote = server.local_addr().unwrap();
    let mut transports = Transports::new(TransportConfig::default()).unwrap();
    transports.open(&open(1, Protocol::Tcp, remote));
    transports.transmit(Transmit::copy(FlowId::from_machine(1), remote, b"first "));
    let flow = opened(&mut transports).await;
    assert_eq!((flow.flow, flow.remote), (FlowId::from_machine(1), Some(remote)));
    transports.transmit(Transmit::copy(flow.flow, remote, b"second"));
    poll_fn(|cx| transports.poll_flush(cx)).await;
    let (mut peer, source) = server.accept().await.unwrap();
    assert_eq!(source, flow.local);
    let mut text = [0; 12];
    peer.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"first second");
}

#[tokio::test]
async fn a_closed_flow_sends_what_was_queued_and_is_not_heard_of_again() {
    let (mut transports, flow, mut client) = connected(TransportConfig::default()).await;
    let large = vec![b'x'; 3 << 20];
    transports.transmit(Transmit::copy(flow.flow, loopback(), &large));
    transports.close(flow.flow);
    let reader = tokio::spawn(async move {
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        all.len()
    });
    poll_fn(|cx| transports.poll_flush(cx)).await;
    assert_eq!(reader.await.unwrap(), large.len());
    let quiet = timeout(Duration::from_millis(20), poll_fn(|cx| transports.poll(cx))).await;
    assert!(quiet.is_err(), "{quiet:?}");
    transports.transmit(Transmit::copy(flow.flow, loopback(), b"late"));
    assert_eq!(transports.counters().get("transmit on a flow that is gone"), 1);
}

#[tokio::test]
async fn a_peer_that_does_not_read_fails_the_flow_at_the_bound() {
    let config = TransportConfig { send_queue: 10_000, send_bytes: 256 << 10, ..TransportConfig::default() };
    let (mut transports, flow, client) = connected(config).await;
    let message = vec![b'x'; 64 << 10];
    let mut sent = 0;
    let (gone, reason) = loop {
        transports.transmit(Transmit::copy(flow.flow, loopback(), &message));
        sent += message.len();
        assert!(sent < 1 << 30, "no bound");
        match timeout(Duration::ZERO, poll_fn(|cx| transports.poll(cx))).await {
            Ok(TransportEvent::Failed { flow, reason }) => break (flow, reason),
            Ok(other) => panic!("{other:?}"),
            Err(_) => {}
        }
    };
    assert_eq!((gone, &*reason), (flow.flow, "the peer does not take what is sent to it"));
    assert_eq!(transports.counters().get("connection ended: queue full"), 1);
    drop(client);
}

#[tokio::test]
async fn an_idle_connection_is_given_up() {
    let config = TransportConfig { idle: Duration::from_secs(200), ..TransportConfig::default() };
    let (mut transports, flow, client) = connected(config).await;
    leap(Duration::from_secs(201)).await;
    let expected = (flow.flow, "the connection was silent for too long".to_owned());
    assert_eq!(failed(&mut transports).await, expected);
    drop(client);
}

#[tokio::test]
async fn a_slow_message_is_given_up_though_its_bytes_come() {
    let config = TransportConfig {
        idle: Duration::from_secs(2_000),
        message_wait: Duration::from_secs(40),
        ..TransportConfig::default()
    };
    let (mut transports, flow, mut client) = connected(config).await;
    for byte in OPTIONS {
        client.write_all(&[*byte]).await.unwrap();
        leap(Duration::from_secs(10)).await;
        match timeout(Duration::from_millis(1), poll_fn(|cx| transports.poll(cx))).await {
            Err(_) => {}
            Ok(TransportEvent::Failed { flow: gone, reason }) => {
                let expected = (flow.flow, "the peer did not complete its message in time");
                return assert_eq!((gone, &*reason), expected);
            }
            Ok(other) => panic!("{other:?}"),
        }
    }
    panic!("a message may take for ever");
}

#[tokio::test]
async fn what_passes_keeps_a_connection_alive() {
    let config = TransportConfig { idle: Duration::from_secs(200), ..TransportConfig::default() };
    let (mut transports, _, mut client) = connected(config).await;
    for _ in 0..8 {
        client.write_all(b"\r\n\r\n").await.unwrap();
        assert_eq!(received(&mut transports).await, &b"\r\n\r\n"[..]);
        leap(Duration::from_secs(150)).await;
    }
    leap(Duration::from_secs(51)).await;
    assert_eq!(failed(&mut transports).await.1, "the connection was silent for too long");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_refused_until_one_ends() {
    let config = TransportConfig { connections: 1, ..TransportConfig::default() };
    let (mut transports, flow, client) = connected(config).await;
    let mut second = TcpStream::connect(flow.local).await.unwrap();
    let quiet = timeout(Duration::from_millis(20), poll_fn(|cx| transports.poll(cx))).await;
    assert!(quiet.is_err(), "{quiet:?}");
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed");
    assert_eq!(transports.counters().get("connection refused: too many"), 1);
    drop(client);
    assert_eq!(failed(&mut transports).await.0, flow.flow);
    let _third = TcpStream::connect(flow.local).await.unwrap();
    assert_ne!(opened(&mut transports).await.flow, flow.flow);
}

#[tokio::test]
async fn a_busy_flow_does_not_starve_a_quiet_one() {
    let (mut transports, busy, mut flood) = connected(TransportConfig::default()).await;
    let mut quiet = TcpStream::connect(busy.local).await.unwrap();
    let quiet_flow = opened(&mut transports).await.flow;
    let writer = tokio::spawn(async move {
        let burst = OPTIONS.repeat(1_000);
        while flood.write_all(&burst).await.is_ok() {}
    });
    while received(&mut transports).await.is_empty() {}
    quiet.write_all(OPTIONS).await.unwrap();
    let mut before = 0;
    loop {
        let TransportEvent::Received { flow, .. } = next(&mut transports).await else {
            panic!("nothing received")
        };
        if flow == quiet_flow {
            break;
        }
        before += 1;
        assert!(before < 10_000, "starved");
    }
    writer.abort();
}
