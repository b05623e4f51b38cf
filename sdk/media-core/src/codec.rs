//! What a codec does, and the codecs that there are.

use crate::conceal::Concealer;
use crate::g711::Companding;

/// The longest payload that a decoder takes, in seconds of audio.
const MAX_PAYLOAD_SECONDS: usize = 1;

/// Turns samples into payloads.
pub trait AudioEncoder {
    /// Appends the payload of `pcm`, one packet's worth of samples at the codec's rate, to `out`.
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>);
}

/// Turns payloads into samples, and fills in for those that are missing.
pub trait AudioDecoder {
    /// Appends the samples of one packet's `payload` to `out`; on an error `out` is as it was.
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError>;

    /// Appends `samples` samples to `out` that stand in for a missing packet, fading to silence as the hole grows.
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>);
}

/// Why a payload cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The payload holds more than a second of audio.
    #[error("payload of {octets} octets is longer than {limit}")]
    TooLong {
        /// Its length.
        octets: usize,
        /// What is allowed.
        limit: usize,
    },
}

/// A codec of RTP audio (RFC 3551 § 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

impl Codec {
    /// All codecs, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Pcmu, Self::Pcma];

    /// The encoding name of RFC 3551, as in an `rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The payload type that RFC 3551 assigns.
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The clock of its RTP timestamps, in Hz.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    /// The rate of its samples, in Hz.
    pub const fn sample_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    /// The codec with an encoding name (in any case) and clock rate.
    pub fn from_name(name: &str, clock_rate: u32) -> Option<Self> {
        let fits = |codec: &Self| codec.name().eq_ignore_ascii_case(name) && codec.clock_rate() == clock_rate;
        Self::ALL.into_iter().find(fits)
    }

    /// The codec that RFC 3551 assigns to a payload type.
    pub fn from_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.payload_type() == payload_type)
    }

    /// A fresh encoder.
    pub fn encoder(self) -> Box<dyn AudioEncoder + Send> {
        Box::new(G711Encoder(self.companding()))
    }

    /// A fresh decoder.
    pub fn decoder(self) -> Box<dyn AudioDecoder + Send> {
        Box::new(G711Decoder { law: self.companding(), concealer: Concealer::new() })
    }

    const fn companding(self) -> Companding {
        match self {
            Self::Pcmu => Companding::Mulaw,
            Self::Pcma => Companding::Alaw,
        }
    }
}

struct G711Encoder(Companding);

impl AudioEncoder for G711Encoder {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        self.0.encode(pcm, out);
    }
}

struct G711Decoder {
    law: Companding,
    concealer: Concealer,
}

impl AudioDecoder for G711Decoder {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError> {
        let limit = MAX_PAYLOAD_SECONDS * 8_000;
        if payload.len() > limit {
            return Err(CodecError::TooLong { octets: payload.len(), limit });
        }
        let start = out.len();
        self.law.decode(payload, out);
        if let Some(fresh) = out.get_mut(start..) {
            self.concealer.good(fresh);
        }
        Ok(())
    }

    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        self.concealer.conceal(samples, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_found_by_name_and_number() {
        assert_eq!(Codec::from_name("pcmu", 8_000), Some(Codec::Pcmu));
        assert_eq!(Codec::from_name("PCMA", 16_000), None);
        assert_eq!(Codec::from_payload_type(8), Some(Codec::Pcma));
        assert_eq!(Codec::from_payload_type(3), None);
    }

    #[test]
    fn what_is_encoded_comes_back_close() {
        let pcm: Vec<i16> = (-800..800).map(|step| step * 40).collect();
        for codec in Codec::ALL {
            let (mut payload, mut back) = (Vec::new(), Vec::new());
            codec.encoder().encode(&pcm, &mut payload);
            assert_eq!(payload.len(), pcm.len());
            codec.decoder().decode(&payload, &mut back).unwrap();
            for (sent, received) in pcm.iter().zip(&back) {
                let error = (i32::from(*sent) - i32::from(*received)).abs();
                assert!(error <= (i32::from(*sent).abs() / 30).max(16), "{sent} {received}");
            }
        }
    }

    #[test]
    fn a_payload_of_more_than_a_second_is_refused_and_leaves_no_trace() {
        let mut out = vec![1];
        let error = Codec::Pcma.decoder().decode(&[0xd5; 8_001], &mut out).unwrap_err();
        assert_eq!(error, CodecError::TooLong { octets: 8_001, limit: 8_000 });
        assert_eq!(out, [1]);
        Codec::Pcma.decoder().decode(&[], &mut out).unwrap();
        assert_eq!(out, [1]);
    }
}
