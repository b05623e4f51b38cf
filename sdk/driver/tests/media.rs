//! Two native media sides call each other on the loopback.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rvoip_driver::{
    AudioSink, AudioSource, MediaAction, MediaBackend as _, MediaControl, MediaFailureKind, MediaFigures,
    MediaHappened, MediaKey, MediaOptions, MediaReported, MediaRequest, NativeMedia, Token,
};
use rvoip_media_core::compare::compare;
use rvoip_media_core::wav::{PcmClip, WavWriter};
use rvoip_session_core::{Direction, MediaAnswer, MediaQuestion, NegotiationId, NextHop};
use tokio::time::timeout;

const KEY: MediaKey = MediaKey(1);

/// The first seconds of what one of the two says.
fn voice(name: &str, seconds: u64) -> PcmClip {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/speech/{name}.wav"));
    let clip = PcmClip::read_wav(std::fs::File::open(path).unwrap()).unwrap();
    clip.between(Duration::ZERO, Duration::from_secs(seconds))
}

fn options(rtp_ports: (u16, u16)) -> MediaOptions {
    MediaOptions {
        codecs: vec!["PCMA".to_owned(), "PCMU".to_owned()],
        ptime: 20,
        rtp_ports,
        timeout: Duration::from_secs(30),
        statistics_interval: Duration::ZERO,
        levels_interval: Duration::ZERO,
        local: Some([127, 0, 0, 1].into()),
    }
}

const PORTS: (u16, u16) = (20_000, 29_998);

struct Side {
    media: NativeMedia,
    last: u32,
    digits: String,
    figures: Option<MediaFigures>,
}

impl Side {
    fn new() -> Self {
        Self::with(options(PORTS))
    }

    fn with(options: MediaOptions) -> Self {
        let mut side =
            Self { media: NativeMedia::new().unwrap(), last: 0, digits: String::new(), figures: None };
        side.request(MediaAction::Open(options));
        side
    }

    fn request(&mut self, action: MediaAction) {
        self.media.request(MediaRequest { session: KEY, action });
    }

    /// Waits for a report, noting what else is told.
    async fn wait<T>(&mut self, mut wanted: impl FnMut(&MediaReported) -> Option<T>) -> T {
        loop {
            let next = timeout(Duration::from_secs(15), poll_fn(|cx| self.media.poll(cx)));
            let report = next.await.unwrap().report;
            match &report {
                MediaReported::Happened(MediaHappened::DigitReceived { digit, .. }) => {
                    self.digits.push(*digit);
                }
                MediaReported::Statistics(figures) => self.figures = Some(figures.clone()),
                _ => {}
            }
            if let Some(found) = wanted(&report) {
                return found;
            }
        }
    }

    async fn ask(&mut self, question: MediaQuestion) -> MediaAnswer {
        self.last += 1;
        let id = NegotiationId(self.last);
        self.request(MediaAction::Ask(id, question));
        self.wait(|report| match report {
            MediaReported::Answered(of, answer) if *of == id => Some(answer.clone()),
            _ => None,
        })
        .await
    }

    /// Submits a command.
    fn submit(&mut self, control: MediaControl) -> Token {
        self.last += 1;
        let token = Token(self.last.into());
        self.request(MediaAction::Control(token, control));
        token
    }

    /// Submits a command and waits until it is done.
    async fn control(&mut self, control: MediaControl) -> Result<(), MediaFailureKind> {
        let token = self.submit(control);
        self.done(token).await
    }

    async fn done(&mut self, token: Token) -> Result<(), MediaFailureKind> {
        self.wait(|report| match report {
            MediaReported::Controlled(of, result) if *of == token => {
                Some(result.clone().map_err(|failure| failure.kind))
            }
            _ => None,
        })
        .await
    }

    /// What the peer said, as soon as it has said something.
    async fn read(&mut self) -> Vec<i16> {
        let token = self.submit(MediaControl::ReadFrames);
        self.wait(|report| match report {
            MediaReported::Frames(of, samples) if *of == token => Some(samples.clone()),
            _ => None,
        })
        .await
    }

    /// Reads until so much was said.
    async fn listen(&mut self, samples: usize) -> PcmClip {
        let mut heard = Vec::new();
        while heard.len() < samples {
            heard.extend(self.read().await);
        }
        PcmClip::new(8_000, heard)
    }

    /// Presses keys, and waits until the peer has heard the last of them: so long that all has arrived that was said before.
    async fn press(&mut self, peer: &mut Self, digits: &str) {
        self.control(MediaControl::SendDigits(digits.to_owned())).await.unwrap();
        let all = peer.digits.len() + digits.len();
        while peer.digits.len() < all {
            let pressed = |report: &MediaReported| {
                matches!(report, MediaReported::Happened(MediaHappened::DigitReceived { .. })).then_some(())
            };
            peer.wait(pressed).await;
        }
    }

    async fn close(&mut self) {
        self.request(MediaAction::Close);
        self.wait(|report| matches!(report, MediaReported::Closed).then_some(())).await;
    }
}

async fn agree(alice: &mut Side, bob: &mut Side) {
    let direction = Direction::SendRecv;
    let MediaAnswer::Description(offer) =
        alice.ask(MediaQuestion::CreateOffer { direction, restart: false, toward: None }).await
    else {
        panic!()
    };
    let MediaAnswer::Description(answer) = bob.ask(MediaQuestion::CreateAnswer { offer, direction }).await
    else {
        panic!()
    };
    assert_eq!(
        alice.ask(MediaQuestion::SetRemote { answer, provisional: false }).await,
        MediaAnswer::Applied
    );
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("rvoip-media-{}-{name}.wav", std::process::id()))
}

fn load(path: &Path) -> PcmClip {
    let clip = PcmClip::read_wav(std::fs::File::open(path).unwrap()).unwrap();
    std::fs::remove_file(path).unwrap();
    clip
}

fn bytes(clip: &PcmClip) -> MediaControl {
    MediaControl::Play(AudioSource::Bytes { wav: clip.to_wav().unwrap(), repeat: false })
}

fn assert_heard(said: &PcmClip, unsaid: &PcmClip, heard: &PcmClip) {
    let (said, unsaid) = (compare(said, heard).unwrap(), compare(unsaid, heard).unwrap());
    assert!(said.is_heard() && unsaid.is_unheard(), "{said:?}, of the other {unsaid:?}");
}

#[tokio::test]
async fn speech_digits_and_recordings_travel_between_two_sides() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    agree(&mut alice, &mut bob).await;
    let [at_alice, at_bob] = ["alice", "bob"].map(file);
    alice.control(MediaControl::Record(AudioSink::File { path: at_alice.clone() })).await.unwrap();
    bob.control(MediaControl::Record(AudioSink::File { path: at_bob.clone() })).await.unwrap();
    let (alice_says, bob_says) = (voice("alice", 3), voice("bob", 3));
    let (first, second) = (alice.submit(bytes(&alice_says)), bob.submit(bytes(&bob_says)));
    alice.done(first).await.unwrap();
    bob.done(second).await.unwrap();
    alice.press(&mut bob, "12#").await;
    bob.press(&mut alice, "*45").await;
    assert_eq!((bob.digits.as_str(), alice.digits.as_str()), ("12#", "*45"));
    bob.close().await;
    alice.close().await;
    assert_heard(&bob_says, &alice_says, &load(&at_alice));
    assert_heard(&alice_says, &bob_says, &load(&at_bob));
    let figures = bob.figures.unwrap();
    assert!(figures.received.packets > 150 && figures.received.lost == 0, "{figures:?}");
    assert_eq!(figures.codec.as_deref(), Some("PCMA"));
}

#[tokio::test]
async fn a_program_that_speaks_in_long_packets_is_heard_whole() {
    let (mut alice, mut bob) = (Side::new(), Side::with(MediaOptions { ptime: 100, ..options(PORTS) }));
    agree(&mut bob, &mut alice).await;
    alice.control(MediaControl::Play(AudioSource::Frames)).await.unwrap();
    bob.control(MediaControl::Record(AudioSink::Frames)).await.unwrap();
    let said = voice("alice", 3);
    alice.submit(MediaControl::WriteFrames(said.samples.to_vec()));
    let heard = bob.listen(8_000 * 7 / 2).await;
    assert_heard(&said, &voice("bob", 3), &heard);
    alice.close().await;
    bob.close().await;
    let sent = alice.figures.unwrap().sent;
    assert_eq!(sent.octets / sent.packets, 800, "packets of 100 ms");
}

#[tokio::test]
async fn digits_that_cannot_be_sent_any_more_are_told_to_whom_they_belong() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    agree(&mut alice, &mut bob).await;
    let (first, second) = (
        alice.submit(MediaControl::SendDigits("1".to_owned())),
        alice.submit(MediaControl::SendDigits(",,,,2".to_owned())),
    );
    assert_eq!(alice.done(first).await, Ok(()));
    // Meanwhile the pause of the second begins.
    bob.press(&mut alice, "9").await;
    let third = alice.submit(MediaControl::SendDigits("3".to_owned()));
    // Bob cannot hear digits any more.
    let direction = Direction::SendRecv;
    let offer = MediaQuestion::CreateOffer { direction, restart: false, toward: None };
    let MediaAnswer::Description(offer) = bob.ask(offer).await else { panic!() };
    let offer = offer.replace(" 101", "").replace("a=rtpmap:101 telephone-event/8000\r\n", "");
    let offer = offer.replace("a=fmtp:101 0-15\r\n", "").replace("a=fmtp:101 0-16\r\n", "");
    alice.ask(MediaQuestion::CreateAnswer { offer, direction }).await;
    assert_eq!(alice.done(second).await, Err(MediaFailureKind::Interrupted), "the pause had begun");
    assert_eq!(alice.done(third).await, Err(MediaFailureKind::NotNegotiated));
    alice.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_clip_goes_on_until_the_one_that_replaces_it_is_there() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    agree(&mut alice, &mut bob).await;
    let long = alice.submit(bytes(&voice("alice", 12)));
    let missing = AudioSource::File { path: file("missing"), repeat: false };
    assert_eq!(alice.control(MediaControl::Play(missing)).await, UNREADABLE);
    // The first plays on, and ends only when another takes its place.
    let short = alice.submit(bytes(&voice("bob", 1)));
    let mut over = Vec::new();
    while over.len() < 2 {
        let next = alice.wait(|report| match report {
            MediaReported::Controlled(of, result) => Some((*of, result.is_ok())),
            MediaReported::Happened(MediaHappened::PlaybackFinished) => Some((Token(0), true)),
            _ => None,
        });
        over.push(next.await);
    }
    assert_eq!(over, [(long, true), (Token(0), true)], "one was replaced, the other came to its end");
    alice.done(short).await.unwrap();
    alice.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_call_that_moves_to_another_address_moves_its_sockets() {
    // Without a peer to go to, the address is that of the default route, where there is one.
    let mut alice = Side::with(MediaOptions { local: None, ..options(PORTS) });
    let mut bob = Side::new();
    agree(&mut alice, &mut bob).await;
    let direction = Direction::SendRecv;
    // Bob is on this machine alone by now.
    let offer = MediaQuestion::CreateOffer { direction, restart: false, toward: None };
    let MediaAnswer::Description(offer) = bob.ask(offer).await else { panic!() };
    let before = offer.lines().find(|line| line.starts_with("c=")).unwrap().to_owned();
    let offer = offer.replace(&before, "c=IN IP4 127.0.0.1");
    let MediaAnswer::Description(answer) = alice.ask(MediaQuestion::CreateAnswer { offer, direction }).await
    else {
        panic!()
    };
    assert!(answer.contains(&before), "what is not asked to move stays: {answer}");
    assert_eq!(bob.ask(MediaQuestion::SetRemote { answer, provisional: false }).await, MediaAnswer::Applied);
    let offer = MediaQuestion::CreateOffer { direction, restart: true, toward: None };
    let MediaAnswer::Description(offer) = alice.ask(offer).await else { panic!() };
    assert!(offer.contains("c=IN IP4 127.0.0.1\r\n"), "{offer}");
    let MediaAnswer::Description(answer) = bob.ask(MediaQuestion::CreateAnswer { offer, direction }).await
    else {
        panic!()
    };
    assert_eq!(
        alice.ask(MediaQuestion::SetRemote { answer, provisional: false }).await,
        MediaAnswer::Applied
    );
    alice.press(&mut bob, "1").await;
    bob.press(&mut alice, "2").await;
    alice.close().await;
    bob.close().await;
}

#[tokio::test]
async fn an_offer_shows_the_address_on_the_way_to_its_peer() {
    for (toward, shown) in [
        (NextHop::Address(std::net::Ipv6Addr::LOCALHOST.into()), "c=IN IP6 ::1\r\n"),
        (NextHop::Address([127, 0, 0, 2].into()), "c=IN IP4 127.0.0.1\r\n"),
        (NextHop::Name("localhost".to_owned()), "c=IN IP4 127.0.0.1\r\n"),
    ] {
        let mut alice = Side::with(MediaOptions { local: None, ..options(PORTS) });
        let direction = Direction::SendRecv;
        let offer = MediaQuestion::CreateOffer { direction, restart: false, toward: Some(toward) };
        let MediaAnswer::Description(offer) = alice.ask(offer).await else { panic!() };
        assert!(offer.contains(shown), "{offer}");
        alice.close().await;
    }
}

#[tokio::test]
async fn waits_beyond_all_clocks_are_no_fault() {
    let endless = Duration::MAX;
    let with = MediaOptions {
        timeout: endless,
        statistics_interval: endless,
        levels_interval: endless,
        ..options(PORTS)
    };
    let (mut alice, mut bob) = (Side::with(with), Side::new());
    agree(&mut alice, &mut bob).await;
    alice.request(MediaAction::Watch);
    bob.press(&mut alice, "1").await;
    alice.press(&mut bob, "2").await;
    alice.close().await;
    bob.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_media_thread_serves_all_sessions_of_a_process() {
    let mut sides: Vec<Side> = (0..10).map(|_| Side::new()).collect();
    for side in &mut sides {
        let direction = Direction::SendRecv;
        side.ask(MediaQuestion::CreateOffer { direction, restart: false, toward: None }).await;
    }
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default());
    assert_eq!(names.filter(|name| name.trim() == "rvoip-media").count(), 1);
    for side in &mut sides {
        side.close().await;
    }
}

#[tokio::test]
async fn mistakes_are_told_in_one_line() {
    let mut alice = Side::new();
    let missing = AudioSource::File { path: file("missing"), repeat: false };
    assert_eq!(alice.control(MediaControl::Play(missing)).await, Err(MediaFailureKind::Unreadable));
    let nonsense = AudioSource::Bytes { wav: vec![0; 100], repeat: false };
    assert_eq!(alice.control(MediaControl::Play(nonsense)).await, Err(MediaFailureKind::Unreadable));
    let nowhere = AudioSink::File { path: PathBuf::from("/nonexistent/directory/x.wav") };
    assert_eq!(alice.control(MediaControl::Record(nowhere)).await, Err(MediaFailureKind::Unwritable));
    assert_eq!(
        alice.control(MediaControl::SendDigits("1".to_owned())).await,
        Err(MediaFailureKind::NotNegotiated)
    );
    assert_eq!(alice.control(MediaControl::Play(std::env::temp_dir().into())).await, UNREADABLE);
    assert_eq!(
        alice.control(MediaControl::Record(std::env::temp_dir().into())).await,
        Err(MediaFailureKind::Unwritable)
    );
    alice.close().await;
    assert_eq!(alice.control(MediaControl::Mute(true)).await, Err(MediaFailureKind::Gone));
    let answer = alice
        .ask(MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false, toward: None })
        .await;
    assert!(matches!(answer, MediaAnswer::Refused { .. }), "{answer:?}");
    // Closing again is answered again, so that nobody waits for ever.
    alice.close().await;
}

const UNREADABLE: Result<(), MediaFailureKind> = Err(MediaFailureKind::Unreadable);

/// A WAV file of a loud square wave.
fn clip(samples: usize) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut wav = WavWriter::new(&mut bytes, 8_000).unwrap();
    let pcm: Vec<i16> = (0..samples).map(|n| if n % 20 < 10 { 8_000 } else { -8_000 }).collect();
    wav.write(&pcm).unwrap();
    wav.finish().unwrap();
    bytes.into_inner()
}

fn is_finished(report: &MediaReported) -> Option<()> {
    matches!(report, MediaReported::Happened(MediaHappened::PlaybackFinished)).then_some(())
}

#[tokio::test]
async fn a_clip_ends_by_itself_and_the_call_completes_the_recording() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    agree(&mut alice, &mut bob).await;
    let recording = file("completed");
    bob.control(MediaControl::Record(recording.as_path().into())).await.unwrap();
    let wav = clip(4_000);
    let played = alice.submit(MediaControl::Play(AudioSource::Bytes { wav, repeat: false }));
    alice.wait(is_finished).await;
    alice.done(played).await.unwrap();
    // What is on its way is heard too; then the call ends without the recording being stopped.
    alice.press(&mut bob, "123").await;
    bob.request(MediaAction::Close);
    let mut order = Vec::new();
    bob.wait(|report| {
        order.push(report.clone());
        matches!(report, MediaReported::Closed).then_some(())
    })
    .await;
    let finished = MediaReported::Happened(MediaHappened::RecordingFinished);
    assert!(order.contains(&finished), "{order:?}");
    let heard = load(&recording);
    let loud = heard.samples.iter().filter(|sample| sample.unsigned_abs() > 6_000).count();
    assert!((3_600..4_400).contains(&loud), "{loud} of {}", heard.samples.len());
    alice.close().await;
}

#[tokio::test]
async fn whoever_goes_away_takes_the_clip_along() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    agree(&mut alice, &mut bob).await;
    bob.control(MediaControl::Record(AudioSink::Frames)).await.unwrap();
    let wav = clip(8_000 * 60);
    let played = alice.submit(MediaControl::Play(AudioSource::Bytes { wav, repeat: false }));
    while !bob.read().await.iter().any(|sample| *sample > 6_000) {}
    alice.request(MediaAction::Withdraw(played));
    let mut silent = 0;
    while silent < 1_600 {
        for sample in bob.read().await {
            silent = if sample.unsigned_abs() < 100 { silent + 1 } else { 0 };
        }
    }
    alice.close().await;
    bob.close().await;
    assert_eq!(bob.control(MediaControl::ReadFrames).await, Err(MediaFailureKind::Gone));
}

#[tokio::test]
async fn a_program_speaks_to_an_echo_and_hears_itself() {
    let (mut alice, mut bob) = (Side::new(), Side::new());
    agree(&mut alice, &mut bob).await;
    bob.control(MediaControl::Play(AudioSource::Echo)).await.unwrap();
    alice.control(MediaControl::Record(AudioSink::Frames)).await.unwrap();
    let early = alice.control(MediaControl::WriteFrames(vec![0; 160])).await;
    assert_eq!(early, Err(MediaFailureKind::NotFrames), "nobody plays frames yet");
    alice.control(MediaControl::Play(AudioSource::Frames)).await.unwrap();
    let said = voice("alice", 2);
    alice.submit(MediaControl::WriteFrames(said.samples.to_vec()));
    let heard = alice.listen(8_000 * 3).await;
    assert_heard(&said, &voice("bob", 2), &heard);
    alice.close().await;
    bob.close().await;
}

#[tokio::test]
async fn ports_are_given_back_and_a_range_that_is_used_up_is_refused() {
    let offer = MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false, toward: None };
    // Any port may be in use by others of this machine: the first pair that is free.
    let mut first = 30_000;
    let (mut alice, range) = loop {
        let range = (first, first + 1);
        let mut alice = Side::with(options(range));
        if matches!(alice.ask(offer.clone()).await, MediaAnswer::Description(_)) {
            break (alice, range);
        }
        first += 2;
    };
    let mut bob = Side::with(options(range));
    let MediaAnswer::Refused { status, reason } = bob.ask(offer.clone()).await else { panic!() };
    assert_eq!((status.code(), reason), (500, format!("all RTP ports {}-{} are taken", range.0, range.1)));
    alice.close().await;
    assert!(matches!(bob.ask(offer).await, MediaAnswer::Description(_)));
    bob.close().await;
}
