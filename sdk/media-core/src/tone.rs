//! Tones: ringback, busy, dial tone and the pairs of DTMF.

use std::f64::consts::TAU;
use std::time::Duration;

use crate::wav::to_sample;

/// The level of the loudest sine that 16 bits can carry, in dBm0 (ITU-T G.711, A-law).
#[expect(clippy::approx_constant, reason = "a level that is near a circle by chance")]
pub const FULL_SCALE_DBM0: f64 = 3.14;
/// Every burst fades in and out over this time, so that it does not click.
const RAMP: Duration = Duration::from_millis(2);

/// One sine of a tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sine {
    /// In Hz.
    pub frequency: f64,
    /// In dBm0; at most [`FULL_SCALE_DBM0`].
    pub level: f64,
}

/// One step of a cadence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// How long the tone sounds.
    pub on: Duration,
    /// How long it is silent afterwards.
    pub off: Duration,
}

/// A tone: sines that sound together, interrupted by a cadence.
#[derive(Clone, Debug, PartialEq)]
pub struct Tone {
    /// The sines, added up.
    pub sines: Vec<Sine>,
    /// The steps, in order; an empty cadence sounds on and on.
    pub cadence: Vec<Cadence>,
    /// Whether the cadence starts again after its last step.
    pub repeat: bool,
}

impl Tone {
    /// A tone that sounds until it is stopped: sines of `frequencies` (Hz), each at `level` dBm0.
    pub fn continuous(frequencies: &[f64], level: f64) -> Self {
        let sines = frequencies.iter().map(|frequency| Sine { frequency: *frequency, level }).collect();
        Self { sines, cadence: Vec::new(), repeat: true }
    }

    /// The same tone with a repeating cadence of one step.
    #[must_use]
    pub fn interrupted(mut self, on: Duration, off: Duration) -> Self {
        self.cadence = vec![Cadence { on, off }];
        self.repeat = true;
        self
    }

    /// The same tone sounding once, for `on`.
    #[must_use]
    pub fn once(mut self, on: Duration) -> Self {
        self.cadence = vec![Cadence { on, off: Duration::ZERO }];
        self.repeat = false;
        self
    }

    /// Ringing tone of Europe: 425 Hz, 1 s on, 4 s off (ETSI TR 101 041-2).
    pub fn ringback_europe() -> Self {
        Self::continuous(&[425.0], -13.0).interrupted(Duration::from_secs(1), Duration::from_secs(4))
    }

    /// Busy tone of Europe: 425 Hz, 0.5 s on, 0.5 s off.
    pub fn busy_europe() -> Self {
        Self::continuous(&[425.0], -13.0).interrupted(Duration::from_millis(500), Duration::from_millis(500))
    }

    /// Dial tone of Europe: 425 Hz without interruption.
    pub fn dial_europe() -> Self {
        Self::continuous(&[425.0], -13.0)
    }
}

/// Plays a [`Tone`] sample by sample.
#[derive(Clone, Debug)]
pub struct ToneGenerator {
    oscillators: Vec<Oscillator>,
    /// Samples on and off.
    cadence: Vec<(u64, u64)>,
    repeat: bool,
    step: usize,
    position: u64,
    ramp: u64,
}

#[derive(Clone, Debug)]
struct Oscillator {
    phase: f64,
    advance: f64,
    amplitude: f64,
}

impl ToneGenerator {
    /// Starts `tone` at `rate` samples a second.
    pub fn new(tone: &Tone, rate: u32) -> Self {
        let rate = rate.max(1);
        let samples = |time: Duration| {
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            micros.saturating_mul(u64::from(rate)) / 1_000_000
        };
        let oscillators = tone
            .sines
            .iter()
            .map(|sine| Oscillator {
                phase: 0.0,
                advance: TAU * sine.frequency / f64::from(rate),
                amplitude: 32_767.0 * 10_f64.powf((sine.level - FULL_SCALE_DBM0) / 20.0),
            })
            .collect();
        let cadence: Vec<_> = tone.cadence.iter().map(|step| (samples(step.on), samples(step.off))).collect();
        // A cadence without any length would never end its step.
        let endless = cadence.iter().all(|(on, off)| *on == 0 && *off == 0);
        Self {
            oscillators,
            repeat: tone.repeat && !endless,
            cadence,
            step: 0,
            position: 0,
            ramp: samples(RAMP).max(1),
        }
    }

    /// Whether a tone that sounds once has ended; from then on there is silence.
    pub fn is_finished(&self) -> bool {
        !self.cadence.is_empty() && self.step >= self.cadence.len()
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = self.next_sample();
        }
    }

    fn next_sample(&mut self) -> i16 {
        let gain = self.next_gain();
        if gain <= 0.0 {
            return 0;
        }
        let mut sum = 0.0;
        for oscillator in &mut self.oscillators {
            sum += oscillator.phase.sin() * oscillator.amplitude;
            oscillator.phase = (oscillator.phase + oscillator.advance) % TAU;
        }
        to_sample(sum * gain)
    }

    #[expect(clippy::cast_precision_loss, reason = "both sides of the quotient are at most a few hundred")]
    fn next_gain(&mut self) -> f64 {
        if self.cadence.is_empty() {
            let gain = self.position.min(self.ramp) as f64 / self.ramp as f64;
            self.position = self.position.saturating_add(1);
            return if self.position == 1 { f64::MIN_POSITIVE } else { gain };
        }
        let Some((on, off)) = self.current_step() else { return 0.0 };
        let gain = if self.position < on {
            let edge = self.position.min(on - 1 - self.position).min(self.ramp);
            (edge as f64 / self.ramp as f64).max(f64::MIN_POSITIVE)
        } else {
            0.0
        };
        self.position += 1;
        if self.position >= on.saturating_add(off) {
            self.next_step();
        }
        gain
    }

    /// The step that is playing, skipping those without length.
    fn current_step(&mut self) -> Option<(u64, u64)> {
        loop {
            let (on, off) = *self.cadence.get(self.step)?;
            if on > 0 || off > 0 {
                return Some((on, off));
            }
            self.next_step();
        }
    }

    fn next_step(&mut self) {
        self.position = 0;
        self.step += 1;
        if self.repeat && self.step >= self.cadence.len() {
            self.step = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rms(samples: &[i16]) -> f64 {
        let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        (sum / f64::from(u32::try_from(samples.len()).unwrap())).sqrt()
    }

    /// Power at `frequency` in dBm0 by Goertzel's recurrence.
    fn level_at(samples: &[i16], frequency: f64, rate: f64) -> f64 {
        let coefficient = 2.0 * (TAU * frequency / rate).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for sample in samples {
            (one, two) = (f64::from(*sample) + coefficient * one - two, one);
        }
        let power = one * one + two * two - coefficient * one * two;
        let peak = 2.0 * power.max(1e-9).sqrt() / f64::from(u32::try_from(samples.len()).unwrap());
        20.0 * (peak / 32_767.0).log10() + FULL_SCALE_DBM0
    }

    #[test]
    fn ringback_sounds_one_second_and_pauses_four() {
        let mut generator = ToneGenerator::new(&Tone::ringback_europe(), 8_000);
        let mut pcm = vec![0; 11 * 8_000];
        generator.fill(&mut pcm);
        let expected = 32_767.0 * 10_f64.powf((-13.0 - FULL_SCALE_DBM0) / 20.0) / 2_f64.sqrt();
        for (second, chunk) in pcm.chunks(8_000).enumerate() {
            if second % 5 == 0 {
                assert!((rms(chunk) / expected - 1.0).abs() < 0.01, "second {second}");
            } else {
                assert!(chunk.iter().all(|sample| *sample == 0), "second {second}");
            }
        }
        assert!(!generator.is_finished());
    }

    #[test]
    fn a_tone_has_its_frequency_and_level_and_no_other() {
        let mut generator = ToneGenerator::new(&Tone::dial_europe(), 8_000);
        let mut pcm = vec![0; 1_700];
        generator.fill(&mut pcm);
        // A whole number of periods, after the ramp.
        let pcm = &pcm[100..];
        assert!((level_at(pcm, 425.0, 8_000.0) + 13.0).abs() < 0.5);
        for other in [350.0, 440.0, 480.0, 850.0] {
            assert!(level_at(pcm, other, 8_000.0) < -30.0, "{other}");
        }
    }

    #[test]
    fn a_cadence_without_length_is_silence_and_ends() {
        let tone = Tone::continuous(&[400.0], -10.0).interrupted(Duration::ZERO, Duration::ZERO);
        let mut generator = ToneGenerator::new(&tone, 8_000);
        let mut pcm = [1; 10];
        generator.fill(&mut pcm);
        assert_eq!(pcm, [0; 10]);
        assert!(generator.is_finished());
    }
}
