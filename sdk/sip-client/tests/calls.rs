//! Two clients call each other over real sockets on the loopback.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use rvoip::{
    Account, AudioSink, AudioSource, Call, CallState, Cause, Client, ErrorKind, Event, MediaConfig, ToneKind,
    TransportKind,
};
use rvoip::{Bind, ClientConfig};
use rvoip_media_core::compare::compare;
use rvoip_media_core::wav::PcmClip;
use tokio::time::timeout;

const LOOPBACK: &str = "127.0.0.1:0";
/// What is waited for comes at once; on a machine that does something else it may take as long as it wants.
const LIMIT: Duration = Duration::from_secs(60);

async fn client(transport: TransportKind) -> (Client, String) {
    client_with(transport, ClientConfig::default()).await
}

async fn client_with(transport: TransportKind, config: ClientConfig) -> (Client, String) {
    let mut config = config;
    config.binds = vec![Bind { transport: TransportKind::Udp, address: LOOPBACK.parse().unwrap() }];
    let statistics_interval = Duration::from_secs(1);
    let levels_interval = Duration::from_millis(200);
    config.media =
        MediaConfig { rtp_ports: (20_000, 32_000), statistics_interval, levels_interval, ..config.media };
    let (name, suffix) = if transport == TransportKind::Tcp {
        config.binds.push(Bind { transport, address: LOOPBACK.parse().unwrap() });
        ("TCP", ";transport=tcp")
    } else {
        ("UDP", "")
    };
    let client = Client::builder().config(config).build().await.unwrap();
    let mut events = client.events();
    let address = wait(&mut events, |event| match event {
        Event::Listening { transport, address } if transport == name => Some(address.clone()),
        _ => None,
    })
    .await;
    (client, address + suffix)
}

async fn wait<T>(events: &mut rvoip::Events, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = events.next().await.unwrap();
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(LIMIT, found).await.unwrap()
}

async fn account(client: &Client, name: &str) -> Account {
    client.account(format!("sip:{name}@127.0.0.1")).add().await.unwrap()
}

async fn incoming(client: &Client) -> Call {
    let key = wait(&mut client.events(), |event| match event {
        Event::IncomingCall { call, .. } => Some(*call),
        _ => None,
    })
    .await;
    client.call(key)
}

async fn connected(transport: TransportKind) -> (Client, Client, Call, Call) {
    let (alice, _) = client(TransportKind::Udp).await;
    let (bob, address) = client(transport).await;
    let caller = account(&alice, "alice").await;
    let _called = account(&bob, "bob").await;
    let call = caller.call(&format!("sip:bob@{address}")).await.unwrap();
    let answering = incoming(&bob).await;
    answering.answer().await.unwrap();
    call.answered().await.unwrap();
    (alice, bob, call, answering)
}

/// What one of the two says.
fn voice(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/speech/{name}.wav"))
}

/// The first of a recording.
fn first(path: &Path, time: Duration) -> PcmClip {
    let clip = PcmClip::read_wav(std::fs::File::open(path).unwrap()).unwrap();
    clip.between(Duration::ZERO, time)
}

/// A recording holds what was said, and nothing of what the other side said.
fn assert_heard(said: &PcmClip, unsaid: &PcmClip, heard: &PcmClip) {
    let (said, unsaid) = (compare(said, heard).unwrap(), compare(unsaid, heard).unwrap());
    assert!(said.is_heard() && unsaid.is_unheard(), "{said:?}, of the other {unsaid:?}");
}

#[tokio::test]
async fn a_new_client_knows_its_sockets_before_its_first_command() {
    let config = ClientConfig {
        binds: [TransportKind::Udp, TransportKind::Tcp]
            .map(|transport| Bind { transport, address: LOOPBACK.parse().unwrap() })
            .to_vec(),
        ..ClientConfig::default()
    };
    let client = Client::builder().config(config).build().await.unwrap();
    // Nothing has waited since: on this runtime of one thread the loop of the client has not run.
    let listening = client.events().take_events().into_iter().map(|event| match event {
        Event::Listening { transport, address } => (transport, address.ends_with(":0")),
        other => panic!("{other:?}"),
    });
    let expected = ["UDP", "TCP"].map(|transport| (transport.to_owned(), false));
    assert_eq!(listening.collect::<Vec<_>>(), expected);
    client.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_carries_speech_digits_hold_and_messages() {
    let (alice, bob, call, answering) = connected(TransportKind::Udp).await;
    let [at_alice, at_bob] = ["alice", "bob"]
        .map(|name| std::env::temp_dir().join(format!("rvoip-call-{}-{name}.wav", std::process::id())));
    call.record(at_alice.clone()).await.unwrap();
    answering.record(at_bob.clone()).await.unwrap();
    let speak = async |call: &Call, name| timeout(Duration::from_secs(3), call.play(voice(name))).await;
    let played = tokio::join!(speak(&call, "alice"), speak(&answering, "bob"));
    assert!(
        played.0.is_err() && played.1.is_err(),
        "the clips are longer than three seconds; dropping the futures stops them"
    );
    let (sent, digits) =
        tokio::join!(call.send_dtmf("42#"), answering.collect_digits(3, Duration::from_secs(10)));
    sent.unwrap();
    assert_eq!(digits.unwrap(), "42#");
    call.stop_recording().await.unwrap();
    answering.stop_recording().await.unwrap();
    let [alice_said, bob_said] =
        ["alice", "bob"].map(|name| first(&voice(name), Duration::from_millis(2_500)));
    for (recording, said, unsaid) in [(at_alice, &bob_said, &alice_said), (at_bob, &alice_said, &bob_said)] {
        assert_heard(said, unsaid, &first(&recording, Duration::MAX));
        std::fs::remove_file(recording).unwrap();
    }

    let mut at_bob = answering.events();
    call.hold().await.unwrap();
    assert!(call.info().unwrap().held_by_us);
    wait(&mut at_bob, |event| matches!(event, Event::HoldChanged { held_by_peer: true, .. }).then_some(()))
        .await;
    call.resume().await.unwrap();
    wait(&mut at_bob, |event| matches!(event, Event::HoldChanged { held_by_peer: false, .. }).then_some(()))
        .await;
    assert_eq!(answering.info().unwrap().state, CallState::Connected);
    let mut messages = bob.events();
    call.message("hello").await.unwrap();
    let text = wait(&mut messages, |event| match event {
        Event::MessageReceived { text, call: Some(_), .. } => Some(text.clone()),
        _ => None,
    });
    assert_eq!(text.await, "hello");

    let ended = answering.ended();
    let (hung_up, cause) = tokio::join!(call.hang_up(), ended);
    hung_up.unwrap();
    assert_eq!(cause.unwrap(), Cause::RemoteHangUp);
    assert_eq!(call.hold().await.unwrap_err().kind(), ErrorKind::CallEnded);
    alice.close().await.unwrap();
    bob.close().await.unwrap();
    assert_eq!(call.hold().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_over_tcp() {
    let (_alice, _bob, call, answering) = connected(TransportKind::Tcp).await;
    call.play(ToneKind::Sine { hertz: 440 }).await.unwrap();
    let mut events = answering.events();
    let packets = wait(&mut events, |event| match event {
        Event::StatisticsUpdated { statistics, .. } => Some(statistics.received.packets),
        _ => None,
    });
    assert!(packets.await > 20);
    let loud = |event: &Event| match event {
        Event::LevelsUpdated { sent, received, .. } if *sent > 0.0 || *received > 0.0 => {
            Some((*sent, *received))
        }
        _ => None,
    };
    assert!(wait(&mut call.events(), loud).await.0 > 0.01, "the tone is heard in what is sent");
    assert!(wait(&mut answering.events(), loud).await.1 > 0.01, "and in what arrives");
    answering.hang_up().await.unwrap();
    assert_eq!(timeout(LIMIT, call.ended()).await.unwrap().unwrap(), Cause::RemoteHangUp);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_refused_cancelled_and_unreachable_with_its_reason() {
    let (alice, _) = client(TransportKind::Udp).await;
    let (bob, address) = client(TransportKind::Udp).await;
    let caller = account(&alice, "alice").await;
    let to = format!("sip:bob@{address}");
    let call = caller.call(&to).await.unwrap();
    incoming(&bob).await.reject(486).await.unwrap();
    let error = call.answered().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(486)));

    let call = caller.call(&to).await.unwrap();
    let ringing = incoming(&bob).await;
    call.hang_up().await.unwrap();
    let cause = timeout(LIMIT, ringing.ended()).await.unwrap();
    assert_eq!(cause, Ok(Cause::Cancelled));

    let call = caller.call("sip:bob@127.0.0.1:1;transport=tcp").await.unwrap();
    let error = call.answered().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.reason().contains("connection refused"), "{error}");

    assert_eq!(caller.call("no uri at all").await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    let answer = caller.options(&to).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.allow.iter().any(|method| method == "INVITE"));
    assert_eq!(caller.message(&to, "hi").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_hold_outlives_the_media_timeout() {
    let config = ClientConfig {
        media: MediaConfig { timeout: Duration::from_secs(2), ..MediaConfig::default() },
        ..ClientConfig::default()
    };
    let (alice, _) = client_with(TransportKind::Udp, config).await;
    let (bob, address) = client(TransportKind::Udp).await;
    let caller = account(&alice, "alice").await;
    let call = caller.call(&format!("sip:bob@{address}")).await.unwrap();
    let answering = incoming(&bob).await;
    answering.answer().await.unwrap();
    call.answered().await.unwrap();
    let mut events = call.events();
    wait(&mut events, |event| matches!(event, Event::AudioReceived { .. }).then_some(())).await;
    // Nobody times out while the peer is held, and it sends nothing then.
    call.hold().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(call.info().is_some());
    call.resume().await.unwrap();
    answering.hold().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(call.info().is_some(), "a peer that holds may be silent");
    call.hang_up().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_shows_an_address_that_its_peer_reaches_whatever_the_default_route_is() {
    for (bound, transport, parameters) in
        [("127.0.0.2:0", TransportKind::Udp, ""), ("[::1]:0", TransportKind::Tcp, ";transport=tcp")]
    {
        let bind = Bind { transport, address: bound.parse().unwrap() };
        let config = ClientConfig { binds: vec![bind], ..ClientConfig::default() };
        let bob = Client::builder().config(config).build().await.unwrap();
        let address = wait(&mut bob.events(), |event| match event {
            Event::Listening { address, .. } => Some(address.clone()),
            _ => None,
        })
        .await;
        let alice = Client::builder().build().await.unwrap();
        let caller = account(&alice, "alice").await;
        let call = caller.call(&format!("sip:bob@{address}{parameters}")).await.unwrap();
        let answering = incoming(&bob).await;
        let (mut at_alice, mut at_bob) = (call.events(), answering.events());
        answering.answer().await.unwrap();
        call.answered().await.unwrap();
        for events in [&mut at_alice, &mut at_bob] {
            wait(events, |event| matches!(event, Event::AudioReceived { .. }).then_some(())).await;
        }
        alice.close().await.unwrap();
        bob.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_told_and_a_dropped_client_ends_its_calls() {
    let (alice, address) = client(TransportKind::Udp).await;
    let config = ClientConfig { instance: Some("urn:\"x".to_owned()), ..ClientConfig::default() };
    let unusable = Client::builder().config(config).build().await;
    assert_eq!(unusable.unwrap_err().kind(), ErrorKind::InvalidArgument, "no URN");
    let taken = Client::builder().bind(TransportKind::Udp, address.parse().unwrap()).build().await;
    let error = taken.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BindFailed);
    assert!(error.reason().ends_with("cannot be used: it is taken"), "{error}");
    drop(alice);
    let (alice, bob, call, answering) = connected(TransportKind::Udp).await;
    drop((call, alice));
    assert_eq!(timeout(LIMIT, answering.ended()).await.unwrap().unwrap(), Cause::RemoteHangUp);
    drop(bob);
}

#[test]
fn a_client_brings_its_own_runtime_where_there_is_none() {
    let pool = futures::executor::block_on(async {
        let client =
            Client::builder().bind(TransportKind::Udp, LOOPBACK.parse().unwrap()).build().await.unwrap();
        let account = client.account("sip:alice@127.0.0.1").add().await.unwrap();
        let error = account.call("sip:bob@127.0.0.1:1;transport=tcp").await.unwrap().answered().await;
        client.close().await.unwrap();
        error
    });
    assert_eq!(pool.unwrap_err().kind(), ErrorKind::Unreachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_speaks_and_hears_by_frames_at_the_pace_of_the_call() {
    let (alice, bob, call, answering) = connected(TransportKind::Udp).await;
    let early = call.write_frames(&[0; 160]).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::InvalidState, "nothing plays frames");
    assert_eq!(call.read_frames().await.unwrap_err().kind(), ErrorKind::InvalidState);
    call.play(AudioSource::Frames).await.unwrap();
    answering.record(AudioSink::Frames).await.unwrap();
    let said = first(&voice("alice"), Duration::from_secs(3)).samples;
    let listening = tokio::spawn({
        let answering = answering.clone();
        async move {
            let mut heard = Vec::new();
            loop {
                let frames = answering.read_frames().await.unwrap();
                if frames.is_empty() {
                    return heard;
                }
                heard.extend(frames);
            }
        }
    });
    let started = tokio::time::Instant::now();
    for piece in said.chunks(8_000) {
        call.write_frames(piece).await.unwrap();
    }
    // Three seconds of sound, of which one may wait.
    assert!(started.elapsed() > Duration::from_millis(1_500), "{:?}", started.elapsed());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let silence = vec![0; 24_000];
    let stopped = call.write_frames(&silence);
    let (stopped, silent) = tokio::join!(stopped, call.stop_playing());
    silent.unwrap();
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::InvalidState, "it is not played any more");
    call.hang_up().await.unwrap();
    let heard = listening.await.unwrap();
    assert_eq!(answering.read_frames().await.unwrap(), [0_i16; 0]);
    let likeness = compare(&PcmClip::new(8_000, said), &PcmClip::new(8_000, heard)).unwrap();
    assert!(likeness.is_heard(), "{likeness:?}");
    drop((alice, bob));
}

#[tokio::test]
async fn a_codec_that_there_is_not_is_refused_by_its_name() {
    let with = |codecs: &[&str]| {
        let codecs = codecs.iter().map(|&codec| codec.to_owned()).collect();
        let media = MediaConfig { codecs, ..MediaConfig::default() };
        Client::builder().config(ClientConfig { media, ..ClientConfig::default() }).build()
    };
    let error = with(&["PCMU", "G711"]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (ErrorKind::InvalidArgument, "there is no codec \"G711\" here")
    );
    assert_eq!(with(&[]).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    with(&["pcma"]).await.unwrap().close().await.unwrap();
}
