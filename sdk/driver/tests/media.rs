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
use rvoip_session_core::{Direction, MediaAnswer, MediaQuestion, NegotiationId};
use tokio::time::timeout;

const KEY: MediaKey = MediaKey(1);

fn speech() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/speech/alice.wav")
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
    let MediaAnswer::Description(offer) =
        alice.ask(MediaQuestion::CreateOffer { direction, restart: false }).await
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
    assert_eq!(alice.control(MediaControl::Play(std::env::temp_dir().into())).await, UNREADABLE);
    assert_eq!(
        alice.control(MediaControl::Record(std::env::temp_dir().into())).await,
        Err(MediaFailureKind::Unwritable)
    );
    alice.close().await;
    assert_eq!(alice.control(MediaControl::Mute(true)).await, Err(MediaFailureKind::Gone));
    let answer =
        alice.ask(MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false }).await;
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
    let (mut alice, mut bob) = (Side::new((20_000, 29_998)), Side::new((20_000, 29_998)));
    agree(&mut alice, &mut bob).await;
    let recording = file("completed");
    bob.control(MediaControl::Record(recording.as_path().into())).await.unwrap();
    let wav = clip(4_000);
    alice.control(MediaControl::Play(AudioSource::Bytes { wav, repeat: false })).await.unwrap();
    alice.wait(is_finished).await;
    // What is on its way is heard too; then the call ends without the recording being stopped.
    tokio::time::sleep(Duration::from_millis(500)).await;
    bob.request(MediaAction::Close);
    let mut order = Vec::new();
    bob.wait(|report| {
        order.push(report.clone());
        matches!(report, MediaReported::Closed).then_some(())
    })
    .await;
    let finished = MediaReported::Happened(MediaHappened::RecordingFinished);
    assert!(order.contains(&finished), "{order:?}");
    let heard = PcmClip::read_wav(std::fs::File::open(&recording).unwrap()).unwrap();
    std::fs::remove_file(recording).unwrap();
    let loud = heard.samples.iter().filter(|sample| sample.unsigned_abs() > 6_000).count();
    assert!((3_600..4_400).contains(&loud), "{loud} of {}", heard.samples.len());
    alice.close().await;
}

#[tokio::test]
async fn whoever_goes_away_takes_the_clip_along() {
    let (mut alice, mut bob) = (Side::new((20_000, 29_998)), Side::new((20_000, 29_998)));
    agree(&mut alice, &mut bob).await;
    bob.control(MediaControl::Record(AudioSink::Frames)).await.unwrap();
    let wav = clip(80_000);
    alice.control(MediaControl::Play(AudioSource::Bytes { wav, repeat: true })).await.unwrap();
    let played = Token(alice.last.into());
    tokio::time::sleep(Duration::from_millis(600)).await;
    let frames = bob.media.frames();
    let mut heard = Vec::new();
    assert!(frames.take(KEY, &mut heard));
    assert!(heard.iter().any(|sample| *sample > 6_000));
    alice.request(MediaAction::Withdraw(played));
    tokio::time::sleep(Duration::from_millis(600)).await;
    heard.clear();
    frames.take(KEY, &mut heard);
    let end = heard.split_off(heard.len() - 800);
    assert!(end.iter().all(|sample| sample.unsigned_abs() < 100), "{end:?}");
    alice.close().await;
    bob.close().await;
    assert!(!frames.take(KEY, &mut heard));
}

#[tokio::test]
async fn a_program_speaks_to_an_echo_and_hears_itself() {
    let (mut alice, mut bob) = (Side::new((20_000, 29_998)), Side::new((20_000, 29_998)));
    agree(&mut alice, &mut bob).await;
    bob.control(MediaControl::Play(AudioSource::Echo)).await.unwrap();
    alice.control(MediaControl::Record(AudioSink::Frames)).await.unwrap();
    let frames = alice.media.frames();
    assert!(!frames.push(KEY, &[0; 160]), "nobody plays frames yet");
    alice.control(MediaControl::Play(AudioSource::Frames)).await.unwrap();
    let said = PcmClip::read_wav(std::fs::File::open(speech()).unwrap()).unwrap();
    let said: Vec<i16> = said.samples.iter().copied().take(16_000).collect();
    let mut heard = Vec::new();
    for piece in said.chunks(1_600) {
        assert!(frames.push(KEY, piece));
        tokio::time::sleep(Duration::from_millis(200)).await;
        frames.take(KEY, &mut heard);
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    frames.take(KEY, &mut heard);
    let likeness = compare(&PcmClip::new(8_000, said), &PcmClip::new(8_000, heard)).unwrap();
    assert!(likeness.correlation > 0.8 && likeness.covered > 0.8, "{likeness:?}");
    alice.close().await;
    bob.close().await;
}

#[tokio::test]
async fn ports_are_given_back_and_a_range_that_is_used_up_is_refused() {
    let first = 2 * (15_000 + u16::try_from(std::process::id() % 4_000).unwrap());
    let range = (first, first + 1);
    let mut alice = Side::new(range);
    let offer = MediaQuestion::CreateOffer { direction: Direction::SendRecv, restart: false };
    assert!(matches!(alice.ask(offer.clone()).await, MediaAnswer::Description(_)));
    let mut bob = Side::new(range);
    let MediaAnswer::Refused { status, reason } = bob.ask(offer.clone()).await else { panic!() };
    assert_eq!((status.code(), reason), (500, format!("all RTP ports {}-{} are taken", range.0, range.1)));
    alice.close().await;
    assert!(matches!(bob.ask(offer).await, MediaAnswer::Description(_)));
    bob.close().await;
}
