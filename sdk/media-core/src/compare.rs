//! Whether a recording holds what was sent: how alike, how late, how loud, how complete.
//!
//! The delay of the whole is found first. Then each stretch of active speech is looked for near where it should be, and
//! from there on the next one, so that drifting clocks and the adjustments of a jitter buffer move the search along
//! instead of ruining it.

use std::sync::Arc;
use std::time::Duration;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::resample::ResampleError;
use crate::wav::PcmClip;

/// Stretches that are looked for as one.
const SEGMENT: Duration = Duration::from_millis(400);
/// How far around the expected place a stretch is looked for.
const NEAR: Duration = Duration::from_millis(25);
/// How far it is looked for if it is not there.
const FAR: Duration = Duration::from_millis(500);
/// A stretch counts as found from here on.
const FOUND: f64 = 0.5;
/// A far find must be this good to be no accident.
const FOUND_FAR: f64 = 0.75;
/// Active speech is at most this much below the loudest 20 ms, as a ratio of powers (30 dB).
const ACTIVE: f64 = 1e-3;
/// What is below this root mean square is silence, whatever the rest is like.
const FLOOR: f64 = 20.0;

/// The correlation, and the share of what was sent, from which on it was heard: G.711 without loss has 0.98 and more.
pub const HEARD: f64 = 0.9;
/// Below this it was not heard at all: other speech has less than 0.2.
pub const UNHEARD: f64 = 0.3;

/// The result of comparing a recording with what was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The mean over active speech of each stretch's best normalised correlation, 0 to 1.
    pub correlation: f64,
    /// How much later than in what was sent the beginning is found; zero if the recording begins later.
    pub delay: Duration,
    /// How much louder the recording is where it was found, in dB; 0 if nothing was found.
    pub level_difference_db: f64,
    /// The share of active speech that was found, 0 to 1.
    pub covered: f64,
}

impl Comparison {
    /// Whether the recording holds what was sent.
    pub fn is_heard(&self) -> bool {
        self.correlation >= HEARD && self.covered >= HEARD
    }

    /// Whether the recording holds nothing of it.
    pub fn is_unheard(&self) -> bool {
        self.correlation < UNHEARD && self.covered < UNHEARD
    }
}

/// Compares a recording with what was sent, at the rate of what was sent.
///
/// ```
/// use rvoip_media_core::{compare::compare, wav::PcmClip};
///
/// let sent: Vec<i16> = (0..8_000).map(|n| ((n * n / 50) % 2_000 - 1_000) as i16).collect();
/// let mut received = vec![0; 320];
/// received.extend(sent.iter().map(|sample| sample / 2));
/// let result = compare(&PcmClip::new(8_000, sent), &PcmClip::new(8_000, received)).unwrap();
/// assert!(result.correlation > 0.99 && result.covered > 0.99);
/// assert_eq!(result.delay.as_millis(), 40);
/// assert!((result.level_difference_db + 6.0).abs() < 0.1);
/// ```
pub fn compare(sent: &PcmClip, received: &PcmClip) -> Result<Comparison, ResampleError> {
    let received = received.at_rate(sent.rate)?;
    let rate = sent.rate;
    let original: Vec<f32> = sent.samples.iter().map(|sample| f32::from(*sample)).collect();
    let recording: Vec<f32> = received.samples.iter().map(|sample| f32::from(*sample)).collect();
    let segments = active_segments(&original, rate);
    let mut result =
        Comparison { correlation: 0.0, delay: Duration::ZERO, level_difference_db: 0.0, covered: 0.0 };
    if segments.is_empty() || recording.is_empty() {
        return Ok(result);
    }
    let overall = overall_lag(&original, &recording);
    let (near, far) = (samples(NEAR, rate), samples(FAR, rate));
    let mut nearby = Correlator::new(samples(SEGMENT, rate) + 2 * near);
    let mut wide = Correlator::new(samples(SEGMENT, rate) + 2 * far);
    let mut lag = overall;
    let (mut total, mut found, mut first_lag) = (0.0, 0_u32, None);
    let (mut sent_energy, mut received_energy) = (0.0, 0.0);
    let count = u32::try_from(segments.len()).unwrap_or(u32::MAX);
    for start in segments {
        let segment = original.get(start..start + samples(SEGMENT, rate)).unwrap_or_default();
        let place = signed(start) + lag;
        let mut best = nearby.search(segment, &recording, place, near);
        if best.likeness < FOUND {
            let elsewhere = wide.search(segment, &recording, place, far);
            if elsewhere.likeness >= FOUND_FAR {
                best = elsewhere;
            }
        }
        total += best.likeness.clamp(0.0, 1.0);
        if best.likeness >= FOUND {
            lag = best.place - signed(start);
            first_lag.get_or_insert(lag);
            found += 1;
            sent_energy += energy(segment);
            received_energy += best.energy;
        }
    }
    result.correlation = total / f64::from(count);
    result.covered = f64::from(found) / f64::from(count);
    let lag = u32::try_from(first_lag.unwrap_or(overall).max(0)).unwrap_or(u32::MAX);
    result.delay = Duration::from_secs(1).mul_f64(f64::from(lag) / f64::from(rate));
    if sent_energy > 0.0 && received_energy > 0.0 {
        result.level_difference_db = 10.0 * (received_energy / sent_energy).log10();
    }
    Ok(result)
}

/// Where the segments of active speech begin.
fn active_segments(pcm: &[f32], rate: u32) -> Vec<usize> {
    let frame = samples(Duration::from_millis(20), rate).max(1);
    let length = samples(SEGMENT, rate);
    let loudest = pcm.chunks(frame).map(energy).fold(0.0, f64::max);
    let floor = FLOOR * FLOOR * f64::from(u32::try_from(frame).unwrap_or(u32::MAX));
    let threshold = (loudest * ACTIVE).max(floor);
    let active = |segment: &[f32]| {
        let frames = segment.chunks(frame);
        let (all, loud) = (frames.len(), frames.filter(|frame| energy(frame) >= threshold).count());
        loud * 2 >= all
    };
    let segments = pcm.chunks_exact(length.max(1)).enumerate();
    segments.filter(|(_, segment)| active(segment)).map(|(index, _)| index * length).collect()
}

/// The lag at which the whole recording correlates best.
fn overall_lag(sent: &[f32], received: &[f32]) -> i64 {
    let mut correlator = Correlator::new(sent.len() + received.len());
    let products = correlator.products(sent, received);
    let best = products.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(index, _)| index);
    // Lags below zero are at the end of the circle.
    if best < received.len() { signed(best) } else { signed(best) - signed(products.len()) }
}

struct Match {
    likeness: f64,
    place: i64,
    /// Of the recording at that place.
    energy: f64,
}

/// Cross-correlation by fast Fourier transforms of one size.
struct Correlator {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    pattern: Vec<Complex<f32>>,
    window: Vec<Complex<f32>>,
}

impl Correlator {
    /// Room for a window of `length` samples; patterns must be shorter.
    fn new(length: usize) -> Self {
        let size = length.max(2).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let (time, pattern) = (forward.make_input_vec(), forward.make_output_vec());
        Self { forward, inverse, time, window: pattern.clone(), pattern }
    }

    /// Entry n is the product of `pattern` with `window` from n on (both padded with zeros to the size of the circle).
    fn products(&mut self, pattern: &[f32], window: &[f32]) -> &[f32] {
        // The transforms fail only on buffers of a wrong size, and these were made for them.
        for (source, spectrum) in [(pattern, &mut self.pattern), (window, &mut self.window)] {
            self.time.fill(0.0);
            for (slot, sample) in self.time.iter_mut().zip(source) {
                *slot = *sample;
            }
            let _ = self.forward.process(&mut self.time, spectrum);
        }
        for (window, pattern) in self.window.iter_mut().zip(&self.pattern) {
            *window *= pattern.conj();
        }
        // The first and last entries of a real signal's spectrum are real; rounding must not say otherwise.
        if let Some(edge) = self.window.first_mut() {
            edge.im = 0.0;
        }
        if let Some(edge) = self.window.last_mut() {
            edge.im = 0.0;
        }
        let _ = self.inverse.process(&mut self.window, &mut self.time);
        let scale = 1.0 / to_f32(self.time.len());
        for value in &mut self.time {
            *value *= scale;
        }
        &self.time
    }

    /// The best place for `segment` within `reach` samples of `place`.
    fn search(&mut self, segment: &[f32], recording: &[f32], place: i64, reach: usize) -> Match {
        let from = place - signed(reach);
        let window: Vec<f32> = (0..segment.len() + 2 * reach)
            .map(|index| usize::try_from(from + signed(index)).ok().and_then(|index| recording.get(index)))
            .map(|sample| sample.copied().unwrap_or(0.0))
            .collect();
        let own = energy(segment);
        let mut other = energy(window.get(..segment.len()).unwrap_or_default());
        let floor = FLOOR * FLOOR * f64::from(to_f32(segment.len())) / 4.0;
        let mut best = Match { likeness: 0.0, place, energy: 0.0 };
        let products = self.products(segment, &window);
        for (index, product) in products.iter().take(2 * reach + 1).enumerate() {
            let likeness = f64::from(*product) / (own * other).sqrt();
            if other > floor && likeness > best.likeness {
                best = Match { likeness, place: from + signed(index), energy: other };
            }
            let leaving = window.get(index).copied().unwrap_or(0.0);
            let entering = window.get(index + segment.len()).copied().unwrap_or(0.0);
            other += f64::from(entering).powi(2) - f64::from(leaving).powi(2);
        }
        best
    }
}

fn energy(pcm: &[f32]) -> f64 {
    pcm.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum()
}

fn samples(time: Duration, rate: u32) -> usize {
    usize::try_from(time.as_micros() * u128::from(rate) / 1_000_000).unwrap_or(0)
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX / 4)
}

#[expect(clippy::cast_precision_loss, reason = "a length as a scale; 24 bits are enough")]
fn to_f32(value: usize) -> f32 {
    value as f32
}
