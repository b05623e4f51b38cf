//! A recording is compared with what was sent.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use rvoip_media_core::codec::Codec;
use rvoip_media_core::compare::{Comparison, compare};
use rvoip_media_core::wav::PcmClip;
use rvoip_sans_io::Random;

fn speech() -> PcmClip {
    PcmClip::from_wav(include_bytes!("../../../tests/vectors/speech/alice.wav")).unwrap()
}

fn against_speech(received: Vec<i16>) -> Comparison {
    compare(&speech(), &PcmClip::new(8_000, received)).unwrap()
}

/// Through the codec in packets of 20 ms, of which some are lost.
fn over(codec: Codec, loss: f64, seed: u64) -> Vec<i16> {
    let mut random = Random::from_number(seed);
    let (mut encoder, mut decoder) = (codec.encoder(), codec.decoder());
    let mut out = Vec::new();
    for frame in speech().samples.chunks_exact(160) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        if random.chance(loss) {
            decoder.conceal(160, &mut out);
        } else {
            decoder.decode(&payload, &mut out).unwrap();
        }
    }
    out
}

#[test]
fn the_same_audio_is_the_same() {
    let result = against_speech(speech().samples.to_vec());
    assert!(result.correlation > 0.999, "{result:?}");
    assert!(result.covered > 0.999 && result.delay == Duration::ZERO, "{result:?}");
    assert!(result.level_difference_db.abs() < 0.01, "{result:?}");
}

#[test]
fn two_voices_are_told_apart_from_their_first_seconds_on() {
    let bob = PcmClip::from_wav(include_bytes!("../../../tests/vectors/speech/bob.wav")).unwrap();
    for seconds in [1, 2, 3, 5, 12] {
        let first = |clip: &PcmClip| PcmClip::new(8_000, &clip.samples[..8_000 * seconds]);
        for (sent, other) in [(first(&speech()), &bob), (first(&bob), &speech())] {
            let (itself, other) = (compare(&sent, &sent).unwrap(), compare(&sent, other).unwrap());
            assert!(itself.is_heard() && !itself.is_unheard(), "{seconds} s: {itself:?}");
            assert!(other.is_unheard() && other.correlation < 0.2, "{seconds} s: {other:?}");
        }
    }
}

#[test]
fn delay_and_level_are_found() {
    let mut received = vec![0; 8_000];
    received.extend(speech().samples.iter().map(|sample| sample / 2));
    let result = against_speech(received);
    assert!(result.correlation > 0.99, "{result:?}");
    assert_eq!(result.delay, Duration::from_secs(1));
    assert!((result.level_difference_db + 6.02).abs() < 0.1, "{result:?}");
}

#[test]
fn a_recording_that_starts_later_lacks_its_beginning_only() {
    let result = against_speech(speech().samples[24_000..].to_vec());
    assert!((0.6..0.85).contains(&result.covered), "{result:?}");
    assert_eq!(result.delay, Duration::ZERO);
}

#[test]
fn g711_keeps_nearly_all() {
    for codec in Codec::ALL {
        let result = against_speech(over(codec, 0.0, 1));
        assert!(result.correlation > 0.98, "{result:?}");
    }
}

#[test]
fn one_percent_of_loss_is_heard_but_little() {
    let result = against_speech(over(Codec::Pcmu, 0.01, 1));
    assert!((0.9..0.999).contains(&result.correlation), "{result:?}");
    let worse = against_speech(over(Codec::Pcmu, 0.2, 1));
    assert!(worse.correlation < result.correlation - 0.02, "{worse:?}");
}

#[test]
fn frames_left_out_and_added_do_not_ruin_it() {
    let mut received = speech().samples.to_vec();
    for place in [9_000, 30_000, 50_000] {
        received.drain(place..place + 160);
    }
    let repeated = received[70_000..70_320].to_vec();
    received.splice(70_000..70_000, repeated);
    let result = against_speech(received);
    assert!(result.correlation > 0.9 && result.covered > 0.9, "{result:?}");
}

#[test]
fn a_clock_of_200_ppm_difference_does_not_ruin_it() {
    let shifted = PcmClip::new(8_000, speech().samples).at_rate(8_002).unwrap();
    let result = against_speech(shifted.samples.to_vec());
    assert!(result.correlation > 0.95 && result.covered > 0.99, "{result:?}");
}

#[test]
fn another_rate_is_converted() {
    let result = compare(&speech(), &speech().at_rate(48_000).unwrap()).unwrap();
    assert!(result.correlation > 0.99, "{result:?}");
}

#[test]
fn silence_noise_and_other_speech_are_nothing_like_it() {
    let samples = speech().samples;
    let mut random = Random::from_number(3);
    let noise: Vec<i16> = (0..96_000).map(|_| i16::try_from(random.below(8_000)).unwrap() - 4_000).collect();
    let reversed: Vec<i16> = samples.iter().rev().copied().collect();
    let half = samples.len() / 2;
    for (what, received) in [
        ("silence", vec![0; 96_000]),
        ("nothing", Vec::new()),
        ("noise", noise),
        ("reversed speech", reversed),
    ] {
        let result = against_speech(received);
        assert!(result.is_unheard() && result.covered < 0.2, "{what}: {result:?}");
    }
    let (first, second) = samples.split_at(half);
    let result = compare(&PcmClip::new(8_000, first), &PcmClip::new(8_000, second)).unwrap();
    assert!(result.is_unheard(), "other speech: {result:?}");
    let nothing_sent = compare(&PcmClip::new(8_000, vec![0; 8_000]), &speech()).unwrap();
    assert!(nothing_sent.correlation < 0.01 && nothing_sent.covered < 0.01);
}
