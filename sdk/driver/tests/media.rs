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
use rvoip_media_core::wav::PcmClip;
use rvoip_session_core::{Direction, MediaAnswer, MediaQuestion, NegotiationId};
use tokio::time::timeout;

const KEY: MediaKey = MediaKey(1);

fn speech() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../media-core/tests/vectors/audio/speech8.wav")
}

fn options(rtp_ports: (u16, u16)) -> MediaOptions {
    MediaOptions {
        codecs: vec!["PCMA".to_owned(), "PCMU".to_owned()],
        ptime: 20,
        rtp_ports,
        timeout: Duration::from_secs(30),
        statistics_interval: Duration::ZERO,
        local: Some([127, 0, 0, 1].into()),
    }
}

struct Side {
    media: NativeMedia,
    last: u32,
    digits: String,
    figures: Option<MediaFigures>,
}

impl Side {
    fn new(ports: (u16, u16)) -> Self {
        let mut side =
            Self { media: NativeMedia::new().unwrap(), last: 0, digits: String::new(), figures: None };
        side.request(MediaAction::Open(options(ports)));
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

    async fn control(&mut self, control: MediaControl) -> Result<(), MediaFailureKind> {
        self.last += 1;
        let token = Token(self.last.into());
        self.request(MediaAction::Control(token, control));
        self.wait(|report| match report {
            MediaReported::Controlled(of, result) if *of == token => {
                Some(result.clone().map_err(|failure| failure.kind))
            }
            _ => None,
        })
        .await
    }

    async fn close(&mut self) {
        self.request(MediaAction::Close);
        self.wait(|report| matches!(report, MediaReported::Closed).then_some(())).await;
    }
}

async fn agree(alice: &mut Side, bob: &mut Side) {
    let direction = Direction::SendRecv;
    let MediaAnswer::Description(offer) = alice.ask(MediaQuestion::CreateOffer { direction }).await else {
        panic!()
    };
    let MediaAnswer::Description(answer) = bob.ask(MediaQuestion::CreateAnswer { offer, direction }).await
    else {
        panic!()
    };
    assert_eq!(alice.ask(MediaQuestion::SetRemote { answer }).await, MediaAnswer::Applied);
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("rvoip-media-{}-{name}.wav", std::process::id()))
}

#[tokio::test]
async fn speech_digits_and_recordings_travel_between_two_sides() {
    let (mut alice, mut bob) = (Side::new((20_000, 29_998)), Side::new((20_000, 29_998)));
    agree(&mut alice, &mut bob).await;
    let recording = file("heard");
    bob.control(MediaControl::Record(AudioSink::File { path: recording.clone() })).await.unwrap();
    alice.control(MediaControl::Play(AudioSource::File { path: speech(), repeat: false })).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    alice.control(MediaControl::StopPlaying).await.unwrap();
    alice.control(MediaControl::SendDigits("12#".to_owned())).await.unwrap();
    bob.wait(|report| {
        matches!(report, MediaReported::Happened(MediaHappened::DigitReceived { digit: '#', .. }))
            .then_some(())
    })
    .await;
    assert_eq!(bob.digits, "12#");
    bob.close().await;
    alice.close().await;
    let sent = PcmClip::read_wav(std::fs::File::open(speech()).unwrap()).unwrap();
    let sent = PcmClip::new(8_000, sent.samples.iter().copied().take(8_000 * 3).collect::<Vec<_>>());
    let heard = PcmClip::read_wav(std::fs::File::open(&recording).unwrap()).unwrap();
    let likeness = compare(&sent, &heard).unwrap();
    assert!(likeness.correlation > 0.95 && likeness.covered > 0.9, "{likeness:?}");
    let figures = bob.figures.unwrap();
    assert!(figures.received.packets > 150 && figures.received.lost == 0, "{figures:?}");
    assert_eq!(figures.codec.as_deref(), Some("PCMA"));
    std::fs::remove_file(recording).unwrap();
}

#[tokio::test]
async fn mistakes_are_told_in_one_line() {
    let mut alice = Side::new((20_000, 29_998));
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
    alice.close().await;
    assert_eq!(alice.control(MediaControl::Mute(true)).await, Err(MediaFailureKind::Gone));
}

#[tokio::test]
async fn ports_are_given_back_and_a_range_that_is_used_up_is_refused() {
    let first = 2 * (15_000 + u16::try_from(std::process::id() % 4_000).unwrap());
    let range = (first, first + 1);
    let mut alice = Side::new(range);
    let offer = MediaQuestion::CreateOffer { direction: Direction::SendRecv };
    assert!(matches!(alice.ask(offer.clone()).await, MediaAnswer::Description(_)));
    let mut bob = Side::new(range);
    let MediaAnswer::Refused { status, reason } = bob.ask(offer.clone()).await else { panic!() };
    assert_eq!((status.code(), reason), (500, format!("all RTP ports {}-{} are taken", range.0, range.1)));
    alice.close().await;
    assert!(matches!(bob.ask(offer).await, MediaAnswer::Description(_)));
    bob.close().await;
}
