//! TLS on loopback, with certificates that the tests make.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else has failed"
)]

mod two_sides;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_certificates::{Authority, Issued, Validity};
use rvoip_sans_io::{Protocol, Transmit};
use rvoip_sip_transport::{TlsConfig, TlsError, TransportConfig, TransportEvent, Transports};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use two_sides::{OPTIONS, both, failed, leaps, loopback, next, next_beside, opened, received, refused, to};

const NAME: &str = "sip.example.com";

fn server(issued: &Issued) -> TransportConfig {
    let tls = TlsConfig {
        certificate: Some(issued.chain.clone().into_bytes()),
        key: Some(issued.key.clone().into_bytes()),
        ..TlsConfig::default()
    };
    TransportConfig { tls, ..TransportConfig::default() }
}

fn client(authority: &Authority) -> TransportConfig {
    let tls = TlsConfig { ca: Some(authority.pem().as_bytes().to_vec()), ..TlsConfig::default() };
    TransportConfig { tls, ..TransportConfig::default() }
}

/// A listening side with a certificate of an authority.
fn listening(issued: &Issued, protocol: Protocol) -> (Transports, SocketAddr) {
    let mut server = Transports::new(server(issued)).unwrap();
    let address = server.listen(protocol, loopback()).unwrap().local;
    (server, address)
}

#[tokio::test]
async fn messages_go_both_ways_over_both_secure_protocols() {
    let authority = Authority::new("a").unwrap();
    let issued = authority.issue(&[NAME]).unwrap();
    for protocol in [Protocol::Tls, Protocol::Wss] {
        let (mut server, address) = listening(&issued, protocol);
        let mut client = Transports::new(client(&authority)).unwrap();
        let open = to(1, protocol, address, Some(NAME));
        client.open(&open);
        client.transmit(Transmit::copy(open.flow, address, OPTIONS));
        let (one, other) = both(&mut client, &mut server).await;
        let (ours, theirs) = (opened(one), opened(other));
        assert_eq!((ours.flow, ours.protocol, ours.remote), (open.flow, protocol, Some(address)));
        assert_eq!((theirs.protocol, theirs.local, theirs.remote), (protocol, address, Some(ours.local)));
        assert_eq!(received(next_beside(&mut server, &mut client).await), OPTIONS);
        for bytes in [OPTIONS, b"\r\n\r\n"] {
            server.transmit(Transmit::copy(theirs.flow, ours.local, bytes));
            assert_eq!(received(next_beside(&mut client, &mut server).await), bytes);
        }
        // More than the sockets buffer.
        let large = [b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 60000\r\n\r\n".to_vec(), vec![b'x'; 60_000]];
        let large = large.concat();
        for _ in 0..20 {
            client.transmit(Transmit::copy(open.flow, address, &large));
        }
        for _ in 0..20 {
            assert_eq!(received(next_beside(&mut server, &mut client).await), large);
        }
        client.transmit(Transmit::copy(open.flow, address, OPTIONS));
        client.close(open.flow);
        assert_eq!(received(next_beside(&mut server, &mut client).await), OPTIONS, "{protocol}");
        let end = failed(next_beside(&mut server, &mut client).await);
        assert_eq!(end, "the peer closed the connection", "{protocol}");
    }
}

#[tokio::test]
async fn a_wildcard_is_good_for_the_web_and_not_for_sip() {
    let authority = Authority::new("a").unwrap();
    let issued = authority.issue(&["*.example.com"]).unwrap();
    for (protocol, is_good) in [(Protocol::Tls, false), (Protocol::Wss, true)] {
        let (mut server, address) = listening(&issued, protocol);
        let mut client = Transports::new(client(&authority)).unwrap();
        client.open(&to(1, protocol, address, Some(NAME)));
        if is_good {
            let (one, other) = both(&mut client, &mut server).await;
            assert_eq!(opened(one).protocol, opened(other).protocol);
        } else {
            let reason = failed(next_beside(&mut client, &mut server).await);
            assert!(reason.ends_with("its certificate is not for sip.example.com"), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_certificate_for_a_sip_domain_is_good_for_sip() {
    let authority = Authority::new("a").unwrap();
    let issued = authority.issue(&["sip:example.com"]).unwrap();
    let (mut server, address) = listening(&issued, Protocol::Tls);
    let mut client = Transports::new(client(&authority)).unwrap();
    client.open(&to(1, Protocol::Tls, address, Some("example.com")));
    let (one, other) = both(&mut client, &mut server).await;
    assert_eq!(opened(one).protocol, opened(other).protocol);
}

#[tokio::test]
async fn what_is_sent_last_leaves_though_nobody_polls_any_more() {
    let authority = Authority::new("a").unwrap();
    let issued = authority.issue(&[NAME]).unwrap();
    for protocol in [Protocol::Tls, Protocol::Wss] {
        let (mut server, address) = listening(&issued, protocol);
        let mut client = Transports::new(client(&authority)).unwrap();
        let open = to(1, protocol, address, Some(NAME));
        client.open(&open);
        let (one, other) = both(&mut client, &mut server).await;
        assert_eq!(opened(one).protocol, opened(other).protocol);
        client.transmit(Transmit::copy(open.flow, address, OPTIONS));
        client.leave();
        drop(client);
        assert_eq!(received(next(&mut server).await), OPTIONS, "{protocol}");
    }
}

#[tokio::test]
async fn an_address_in_the_uri_is_checked_against_the_certificate() {
    let authority = Authority::new("a").unwrap();
    let (mut server, address) = listening(&authority.issue(&["127.0.0.1"]).unwrap(), Protocol::Tls);
    let mut client = Transports::new(client(&authority)).unwrap();
    client.open(&to(1, Protocol::Tls, address, None));
    let (one, other) = both(&mut client, &mut server).await;
    assert_eq!(opened(one).remote, Some(address));
    opened(other);
}

#[tokio::test]
async fn a_server_with_a_wrong_certificate_is_refused_in_words() {
    let (authority, stranger) = (Authority::new("a").unwrap(), Authority::new("b").unwrap());
    let expired = Validity { from: -30, until: -1 };
    let future = Validity { from: 1, until: 30 };
    let cases = [
        (authority.issue(&["other.example.com"]), "its certificate is not for sip.example.com"),
        (stranger.issue(&[NAME]), "its certificate is of an unknown authority"),
        (authority.issue_for(&[NAME], expired), "its certificate has expired"),
        (authority.issue_for(&[NAME], future), "its certificate is not valid yet"),
    ];
    for (issued, words) in cases {
        for protocol in [Protocol::Tls, Protocol::Wss] {
            let (mut server, address) = listening(issued.as_ref().unwrap(), protocol);
            let open = to(1, protocol, address, Some(NAME));
            let reason = refused(&mut server, client(&authority), &open).await;
            assert_eq!(reason, format!("{address} cannot be reached over {protocol}: {words}"));
        }
    }
    // The well-known authorities do not know it, and an address is no name.
    let issued = authority.issue(&[NAME]).unwrap();
    let (mut server, address) = listening(&issued, Protocol::Tls);
    let open = to(1, Protocol::Tls, address, Some(NAME));
    let reason = refused(&mut server, TransportConfig::default(), &open).await;
    assert!(reason.ends_with("its certificate is of an unknown authority"), "{reason}");
    let open = to(1, Protocol::Tls, address, None);
    let reason = refused(&mut server, client(&authority), &open).await;
    assert!(reason.ends_with("its certificate is not for 127.0.0.1"), "{reason}");
    let open = to(1, Protocol::Tls, address, Some("not a name"));
    let reason = refused(&mut server, client(&authority), &open).await;
    assert!(reason.ends_with("no certificate can be for the name of the server"), "{reason}");
}

#[tokio::test]
async fn insecure_takes_any_certificate() {
    let issued = Authority::new("a").unwrap().issue_for(&["x"], Validity { from: -9, until: -8 }).unwrap();
    let (mut server, address) = listening(&issued, Protocol::Tls);
    let tls = TlsConfig { insecure: true, ..TlsConfig::default() };
    let mut client = Transports::new(TransportConfig { tls, ..TransportConfig::default() }).unwrap();
    client.open(&to(1, Protocol::Tls, address, Some(NAME)));
    let (one, _) = both(&mut client, &mut server).await;
    assert_eq!(opened(one).remote, Some(address));
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let authority = Authority::new("a").unwrap();
    // One that answers in plain text, one that ends the connection, one that says nothing.
    // Only the wait for the last has to be short.
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(50));
    for (answer, connect_wait, words) in [
        (Some(&b"SIP/2.0 400 Bad Request\r\n\r\n"[..]), long, "it does not speak TLS"),
        (None, long, "it ended the connection before TLS began, and may not speak it"),
        (Some(b""), short, "the handshake took too long"),
    ] {
        let listener = TcpListener::bind(loopback()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await;
            if let Some(answer) = answer {
                stream.write_all(answer).await.unwrap();
                let _ = stream.read(&mut [0; 4_096]).await;
            }
        });
        let config = TransportConfig { connect_wait, ..client(&authority) };
        let mut client = Transports::new(config).unwrap();
        client.open(&to(1, Protocol::Tls, address, Some(NAME)));
        let reason = failed(next(&mut client).await);
        assert_eq!(reason, format!("{address} cannot be reached over TLS: {words}"));
        drop(client);
        peer.await.unwrap();
    }
}

#[tokio::test]
async fn plain_text_garbage_and_silence_at_a_tls_port_are_dropped_and_nobody_hears_of_them() {
    let authority = Authority::new("a").unwrap();
    let issued = authority.issue(&[NAME]).unwrap();
    let connect_wait = Duration::from_secs(60);
    let config = TransportConfig { connect_wait, ..server(&issued) };
    let mut server = Transports::new(config).unwrap();
    let address = server.listen(Protocol::Tls, loopback()).unwrap().local;
    for (text, is_told_apart) in
        [(OPTIONS, true), (&[0; 1_000], true), (&[22, 3, 1, 0xff, 0xff], false), (b"", false)]
    {
        let mut plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(text).await.unwrap();
        let mut answer = Vec::new();
        tokio::select! {
            read = plain.read_to_end(&mut answer) => { let _ = read; }
            event = std::future::poll_fn(|cx| server.poll(cx)) => panic!("{event:?}"),
            // What may become a handshake is waited for.
            () = leaps(connect_wait), if !is_told_apart => {}
        }
        // At most an alert.
        assert!(answer.len() < 64, "{answer:?}");
    }
    assert_eq!(server.counters().get("accepted connection without its handshake"), 4);
    let mut client = Transports::new(client(&authority)).unwrap();
    client.open(&to(1, Protocol::Tls, address, Some(NAME)));
    let (one, _) = both(&mut client, &mut server).await;
    opened(one);
}

#[tokio::test]
async fn unfinished_handshakes_count_among_the_connections() {
    let issued = Authority::new("a").unwrap().issue(&[NAME]).unwrap();
    let config = TransportConfig { connections: 1, ..server(&issued) };
    let mut server = Transports::new(config).unwrap();
    let address = server.listen(Protocol::Wss, loopback()).unwrap().local;
    let _first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    let quiet = timeout(Duration::from_millis(50), poll_fn(|cx| server.poll(cx))).await;
    assert!(quiet.is_err(), "{quiet:?}");
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed");
    assert_eq!(server.counters().get("connection refused: too many"), 1);
}

#[tokio::test]
async fn a_hostile_message_under_tls_ends_its_connection() {
    let authority = Authority::new("a").unwrap();
    let (mut server, address) = listening(&authority.issue(&[NAME]).unwrap(), Protocol::Tls);
    let mut client = Transports::new(client(&authority)).unwrap();
    let open = to(1, Protocol::Tls, address, Some(NAME));
    client.open(&open);
    both(&mut client, &mut server).await;
    let text = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n";
    client.transmit(Transmit::copy(open.flow, address, text));
    assert_eq!(received(next_beside(&mut server, &mut client).await), &text[..]);
    let theirs = failed(next_beside(&mut server, &mut client).await);
    assert!(theirs.starts_with("the peer broke the framing"), "{theirs}");
    assert_eq!(failed(next_beside(&mut client, &mut server).await), "the peer closed the connection");
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_before_anything_is_opened() {
    let authority = Authority::new("a").unwrap();
    let (one, other) = (authority.issue(&[NAME]).unwrap(), authority.issue(&[NAME]).unwrap());
    let new = |tls| Transports::new(TransportConfig { tls, ..TransportConfig::default() }).unwrap_err();
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let empty = TlsConfig { ca: bytes("hello"), ..TlsConfig::default() };
    assert_eq!(new(empty), TlsError::Ca("there is no PEM certificate in it".to_owned()));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let broken = TlsConfig { ca: bytes(broken), ..TlsConfig::default() };
    assert!(matches!(new(broken), TlsError::Ca(_)));
    let key = TlsConfig { certificate: bytes(&one.chain), key: bytes("hello"), ..TlsConfig::default() };
    assert!(matches!(new(key), TlsError::Key(_)));
    let alone = TlsConfig { certificate: bytes(&one.chain), ..TlsConfig::default() };
    assert!(matches!(new(alone), TlsError::Key(_)));
    let keyless = TlsConfig { key: bytes(&one.key), ..TlsConfig::default() };
    assert!(matches!(new(keyless), TlsError::Certificate(_)));
    let mixed = TlsConfig { certificate: bytes(&one.chain), key: bytes(&other.key), ..TlsConfig::default() };
    assert_eq!(new(mixed), TlsError::Key("it is not the key of the certificate".to_owned()));
    let shown = format!("{:?}", TlsConfig { key: bytes(&one.key), ..TlsConfig::default() });
    assert!(!shown.contains("45"), "{shown}");
}

#[tokio::test]
async fn nothing_secure_is_listened_on_without_a_certificate() {
    let mut server = Transports::new(TransportConfig::default()).unwrap();
    for protocol in [Protocol::Tls, Protocol::Wss] {
        let error = server.listen(protocol, loopback()).unwrap_err();
        assert_eq!(error.to_string(), "there is no certificate for it");
    }
    assert!(server.listen(Protocol::Udp, loopback()).is_err());
    assert!(server.listen(Protocol::Ws, loopback()).is_ok());
    let event = timeout(Duration::from_millis(5), poll_fn(|cx| server.poll(cx))).await;
    assert!(!matches!(event, Ok(TransportEvent::Failed { .. })));
}
