//! Sampling rate conversion, streaming and of whole clips.

use std::fmt;

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::wav::{PcmClip, to_sample};

/// Rates that can be converted, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;
/// Input is converted in blocks of at least this share of a second (20 ms).
const BLOCKS_A_SECOND: u32 = 50;
/// The longest block, in samples; rates without a common divisor need blocks of a second.
const MAX_BLOCK: u32 = 48_000;

/// Why a conversion is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// A rate is out of range, or the two have too small a common divisor.
    #[error("cannot convert from {from} hz to {to} hz")]
    Rates {
        /// From this rate, in Hz.
        from: u32,
        /// To this rate, in Hz.
        to: u32,
    },
}

/// Converts a stream of samples from one rate to another.
///
/// The delay of the filter is taken out: sample n of the output is the same moment as sample n · from / to of the input.
/// Output comes in blocks, so it lags behind by some 30 ms until [`Resampler::flush`].
pub struct Resampler {
    from: u32,
    to: u32,
    /// None where the rates are equal.
    filter: Option<Filter>,
    /// Samples taken and given since the start or the last flush.
    taken: u64,
    given: u64,
}

struct Filter {
    fft: Fft<f32>,
    pending: Vec<f32>,
    converted: Vec<f32>,
    /// Samples of the filter's delay that are still to be left out.
    skip: usize,
}

impl Resampler {
    /// A converter from `from` Hz to `to` Hz, each 1000 to 384 000.
    pub fn new(from: u32, to: u32) -> Result<Self, ResampleError> {
        let error = ResampleError::Rates { from, to };
        if !RATES.contains(&from) || !RATES.contains(&to) {
            return Err(error);
        }
        let filter = if from == to { None } else { Some(Filter::new(from, to).ok_or(error)?) };
        Ok(Self { from, to, filter, taken: 0, given: 0 })
    }

    /// Takes samples and appends those that are ready to `out`.
    pub fn push(&mut self, pcm: &[i16], out: &mut Vec<i16>) {
        self.taken += pcm.len() as u64;
        let before = out.len();
        match &mut self.filter {
            None => out.extend_from_slice(pcm),
            Some(filter) => filter.push(pcm.iter().map(|sample| f32::from(*sample)), out),
        }
        self.given += (out.len() - before) as u64;
    }

    /// Appends what is left to `out`, so that the output is as long as the input, and starts anew.
    pub fn flush(&mut self, out: &mut Vec<i16>) {
        let due = (self.taken * u64::from(self.to)).div_ceil(u64::from(self.from));
        if let Some(filter) = &mut self.filter {
            while self.given < due {
                let before = out.len();
                let block = filter.fft.input_frames_next();
                filter.push(std::iter::repeat_n(0.0, block), out);
                let surplus = (self.given + (out.len() - before) as u64).saturating_sub(due);
                out.truncate(out.len() - usize::try_from(surplus).unwrap_or(0).min(out.len() - before));
                self.given += (out.len() - before) as u64;
            }
            filter.reset();
        }
        (self.taken, self.given) = (0, 0);
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Filter {
    fn new(from: u32, to: u32) -> Option<Self> {
        let divisor = greatest_common_divisor(from, to);
        // The filter's delay is half a block, which must be whole on both sides.
        let smallest = 2 * (from / divisor);
        let block = (from / BLOCKS_A_SECOND).div_ceil(smallest) * smallest;
        if block.max(2 * (to / divisor)) > MAX_BLOCK {
            return None;
        }
        let window = WindowFunction::BlackmanHarris2;
        let fft = Fft::new_custom(from as usize, to as usize, block as usize, 1, 1, window, FixedSync::Both)
            .ok()?;
        let skip = fft.output_delay();
        let converted = vec![0.0; fft.output_frames_max()];
        Some(Self { fft, pending: Vec::new(), converted, skip })
    }

    fn push(&mut self, pcm: impl Iterator<Item = f32>, out: &mut Vec<i16>) {
        self.pending.extend(pcm);
        let mut used = 0;
        loop {
            let block = self.fft.input_frames_next();
            let Some(input) = self.pending.get(used..).and_then(|rest| rest.get(..block)) else { break };
            let made = convert(&mut self.fft, input, &mut self.converted);
            used += block;
            let fresh = self.converted.get(..made).unwrap_or_default();
            out.extend(fresh.iter().skip(self.skip).map(|sample| to_sample(f64::from(*sample))));
            self.skip = self.skip.saturating_sub(made);
        }
        self.pending.drain(..used);
    }

    fn reset(&mut self) {
        self.fft.reset();
        self.pending.clear();
        self.skip = self.fft.output_delay();
    }
}

/// Converts one block; the number of samples made.
fn convert(fft: &mut Fft<f32>, input: &[f32], output: &mut [f32]) -> usize {
    let (taken, room) = (input.len(), output.len());
    let Ok(input) = SequentialSlice::new(input, 1, taken) else { return 0 };
    let Ok(mut output) = SequentialSlice::new_mut(output, 1, room) else { return 0 };
    // The buffers have the sizes that the filter asked for, which is all that it can complain about.
    fft.process_into_buffer(&input, &mut output, None).map_or(0, |(_, made)| made)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl PcmClip {
    /// The same audio at `rate` Hz.
    pub fn at_rate(&self, rate: u32) -> Result<Self, ResampleError> {
        if rate == self.rate {
            return Ok(self.clone());
        }
        let mut resampler = Resampler::new(self.rate, rate)?;
        let mut samples = Vec::new();
        resampler.push(&self.samples, &mut samples);
        resampler.flush(&mut samples);
        Ok(Self::new(rate, samples))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, frequency: f64, samples: u32) -> Vec<i16> {
        let advance = std::f64::consts::TAU * frequency / f64::from(rate);
        (0..samples).map(|n| to_sample(20_000.0 * (f64::from(n) * advance).sin())).collect()
    }

    /// Signal to noise in dB against the ideal sine, at the ideal moment.
    fn snr(ideal: &[i16], got: &[i16]) -> f64 {
        let energy = |pcm: &mut dyn Iterator<Item = f64>| pcm.map(|value| value * value).sum::<f64>();
        let noise = energy(&mut ideal.iter().zip(got).map(|(a, b)| f64::from(*a) - f64::from(*b)));
        10.0 * (energy(&mut ideal.iter().map(|sample| f64::from(*sample))) / noise.max(1e-9)).log10()
    }

    #[test]
    fn a_sine_keeps_its_moment_its_level_and_60_db_of_purity() {
        for (from, to) in [
            (8_000, 16_000),
            (16_000, 8_000),
            (8_000, 48_000),
            (48_000, 8_000),
            (44_100, 8_000),
            (8_000, 44_100),
        ] {
            let mut got = Vec::new();
            let mut resampler = Resampler::new(from, to).unwrap();
            // Uneven pieces, as a stream brings them.
            for piece in sine(from, 1_000.0, from).chunks(317) {
                resampler.push(piece, &mut got);
            }
            resampler.flush(&mut got);
            assert_eq!(got.len(), to as usize, "{from} {to}");
            let ideal = sine(to, 1_000.0, to);
            let edge = to as usize / 10;
            let snr = snr(&ideal[edge..to as usize - edge], &got[edge..to as usize - edge]);
            assert!(snr > 60.0, "{from} to {to}: {snr} dB");
        }
    }

    #[test]
    fn what_does_not_fit_the_lower_rate_is_gone() {
        let clip = PcmClip::new(48_000, sine(48_000, 7_000.0, 48_000)).at_rate(8_000).unwrap();
        let inner = &clip.samples[800..7_200];
        assert!(inner.iter().all(|sample| sample.abs() < 20), "{:?}", inner.iter().max());
    }

    #[test]
    fn after_a_flush_the_next_stream_starts_anew() {
        let mut resampler = Resampler::new(8_000, 16_000).unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for out in [&mut first, &mut second] {
            resampler.push(&sine(8_000, 700.0, 1_234), out);
            resampler.flush(out);
        }
        assert_eq!(first, second);
        assert_eq!(first.len(), 2_468);
        let mut nothing = Vec::new();
        resampler.flush(&mut nothing);
        assert_eq!(nothing, []);
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert!(Resampler::new(0, 8_000).is_err());
        assert!(Resampler::new(8_000, 500_000).is_err());
        assert_eq!(
            Resampler::new(8_000, 383_999).unwrap_err(),
            ResampleError::Rates { from: 8_000, to: 383_999 }
        );
        assert!(Resampler::new(8_000, 11_025).is_ok());
    }
}
