//! WAV files: whole clips in, recordings out.

use std::io::{Cursor, ErrorKind, Read, Seek, Write};
use std::sync::Arc;
use std::time::Duration;

use hound::{SampleFormat, WavReader, WavSpec};

use crate::companded::{Companded, HEAD};

/// The longest clip that is read, in samples of one channel (about 46 minutes at 48 kHz).
pub const MAX_CLIP_SAMPLES: u32 = 1 << 27;
/// The highest and lowest rate of a clip, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;
/// A recording ends here, so that its length still fits into the header, in samples.
const MAX_RECORDING_SAMPLES: u64 = (u32::MAX as u64 - 1_024) / 2;

/// A piece of mono audio in memory; copies share the samples.
#[derive(Clone, PartialEq, Eq)]
pub struct PcmClip {
    /// Samples a second, in Hz.
    pub rate: u32,
    /// The samples, one channel.
    pub samples: Arc<[i16]>,
}

/// Why a WAV file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// The bytes are no WAV file, or a damaged one.
    #[error("not a readable wav file: {0}")]
    Malformed(&'static str),
    /// The file ends before its audio does.
    #[error("the wav file is shorter than its header says")]
    Truncated,
    /// The encoding of the samples is not read.
    #[error("unsupported wav encoding: {bits} bits, {channels} channels")]
    Unsupported {
        /// Bits of one sample.
        bits: u16,
        /// Number of channels.
        channels: u16,
    },
    /// The sampling rate is out of range.
    #[error("unsupported wav sampling rate: {0} hz")]
    Rate(u32),
    /// The file has more than [`MAX_CLIP_SAMPLES`] samples.
    #[error("the wav file is too long: {samples} samples a channel, {limit} are allowed")]
    TooLong {
        /// Samples of one channel.
        samples: u32,
        /// How many are allowed.
        limit: u32,
    },
    /// A recording has reached the size that a WAV header can express.
    #[error("the recording has reached the size limit of wav files")]
    Full,
    /// Reading or writing failed.
    #[error("wav input or output failed")]
    Io(#[source] std::io::Error),
}

impl From<hound::Error> for WavError {
    fn from(error: hound::Error) -> Self {
        match error {
            hound::Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => Self::Truncated,
            hound::Error::IoError(error) => Self::Io(error),
            hound::Error::FormatError(what) => Self::Malformed(what),
            hound::Error::TooWide => Self::Malformed("a sample is wider than its format"),
            hound::Error::UnfinishedSample => Self::Malformed("the last sample lacks channels"),
            hound::Error::Unsupported => Self::Malformed("the encoding is not supported"),
            hound::Error::InvalidSampleFormat => Self::Malformed("the sample format does not fit"),
        }
    }
}

impl PcmClip {
    /// A clip of `samples` at `rate` Hz.
    pub fn new(rate: u32, samples: impl Into<Arc<[i16]>>) -> Self {
        Self { rate, samples: samples.into() }
    }

    /// Reads a WAV file of 8, 16, 24 or 32 bit integers, 32 bit floats, or codes of A-law or µ-law; several channels are folded
    /// to one.
    pub fn from_wav(bytes: &[u8]) -> Result<Self, WavError> {
        Self::read_wav(Cursor::new(bytes))
    }

    /// Reads a WAV file as [`PcmClip::from_wav`] does, from a reader.
    pub fn read_wav(mut reader: impl Read) -> Result<Self, WavError> {
        let mut head = Vec::new();
        reader.by_ref().take(HEAD).read_to_end(&mut head).map_err(WavError::Io)?;
        if let Some(companded) = Companded::of(&head) {
            let (samples, rate) = companded.read(reader)?;
            return Ok(Self::new(rate, samples));
        }
        let mut wav = WavReader::new(Cursor::new(head).chain(reader))?;
        let spec = wav.spec();
        check(spec.channels, spec.bits_per_sample, spec.sample_rate, wav.duration())?;
        let channels = usize::from(spec.channels);
        let samples = match (spec.sample_format, spec.bits_per_sample) {
            (SampleFormat::Int, bits @ (8 | 16 | 24 | 32)) => {
                let scale = f64::from(16 - i32::from(bits)).exp2();
                fold(
                    wav.samples::<i32>().map(|sample| sample.map(|value| f64::from(value) * scale)),
                    channels,
                )
            }
            (SampleFormat::Float, 32) => fold(
                wav.samples::<f32>().map(|sample| sample.map(|value| f64::from(value) * 32_768.0)),
                channels,
            ),
            (SampleFormat::Int | SampleFormat::Float, bits) => {
                return Err(WavError::Unsupported { bits, channels: spec.channels });
            }
        }?;
        Ok(Self::new(spec.sample_rate, samples))
    }

    /// The clip as a WAV file of 16 bits.
    pub fn to_wav(&self) -> Result<Vec<u8>, WavError> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, self.rate)?;
        writer.write(&self.samples)?;
        writer.finish()?;
        Ok(bytes.into_inner())
    }

    /// What is played from one time to another, as far as there is something.
    #[must_use]
    pub fn between(&self, from: Duration, to: Duration) -> Self {
        let place = |time: Duration| {
            let samples = time.as_nanos().saturating_mul(self.rate.into()) / 1_000_000_000;
            usize::try_from(samples).unwrap_or(usize::MAX).min(self.samples.len())
        };
        Self::new(self.rate, self.samples.get(place(from)..place(to)).unwrap_or_default())
    }

    /// How long the clip plays.
    pub fn duration(&self) -> Duration {
        let samples = u32::try_from(self.samples.len()).unwrap_or(u32::MAX);
        Duration::from_secs(1).mul_f64(f64::from(samples) / f64::from(self.rate.max(1)))
    }
}

impl std::fmt::Debug for PcmClip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PcmClip").field("rate", &self.rate).field("samples", &self.samples.len()).finish()
    }
}

/// Whether a file of this kind and length is read.
pub(crate) fn check(channels: u16, bits: u16, rate: u32, samples: u32) -> Result<(), WavError> {
    if channels == 0 || channels > 8 {
        return Err(WavError::Unsupported { bits, channels });
    }
    if !RATES.contains(&rate) {
        return Err(WavError::Rate(rate));
    }
    if samples > MAX_CLIP_SAMPLES {
        return Err(WavError::TooLong { samples, limit: MAX_CLIP_SAMPLES });
    }
    Ok(())
}

/// The mean of the channels; grows with what is really there, not with what the header promises.
pub(crate) fn fold(
    samples: impl Iterator<Item = Result<f64, hound::Error>>,
    channels: usize,
) -> Result<Vec<i16>, hound::Error> {
    let mut out = Vec::new();
    let (mut sum, mut count) = (0.0, 0_u32);
    for sample in samples {
        sum += sample?;
        count += 1;
        if count as usize == channels {
            out.push(to_sample(sum / f64::from(count)));
            (sum, count) = (0.0, 0);
        }
    }
    Ok(out)
}

/// Rounds to the nearest 16-bit sample, clipping what is too loud; not-a-number is silence.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, which is the clipping that is wanted"
)]
pub(crate) fn to_sample(value: f64) -> i16 {
    value.round() as i16
}

/// Writes a mono 16-bit WAV file as the audio comes.
///
/// The header is brought up to date after every second of audio, so a file that is cut off is a valid file that lacks at
/// most its last second.
pub struct WavWriter<W: Write + Seek> {
    inner: hound::WavWriter<W>,
    rate: u32,
    written: u64,
    since_flush: usize,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Starts a file of `rate` Hz.
    pub fn new(writer: W, rate: u32) -> Result<Self, WavError> {
        if !RATES.contains(&rate) {
            return Err(WavError::Rate(rate));
        }
        let spec =
            WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut inner = hound::WavWriter::new(writer, spec)?;
        inner.flush()?;
        Ok(Self { inner, rate, written: 0, since_flush: 0 })
    }

    /// Appends samples.
    pub fn write(&mut self, pcm: &[i16]) -> Result<(), WavError> {
        let after = self.written.saturating_add(u64::try_from(pcm.len()).unwrap_or(u64::MAX));
        if after > MAX_RECORDING_SAMPLES {
            return Err(WavError::Full);
        }
        for sample in pcm {
            self.inner.write_sample(*sample)?;
        }
        self.written = after;
        self.since_flush = self.since_flush.saturating_add(pcm.len());
        if self.since_flush >= self.rate as usize {
            self.flush()?;
        }
        Ok(())
    }

    /// Brings the header up to date and hands everything to the writer below.
    pub fn flush(&mut self) -> Result<(), WavError> {
        self.since_flush = 0;
        Ok(self.inner.flush()?)
    }

    /// How much audio was written.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.written.saturating_mul(1_000_000) / u64::from(self.rate))
    }

    /// Completes the file.
    pub fn finish(self) -> Result<(), WavError> {
        Ok(self.inner.finalize()?)
    }
}

impl<W: Write + Seek> std::fmt::Debug for WavWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavWriter")
            .field("rate", &self.rate)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
