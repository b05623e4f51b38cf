//! What becomes of those who wait when something ends badly, and of what was sent when it ends well.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use futures::StreamExt as _;
use rvoip_driver::{
    Completion, DnsAnswer, DnsQuestion, FlowId, Hosted, Hub, Input, Instant, Io, IoInput, IoOutput, Machine,
    MediaBackend, NativeIo, Now, OpenFlow, Output, Protocol, QuestionId, Refusal, Token, Transmit,
    TransportConfig, Transports, WireEntry, WireTap, drive, launch,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// Connects, sends, looks up, waits, and breaks when it is told to.
#[derive(Default)]
struct Toy {
    out: VecDeque<Output<Toy>>,
    waiting: Option<Token>,
    broken: bool,
    farewell: Option<Transmit>,
    /// It is not closed when it is told to close, as a phone with a call is not.
    lingers: bool,
}

enum Command {
    Wait,
    Break,
    Tell,
    Connect(SocketAddr),
    Send(Transmit),
    /// Is sent when the machine closes.
    Farewell(Transmit),
    LookUp(&'static str),
    Media(u32),
}

impl Machine for Toy {
    type Command = Command;
    type Reply = String;
    type Error = Refusal;
    type Event = String;
    type MediaRequest = u32;
    type MediaReport = u32;

    fn handle_input(&mut self, _now: Now, input: Input<'_, Self>) {
        let mut done = None;
        match input {
            Input::Command(token, command) => match command {
                Command::Wait => self.waiting = Some(token),
                Command::Break => {
                    self.broken = true;
                    self.out.push_back(Output::Done(token, Ok(String::new())));
                }
                Command::Tell => {
                    self.out.push_back(Output::Event("told".to_owned()));
                    self.out.push_back(Output::Done(token, Ok(String::new())));
                }
                Command::Connect(remote) => {
                    self.waiting = Some(token);
                    let (flow, protocol) = (FlowId::from_machine(1), Protocol::Tcp);
                    self.out.push_back(Output::OpenFlow(OpenFlow {
                        flow,
                        protocol,
                        remote,
                        server_name: None,
                        resource: None,
                    }));
                }
                Command::Send(transmit) => {
                    self.out.push_back(Output::Transmit(transmit));
                    self.out.push_back(Output::Done(token, Ok(String::new())));
                }
                Command::Farewell(transmit) => {
                    self.farewell = Some(transmit);
                    self.out.push_back(Output::Done(token, Ok(String::new())));
                }
                Command::LookUp(name) => {
                    self.waiting = Some(token);
                    let question =
                        DnsQuestion { name: name.to_owned(), record: rvoip_sans_io::RecordType::A };
                    self.out.push_back(Output::Dns(QuestionId(1), question));
                }
                Command::Media(number) => {
                    self.waiting = Some(token);
                    self.out.push_back(Output::Media(number));
                }
            },
            Input::FlowOpened(opened) => done = Some(format!("{:?} opened", opened.flow)),
            Input::FlowFailed { reason, .. } => done = Some(reason),
            Input::Dns(_, Ok(DnsAnswer::Addresses(addresses))) => done = Some(format!("{addresses:?}")),
            Input::Dns(_, other) => done = Some(format!("{other:?}")),
            Input::Media(number) => done = Some(number.to_string()),
            Input::Received { bytes, .. } => done = Some(String::from_utf8_lossy(bytes).into_owned()),
            Input::Cancel(_) => self.waiting = None,
            Input::Returned(..) => {}
            Input::Close => {
                self.out.extend(self.farewell.take().map(Output::Transmit));
                if !self.lingers {
                    self.out.push_back(Output::Closed);
                }
            }
        }
        if let Some(text) = done
            && let Some(token) = self.waiting.take()
        {
            self.out.push_back(Output::Done(token, Ok(text)));
        }
    }

    fn handle_timeout(&mut self, _now: Now) {}

    fn poll_output(&mut self) -> Output<Self> {
        self.out.pop_front().unwrap_or(Output::Timeout(None))
    }
}

impl Hosted for Toy {
    fn snapshot(&self, _lost: bool) -> Vec<String> {
        assert!(!self.broken, "the toy was told to");
        Vec::new()
    }

    fn lagged(missed: u32) -> String {
        missed.to_string()
    }

    fn coalescing(_event: &String) -> Option<u64> {
        None
    }

    fn most_commands(&self) -> usize {
        1_024
    }

    fn is_always_taken(command: &Command) -> bool {
        matches!(command, Command::Break)
    }

    fn refused(refusal: Refusal) -> Refusal {
        refusal
    }

    fn failed(reason: &str) -> String {
        reason.to_owned()
    }
}

/// A platform that never says anything, or panics.
struct Silent {
    panics: bool,
}

impl Io<Toy> for Silent {
    fn apply(&mut self, _output: IoOutput<Toy>) {
        assert!(!self.panics, "the platform was told to");
    }

    fn poll(&mut self, _cx: &mut Context<'_>, _timeout: Option<Instant>) -> Poll<IoInput<Toy>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn whoever_waits_is_told_when_the_loop_is_dropped() {
    let (hub, driving) = Hub::new(Toy { lingers: true, ..Toy::default() });
    let looping = tokio::spawn(drive(driving, Silent { panics: false }));
    let mut listener = hub.listen(|_| true);
    let mut waiting = pin!(hub.submit(Command::Wait));
    assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await.is_pending());
    looping.abort();
    assert_eq!(waiting.await, Err(Refusal::Closed));
    assert_eq!(listener.next().await, Some("the runtime of the client ended before it".to_owned()));
    assert_eq!(listener.next().await, None);
    assert_eq!(hub.read(|_| ()), None, "there is nothing left to be read");
    assert_eq!(hub.submit(Command::Tell).await, Err(Refusal::Closed));
}

#[tokio::test]
async fn a_panic_of_the_platform_is_an_internal_error() {
    let (hub, driving) = Hub::new(Toy::default());
    let looping = tokio::spawn(drive(driving, Silent { panics: true }));
    let mut listener = hub.listen(|_| true);
    let answer = hub.submit(Command::Media(1)).await;
    assert!(matches!(answer, Err(Refusal::Internal(_))), "{answer:?}");
    assert!(looping.await.is_err());
    assert_eq!(listener.next().await, Some("an internal error ended the client".to_owned()));
    assert_eq!(listener.next().await, None);
}

#[tokio::test]
async fn a_panic_while_a_listener_asks_ends_the_machine_alone() {
    let (hub, _driving) = Hub::new(Toy::default());
    let mut early = hub.listen(|_| true);
    hub.submit(Command::Break).await.unwrap();
    let mut late = hub.listen(|_| true);
    assert_eq!(late.next().await, None);
    assert_eq!(early.next().await, Some("an internal error ended the client".to_owned()));
    assert_eq!(early.next().await, None);
    assert!(matches!(hub.submit(Command::Tell).await, Err(Refusal::Internal(_))));
}

#[derive(Default)]
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn all_who_wait_for_one_listener_are_woken_and_those_who_left_are_not() {
    let (hub, _driving) = Hub::new(Toy::default());
    let listener = hub.listen(|_| true);
    let counting: Vec<Arc<Counting>> = (0..3).map(|_| Arc::default()).collect();
    let mut waiting: Vec<_> = counting.iter().map(|_| Box::pin(listener.ready())).collect();
    for (ready, counting) in waiting.iter_mut().zip(&counting) {
        let waker = Waker::from(Arc::clone(counting));
        assert!(ready.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(waiting.remove(1));
    assert!(pin!(hub.submit(Command::Tell)).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    let woken: Vec<usize> = counting.iter().map(|counting| counting.0.load(Ordering::SeqCst)).collect();
    assert_eq!(woken, [1, 0, 1]);
}

/// A waker that owns a completion, as the waker of a task owns its futures.
struct Owning(
    #[expect(dead_code, reason = "it is there to be dropped")] Mutex<Option<Pin<Box<Completion<Toy>>>>>,
);

impl Wake for Owning {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_replaced_waker_may_withdraw_a_command() {
    let (hub, _driving) = Hub::new(Toy::default());
    let mut owned = Box::pin(hub.submit(Command::Wait));
    assert!(owned.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let owning = Waker::from(Arc::new(Owning(Mutex::new(Some(owned)))));
    let mut waiting = pin!(hub.submit(Command::Wait));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&owning)).is_pending());
    drop(owning);
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(hub.read(|toy| toy.waiting), Some(None), "the first was withdrawn, which forgets both");
}

/// Reports twice what it is asked.
#[derive(Default)]
struct Doubling(VecDeque<u32>);

impl MediaBackend<u32, u32> for Doubling {
    fn request(&mut self, request: u32) {
        self.0.push_back(request * 2);
    }

    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<u32> {
        self.0.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

fn native(tap: Option<WireTap>) -> NativeIo<Toy> {
    let media = Box::new(Doubling::default());
    let Ok(transports) = Transports::new(TransportConfig::default()) else {
        panic!("without certificates there is nothing to refuse")
    };
    NativeIo::new(transports, Vec::new(), Some(media), tap)
}

#[tokio::test]
async fn what_was_sent_leaves_before_the_loop_ends() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let remote = server.local_addr().unwrap();
    let (hub, driving) = Hub::new(Toy::default());
    launch(driving, || Ok::<_, std::io::Error>(native(None))).unwrap();
    assert_eq!(hub.submit(Command::Connect(remote)).await.unwrap(), "m1 opened");
    let bytes = Bytes::from(vec![b'x'; 3 << 20]);
    let farewell = Transmit { flow: FlowId::from_machine(1), destination: remote, bytes };
    hub.submit(Command::Farewell(farewell)).await.unwrap();
    let (mut peer, _) = server.accept().await.unwrap();
    drop(hub);
    let mut all = Vec::new();
    peer.read_to_end(&mut all).await.unwrap();
    assert_eq!(all.len(), 3 << 20);
}

/// A toy with a UDP socket, and a peer whose socket gives at once what is there.
fn with_peer() -> (Hub<Toy>, std::net::UdpSocket) {
    let (hub, driving) = Hub::new(Toy { lingers: true, ..Toy::default() });
    let started = launch(driving, || {
        let Ok(mut transports) = Transports::new(TransportConfig::default()) else {
            panic!("without certificates there is nothing to refuse")
        };
        let bound = transports.bind_udp(([127, 0, 0, 1], 0).into())?;
        assert_eq!(bound.flow, FlowId::from_platform(1));
        Ok::<_, std::io::Error>(NativeIo::new(transports, vec![bound], None, None))
    });
    let Ok(peer) = started.map_err(|error| error.to_string()).and_then(|()| {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        peer.set_nonblocking(true).map(|()| peer).map_err(|error| error.to_string())
    }) else {
        panic!("loopback is there")
    };
    (hub, peer)
}

fn farewell(peer: &std::net::UdpSocket) -> Command {
    let destination = peer.local_addr().unwrap_or_else(|error| panic!("{error}"));
    Command::Farewell(Transmit {
        flow: FlowId::from_platform(1),
        destination,
        bytes: Bytes::from_static(b"bye"),
    })
}

#[test]
fn the_farewell_has_left_when_the_last_handle_is_dropped_and_the_program_may_end() {
    let (hub, peer) = with_peer();
    let mut submitted = pin!(hub.submit(farewell(&peer)));
    assert!(submitted.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    drop(hub);
    let mut buffer = [0; 8];
    assert_eq!(peer.recv(&mut buffer).unwrap(), 3);
}

#[test]
fn the_farewell_leaves_when_the_runtime_ends_before_the_machine() {
    for threads in [0, 2] {
        let mut builder = match threads {
            0 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder.enable_all().build().unwrap();
        let (hub, peer) = runtime.block_on(async {
            let (hub, peer) = with_peer();
            hub.submit(farewell(&peer)).await.unwrap();
            (hub, peer)
        });
        // The handle lives on, as one in a static would.
        drop(runtime);
        let mut buffer = [0; 8];
        assert_eq!(peer.recv(&mut buffer).unwrap(), 3, "{threads} threads");
        assert!(hub.read(|_| ()).is_none());
    }
}

#[tokio::test]
async fn names_media_and_failures_come_back_and_the_wire_is_seen_without_secrets() {
    let seen: Arc<Mutex<Vec<WireEntry>>> = Arc::default();
    let tap = {
        let seen = Arc::clone(&seen);
        WireTap::new(move |entry| seen.lock().unwrap().push(entry.clone()))
    };
    let (hub, driving) = Hub::new(Toy::default());
    launch(driving, || Ok::<_, std::io::Error>(native(Some(tap)))).unwrap();
    assert_eq!(hub.submit(Command::LookUp("localhost")).await.unwrap(), "[127.0.0.1]");
    assert_eq!(hub.submit(Command::Media(21)).await.unwrap(), "42");

    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let remote = server.local_addr().unwrap();
    hub.submit(Command::Connect(remote)).await.unwrap();
    let bytes = Bytes::from_static(b"BYE sip:b SIP/2.0\r\nAuthorization: Digest response=\"SECRET\"\r\n\r\n");
    let transmit = Transmit { flow: FlowId::from_machine(1), destination: remote, bytes: bytes.clone() };
    hub.submit(Command::Send(transmit)).await.unwrap();
    let (mut peer, source) = server.accept().await.unwrap();
    let mut arrived = vec![0; bytes.len()];
    peer.read_exact(&mut arrived).await.unwrap();
    assert_eq!(arrived, bytes, "what travels is whole");
    let entries = seen.lock().unwrap().clone();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.incoming, entry.flow, entry.protocol), (false, FlowId::from_machine(1), Protocol::Tcp));
    assert_eq!((entry.local, entry.remote), (source, remote));
    assert!(entry.text.starts_with("BYE ") && !entry.text.contains("SECRET"), "{}", entry.text);

    let waiting = hub.submit(Command::Wait);
    let (lost, ()) = tokio::join!(waiting, async { drop((peer, server)) });
    assert_eq!(lost.unwrap(), "the peer closed the connection");
    let refused = hub.submit(Command::Connect(remote)).await.unwrap();
    assert_eq!(refused, format!("{remote} cannot be reached over TCP: connection refused"));
}
