//! WAV files whose samples are A-law or µ-law codes, as telephone prompts are kept.

use std::io::{self, Read};

use crate::g711::Companding;
use crate::wav::{WavError, check, fold};

/// Octets up to the end of the part of the format that all files have.
pub(crate) const HEAD: u64 = 36;
/// The part of the format in them.
const FORMAT: u64 = 16;

/// What the head of such a file says.
pub(crate) struct Companded {
    companding: Companding,
    channels: u16,
    rate: u32,
    /// Octets of the format that are left.
    rest: u64,
}

impl Companded {
    /// Reads the first [`HEAD`] octets of a file; none if it is of another kind.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let two = |at: usize| Some(u16::from_le_bytes(*head.get(at..)?.first_chunk()?));
        let four = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
        if head.get(..4)? != b"RIFF" || head.get(8..16)? != b"WAVEfmt " || two(34)? != 8 {
            return None;
        }
        let companding = match two(20)? {
            6 => Companding::Alaw,
            7 => Companding::Mulaw,
            _ => return None,
        };
        let rest = padded(four(16)?).checked_sub(FORMAT)?;
        Some(Self { companding, channels: two(22)?, rate: four(24)?, rest })
    }

    /// Reads what follows; gives the samples and their rate.
    pub(crate) fn read(self, mut reader: impl Read) -> Result<(Vec<i16>, u32), WavError> {
        let mut next = self.rest;
        let length = loop {
            if io::copy(&mut reader.by_ref().take(next), &mut io::sink()).map_err(WavError::Io)? < next {
                return Err(WavError::Truncated);
            }
            let mut chunk = [0; 8];
            reader.read_exact(&mut chunk).map_err(|error| WavError::from(hound::Error::IoError(error)))?;
            let [id @ .., a, b, c, d] = chunk;
            let length = u32::from_le_bytes([a, b, c, d]);
            if id == *b"data" {
                break length;
            }
            next = padded(length);
        };
        check(self.channels, 8, self.rate, length / u32::from(self.channels.max(1)))?;
        let mut codes = Vec::new();
        reader.take(length.into()).read_to_end(&mut codes).map_err(WavError::Io)?;
        if u64::try_from(codes.len()).is_ok_and(|read| read < length.into()) {
            return Err(WavError::Truncated);
        }
        let samples = codes.iter().map(|code| Ok(f64::from(self.companding.decode_sample(*code))));
        Ok((fold(samples, self.channels.into())?, self.rate))
    }
}

/// A chunk with what fills it up to an even length.
fn padded(length: u32) -> u64 {
    u64::from(length).next_multiple_of(2)
}
