//! WebSocket on loopback, against our own other side, a plain library, and bytes written by hand.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something else has failed"
)]

mod two_sides;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use rvoip_sans_io::{FlowOpened, OpenFlow, Protocol, Transmit};
use rvoip_sip_core::Limits;
use rvoip_sip_transport::{TransportConfig, TransportEvent, Transports};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_websockets::{ClientBuilder, Config, Message, WebSocketStream};

use two_sides::{OPTIONS, both, failed, leaps, loopback, next, next_beside, opened, received, refused, to};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn listening(config: TransportConfig) -> (Transports, SocketAddr) {
    let mut server = Transports::new(config).unwrap();
    let address = server.listen(Protocol::Ws, loopback()).unwrap().local;
    (server, address)
}

/// A request that opens a WebSocket, with further header fields.
fn request(fields: &str) -> String {
    format!(
        "GET /any/path?x=y HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
}

/// What a server answers to a request that opens no WebSocket, while it has nothing to tell.
async fn answer(server: &mut Transports, address: SocketAddr, request: &[u8]) -> String {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request).await.unwrap();
    let mut text = String::new();
    tokio::select! {
        read = client.read_to_string(&mut text) => { read.unwrap(); }
        event = next(server) => panic!("{event:?}"),
    }
    text
}

/// A library's client that is connected to a listening side.
async fn library_client(
    config: TransportConfig,
    library: Config,
) -> (Transports, FlowOpened, WebSocketStream<TcpStream>) {
    let (mut server, address) = listening(config);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request("Sec-WebSocket-Protocol: chat, sip\r\n").as_bytes()).await.unwrap();
    let flow = opened(next(&mut server).await);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains(&format!("Sec-WebSocket-Accept: {ACCEPT}\r\n")), "{head}");
    assert!(head.contains("Sec-WebSocket-Protocol: sip\r\n"), "{head}");
    (server, flow, ClientBuilder::new().config(library).take_over(stream))
}

/// Our client at a server that does with the accepted connection what it likes.
async fn client_of<F: Future<Output = ()> + Send + 'static>(
    open: impl FnOnce(OpenFlow) -> OpenFlow,
    serve: impl FnOnce(TcpStream, String) -> F + Send + 'static,
) -> (Transports, SocketAddr) {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        serve(stream, String::from_utf8(head).unwrap()).await;
    });
    let mut client = Transports::new(TransportConfig::default()).unwrap();
    client.open(&open(to(1, Protocol::Ws, address, None)));
    (client, address)
}

#[tokio::test]
async fn messages_and_keep_alives_go_both_ways_one_a_frame() {
    let (mut server, address) = listening(TransportConfig::default());
    let mut client = Transports::new(TransportConfig::default()).unwrap();
    let open =
        OpenFlow { resource: Some("/ws?a=b".to_owned()), ..to(1, Protocol::Ws, address, Some("x.example")) };
    client.open(&open);
    client.transmit(Transmit::copy(open.flow, address, OPTIONS));
    let (one, other) = both(&mut client, &mut server).await;
    let (ours, theirs) = (opened(one), opened(other));
    assert_eq!((ours.protocol, theirs.protocol), (Protocol::Ws, Protocol::Ws));
    assert_eq!(theirs.remote, Some(ours.local));
    assert_eq!(received(next_beside(&mut server, &mut client).await), OPTIONS);
    // Without Content-Length, not UTF-8, and a keep-alive.
    for bytes in [&b"OPTIONS sip:a SIP/2.0\r\n\r\nbody"[..], b"\xff\xfe", b"\r\n\r\n", b"\r\n"] {
        server.transmit(Transmit::copy(theirs.flow, ours.local, bytes));
        client.transmit(Transmit::copy(ours.flow, address, bytes));
        let (one, other) = both(&mut client, &mut server).await;
        assert_eq!((received(one), received(other)), (Bytes::from_static(bytes), Bytes::from_static(bytes)));
    }
    server.close(theirs.flow);
    let end = failed(next_beside(&mut client, &mut server).await);
    assert_eq!(end, "the peer closed the connection");
}

#[tokio::test]
async fn text_binary_and_fragments_of_a_library_are_messages() {
    let pieces = Config::default().frame_size(7);
    let (mut server, flow, mut client) = library_client(TransportConfig::default(), pieces).await;
    for message in [Message::text(Bytes::from_static(OPTIONS)), Message::binary(Bytes::from_static(OPTIONS))]
    {
        client.send(message).await.unwrap();
        assert_eq!(received(next(&mut server).await), OPTIONS);
    }
    server.transmit(Transmit::copy(flow.flow, loopback(), OPTIONS));
    server.transmit(Transmit::copy(flow.flow, loopback(), b"\xff"));
    let reading = async {
        let first = client.next().await.unwrap().unwrap();
        assert!(first.is_text());
        assert_eq!(&first.as_payload()[..], OPTIONS);
        assert!(client.next().await.unwrap().unwrap().is_binary());
    };
    tokio::select! {
        () = reading => {}
        event = next(&mut server) => panic!("{event:?}"),
    }
    let (closed, end) = tokio::join!(client.close(), next(&mut server));
    closed.unwrap();
    assert_eq!(failed(end), "the peer closed the connection");
}

#[tokio::test]
async fn a_handshake_and_frames_in_single_bytes_are_read() {
    let (mut server, address) = listening(TransportConfig::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut bytes = request("Sec-WebSocket-Protocol: sip\r\n").into_bytes();
    // A masked text frame, whose mask is zero.
    bytes.extend([0x81, 0x80 | u8::try_from(OPTIONS.len()).unwrap(), 0, 0, 0, 0]);
    bytes.extend(OPTIONS);
    let writer = tokio::spawn(async move {
        for byte in bytes {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream
    });
    opened(next(&mut server).await);
    assert_eq!(received(next(&mut server).await), OPTIONS);
    drop(writer.await.unwrap());
    let end = failed(next(&mut server).await);
    assert!(end.starts_with("the peer "), "{end}");
}

#[tokio::test]
async fn what_comes_with_the_handshake_is_not_lost() {
    let (mut server, address) = listening(TransportConfig::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = request("Sec-WebSocket-Protocol: sip\r\n").into_bytes();
    bytes.extend([0x82, 0x84, 0, 0, 0, 0]);
    bytes.extend(b"\r\n\r\n");
    stream.write_all(&bytes).await.unwrap();
    opened(next(&mut server).await);
    assert_eq!(received(next(&mut server).await), &b"\r\n\r\n"[..]);

    let (mut client, _) = client_of(std::convert::identity, |mut stream, head| async move {
        let mut bytes = accepting(&head, "Sec-WebSocket-Protocol: sip\r\n").into_bytes();
        bytes.extend(*b"\x81\x05hello");
        stream.write_all(&bytes).await.unwrap();
        let _ = stream.read(&mut [0; 64]).await;
    })
    .await;
    opened(next(&mut client).await);
    assert_eq!(received(next(&mut client).await), &b"hello"[..]);
}

/// The answer that opens a WebSocket for a client's request.
fn accepting(head: &str, fields: &str) -> String {
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let mut hash = sha1_smol::Sha1::new();
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.digest().bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
    )
}

#[tokio::test]
async fn a_client_without_the_subprotocol_is_refused_with_400_and_a_plain_one_with_426() {
    let (mut server, address) = listening(TransportConfig::default());
    for (request, status, words) in [
        (request(""), "400", "the subprotocol sip is not offered"),
        (request("Sec-WebSocket-Protocol: sips, msrp\r\n"), "400", "the subprotocol sip is not offered"),
        (request("Sec-WebSocket-Protocol: SIP\r\n"), "400", "the subprotocol sip is not offered"),
        (
            request("Sec-WebSocket-Protocol: sip\r\n").replace("Host: x\r\n", ""),
            "400",
            "Host is missing or wrong",
        ),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "426", "Upgrade: websocket\r\n"),
        ("POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc".to_owned(), "426", "SIP over WebSocket alone"),
        (request("").replace("1.1", "1.0"), "426", "SIP over WebSocket alone"),
        (request("").replace("Version: 13", "Version: 8"), "426", "Sec-WebSocket-Version: 13\r\n"),
        (request("").replace(KEY, "c2hvcnQ="), "400", "Sec-WebSocket-Key is missing or wrong"),
        (String::from_utf8(OPTIONS.to_vec()).unwrap(), "400", "this is no HTTP request"),
        ("\0\u{1}\u{2}\r\n\r\n".to_owned(), "400", "this is no HTTP request"),
    ] {
        let answer = answer(&mut server, address, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}\n{answer}");
        assert!(answer.contains(words), "{request}\n{answer}");
    }
    // The last one may not have been seen to end.
    assert!(server.counters().get("accepted connection without its handshake") >= 10);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let (mut server, address) = listening(TransportConfig::default());
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000));
    for text in [long, many] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(text.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        tokio::select! {
            read = client.read_exact(&mut answer) => { read.unwrap(); }
            event = next(&mut server) => panic!("{event:?}"),
        }
        assert_eq!(&answer, b"HTTP/1.1 431");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_where_origins_are_listed() {
    let origins = vec!["https://phone.example.com".to_owned()];
    let (mut server, address) = listening(TransportConfig { origins, ..TransportConfig::default() });
    let offered = "Sec-WebSocket-Protocol: sip\r\n";
    let foreign = request(&format!("{offered}Origin: https://evil.example.com\r\n"));
    let text = answer(&mut server, address, foreign.as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 403 "), "{text}");
    for fields in [format!("{offered}Origin: https://phone.example.com\r\n"), offered.to_owned()] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request(&fields).as_bytes()).await.unwrap();
        opened(next(&mut server).await);
        drop(client);
        failed(next(&mut server).await);
    }
    let (mut open, address) = listening(TransportConfig::default());
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request(&format!("{offered}Origin: null\r\n")).as_bytes()).await.unwrap();
    opened(next(&mut open).await);
}

#[tokio::test]
async fn a_slow_handshake_is_given_up_on_both_sides() {
    let wait = TransportConfig::default().connect_wait;
    let (mut server, address) = listening(TransportConfig::default());
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nUpgrade: ").await.unwrap();
    tokio::select! {
        read = client.read_u8() => assert!(read.is_err(), "{read:?}"),
        event = std::future::poll_fn(|cx| server.poll(cx)) => panic!("{event:?}"),
        () = leaps(wait) => {}
    }
    let (mut client, address) = client_of(std::convert::identity, |stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let expected = format!("{address} cannot be reached over WS: the handshake took too long");
    tokio::select! {
        event = std::future::poll_fn(|cx| client.poll(cx)) => assert_eq!(failed(event), expected),
        () = leaps(wait) => {}
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_sip_over_websocket_fails_the_flow_with_words() {
    type Answer = fn(&str) -> String;
    let cases: [(Answer, &str); 9] = [
        (|head| accepting(head, ""), "it does not speak SIP over WebSocket"),
        (|head| accepting(head, "Sec-WebSocket-Protocol: msrp\r\n"), "it does not speak SIP over WebSocket"),
        (
            |head| accepting(head, "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Extensions: x\r\n"),
            "it insists on an extension of WebSocket",
        ),
        (
            |head| {
                accepting(head, "Sec-WebSocket-Protocol: sip\r\n")
                    .replace("Accept: ", "Accept: AAAAAAAAAAAAAA")
            },
            "it did not understand the WebSocket handshake",
        ),
        (
            |head| accepting(head, "Sec-WebSocket-Protocol: sip\r\n").replace("upgrade: websocket\r\n", ""),
            "it does not speak WebSocket",
        ),
        (|_| "HTTP/1.1 404 Not Found\r\n\r\n".to_owned(), "it answered 404 instead of opening a WebSocket"),
        (|_| "SIP/2.0 400 Bad Request\r\n\r\n".to_owned(), "it does not speak WebSocket"),
        (|_| format!("HTTP/1.1 101 x\r\nX: {}\r\n\r\n", "x".repeat(60_000)), "its answer is too large"),
        (|_| String::new(), "the peer closed the connection"),
    ];
    for (answer, words) in cases {
        let (mut client, address) = client_of(std::convert::identity, move |mut stream, head| async move {
            let text = answer(&head);
            let _ = stream.write_all(text.as_bytes()).await;
            if !text.is_empty() {
                let _ = stream.read(&mut [0; 64]).await;
            }
        })
        .await;
        let expected = format!("{address} cannot be reached over WS: {words}");
        assert_eq!(failed(next(&mut client).await), expected);
    }
}

#[tokio::test]
async fn the_request_names_the_host_and_the_path_and_a_path_cannot_add_header_fields() {
    let (heads, mut head) = tokio::sync::mpsc::channel(1);
    let open = |open| OpenFlow {
        server_name: Some("pbx.example".to_owned()),
        resource: Some("/ws?a=b".to_owned()),
        ..open
    };
    let (mut client, address) = client_of(open, |mut stream, head| async move {
        stream.write_all(accepting(&head, "Sec-WebSocket-Protocol: sip\r\n").as_bytes()).await.unwrap();
        heads.send(head).await.unwrap();
    })
    .await;
    opened(next(&mut client).await);
    let head = head.recv().await.unwrap();
    assert!(head.starts_with("GET /ws?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Host: pbx.example:{}\r\n", address.port())), "{head}");
    assert!(head.contains("Sec-WebSocket-Protocol: sip\r\n"), "{head}");
    for path in ["/a b", "/\r\nX: y", "ws", "/ä"] {
        let (mut server, address) = listening(TransportConfig::default());
        let open = OpenFlow { resource: Some(path.to_owned()), ..to(1, Protocol::Ws, address, None) };
        let reason = refused(&mut server, TransportConfig::default(), &open).await;
        assert!(reason.ends_with("its path is none of a URL"), "{reason}");
    }
}

#[tokio::test]
async fn a_message_above_the_limit_ends_the_flow_whole_or_in_fragments() {
    let limits = Limits { message_size: 1_000, ..Limits::default() };
    for frame in [usize::MAX, 400] {
        let config = TransportConfig { limits, ..TransportConfig::default() };
        let (mut server, _, mut client) = library_client(config, Config::default().frame_size(frame)).await;
        client.send(Message::binary(vec![b'x'; 1_000])).await.unwrap();
        assert_eq!(received(next(&mut server).await).len(), 1_000);
        client.send(Message::binary(vec![b'x'; 1_001])).await.unwrap();
        assert_eq!(failed(next(&mut server).await), "the peer sent a message that is too large");
    }
}

#[tokio::test]
async fn broken_frames_end_the_flow() {
    for frame in
        [&[0x81, 5, b'h', b'e', b'l', b'l', b'o'][..], &[0xf1, 0x80, 0, 0, 0, 0], &[0x8f, 0x80, 0, 0, 0, 0]]
    {
        let (mut server, _, mut client) = library_client(TransportConfig::default(), Config::default()).await;
        client.get_mut().write_all(frame).await.unwrap();
        let reason = failed(next(&mut server).await);
        assert!(reason.starts_with("the peer broke WebSocket: "), "{reason}");
    }
    let (mut server, _, mut client) = library_client(TransportConfig::default(), Config::default()).await;
    client.send(Message::text(Bytes::from_static(b"\xff"))).await.unwrap();
    let reason = failed(next(&mut server).await);
    assert!(reason.starts_with("the peer broke WebSocket: "), "{reason}");
}

#[tokio::test]
async fn pings_are_answered_even_to_a_peer_that_sends_thousands_and_reads_late() {
    let (mut server, _, mut client) = library_client(TransportConfig::default(), Config::default()).await;
    let flood = async {
        for number in 0..20_000_u32 {
            client.feed(Message::ping(Bytes::from(number.to_be_bytes().to_vec()))).await.unwrap();
            if number % 1_000 == 0 {
                client.flush().await.unwrap();
            }
        }
        client.flush().await.unwrap();
        for number in 0..20_000_u32 {
            let pong = client.next().await.unwrap().unwrap();
            assert!(pong.is_pong());
            assert_eq!(&pong.as_payload()[..], number.to_be_bytes());
        }
    };
    tokio::select! {
        () = flood => {}
        event = next(&mut server) => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_peer_that_does_not_answer_a_ping_in_time_fails_the_flow() {
    let (mut server, flow, client) = library_client(TransportConfig::default(), Config::default()).await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    // The library answers when it is read, and it is not.
    let event = next(&mut server).await;
    let TransportEvent::Failed { flow: gone, reason } = event else { panic!("{event:?}") };
    assert_eq!((gone, reason.as_str()), (flow.flow, "the peer did not answer a ping"));
    let waited = begun.elapsed();
    assert!((Duration::from_secs(39)..Duration::from_secs(42)).contains(&waited), "{waited:?}");
    drop(client);
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    // In real time, with a real limit for the answer: a clock that leaps when nothing is to be done takes a segment
    // that is on its way for nothing.
    let config = TransportConfig { ping_interval: Duration::from_millis(2), ..TransportConfig::default() };
    let (mut server, address) = listening(config.clone());
    let mut client = Transports::new(config.clone()).unwrap();
    client.open(&to(1, Protocol::Ws, address, None));
    both(&mut client, &mut server).await;
    let quiet = async {
        tokio::select! {
            event = std::future::poll_fn(|cx| server.poll(cx)) => panic!("{event:?}"),
            event = std::future::poll_fn(|cx| client.poll(cx)) => panic!("{event:?}"),
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(500), quiet).await.is_err());

    // And they are sent: a library counts them.
    let (mut server, _, mut client) = library_client(config, Config::default()).await;
    let pings = async {
        let mut seen = 0;
        while seen < 20 {
            seen += usize::from(client.next().await.unwrap().unwrap().is_ping());
        }
    };
    tokio::select! {
        event = std::future::poll_fn(|cx| server.poll(cx)) => panic!("{event:?}"),
        () = pings => {}
    }
}

#[tokio::test]
async fn a_silent_peer_that_is_not_asked_is_given_up_when_it_was_idle_for_too_long() {
    let config = TransportConfig { ping_interval: Duration::ZERO, ..TransportConfig::default() };
    let (mut server, _, client) = library_client(config, Config::default()).await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let idle = tokio::time::timeout(Duration::from_secs(1_000), std::future::poll_fn(|cx| server.poll(cx)));
    assert_eq!(failed(idle.await.unwrap()), "the connection was silent for too long");
    assert!((899..902).contains(&begun.elapsed().as_secs()));
    drop(client);
}

#[tokio::test]
async fn a_peer_that_does_not_read_fails_the_flow_at_the_bound() {
    let config = TransportConfig { send_queue: 10_000, send_bytes: 256 << 10, ..TransportConfig::default() };
    let (mut server, flow, client) = library_client(config, Config::default()).await;
    let message = vec![b'x'; 60_000];
    let mut sent = 0;
    let reason = loop {
        server.transmit(Transmit::copy(flow.flow, loopback(), &message));
        sent += message.len();
        assert!(sent < 1 << 30, "no bound");
        let polled = tokio::time::timeout(Duration::ZERO, std::future::poll_fn(|cx| server.poll(cx)));
        if let Ok(event) = polled.await {
            break failed(event);
        }
    };
    assert_eq!(reason, "the peer does not take what is sent to it");
    drop(client);
}

#[tokio::test]
async fn a_closed_flow_sends_what_was_queued_and_its_closing_frame() {
    let (mut server, flow, mut client) = library_client(TransportConfig::default(), Config::default()).await;
    for _ in 0..40 {
        server.transmit(Transmit::copy(flow.flow, loopback(), &vec![b'x'; 60_000]));
    }
    server.close(flow.flow);
    let reading = async {
        for _ in 0..40 {
            assert_eq!(client.next().await.unwrap().unwrap().as_payload().len(), 60_000);
        }
        assert!(client.next().await.unwrap().unwrap().is_close());
        assert!(client.next().await.is_none());
    };
    tokio::select! {
        () = reading => {}
        event = next(&mut server) => panic!("{event:?}"),
    }
}
