//! G.711 companding: 16-bit linear samples to 8-bit A-law or µ-law codes and back.
//!
//! A-law works on the 13 most significant bits of a sample, µ-law on 14; negative samples are folded by their one's
//! complement, as the software of ITU-T G.191 does.

/// One of the two companding laws of ITU-T G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Companding {
    /// A-law (Europe and international links), ITU-T G.711 table 1.
    Alaw,
    /// µ-law (North America, Japan), ITU-T G.711 table 2.
    Mulaw,
}

impl Companding {
    /// The code of one 16-bit linear sample.
    pub const fn encode_sample(self, sample: i16) -> u8 {
        match self {
            Self::Alaw => encode_alaw(sample),
            Self::Mulaw => encode_mulaw(sample),
        }
    }

    /// The 16-bit linear sample of one code.
    pub fn decode_sample(self, code: u8) -> i16 {
        // A table of 256 entries has an entry for every octet.
        self.table().get(usize::from(code)).copied().unwrap_or(0)
    }

    /// Appends the codes of `pcm` to `out`.
    pub fn encode(self, pcm: &[i16], out: &mut Vec<u8>) {
        out.extend(pcm.iter().map(|sample| self.encode_sample(*sample)));
    }

    /// Appends the samples of `codes` to `out`.
    pub fn decode(self, codes: &[u8], out: &mut Vec<i16>) {
        out.extend(codes.iter().map(|code| self.decode_sample(*code)));
    }

    /// The code of the quietest positive sample, which fills a packet of silence.
    pub const fn silence(self) -> u8 {
        self.encode_sample(0)
    }

    const fn table(self) -> &'static [i16; 256] {
        match self {
            Self::Alaw => &ALAW,
            Self::Mulaw => &MULAW,
        }
    }
}

static ALAW: [i16; 256] = table(Companding::Alaw);
static MULAW: [i16; 256] = table(Companding::Mulaw);

const fn table(law: Companding) -> [i16; 256] {
    let mut table = [0; 256];
    let mut rest: &mut [i16] = &mut table;
    let mut code = 0_u8;
    while let Some((entry, tail)) = rest.split_first_mut() {
        *entry = match law {
            Companding::Alaw => decode_alaw(code),
            Companding::Mulaw => decode_mulaw(code),
        };
        code = code.wrapping_add(1);
        rest = tail;
    }
    table
}

/// Every second bit is inverted on the line, so that silence is rich in transitions.
const ALAW_TOGGLE: u8 = 0x55;
const SIGN: u8 = 0x80;
/// Moves the decision values of µ-law so that each segment is twice the one below.
const MULAW_BIAS: i16 = 33;
const MULAW_CLIP: i16 = 0x1fff;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the values are masked to seven bits"
)]
const fn encode_alaw(sample: i16) -> u8 {
    let folded = if sample < 0 { !sample } else { sample };
    let magnitude = folded >> 4;
    let code = if magnitude < 32 {
        magnitude as u8
    } else {
        let exponent = 15 - magnitude.leading_zeros() as i16 - 4;
        let mantissa = (magnitude >> exponent) & 0x0f;
        (((exponent + 1) << 4) | mantissa) as u8
    };
    let signed = if sample < 0 { code } else { code | SIGN };
    signed ^ ALAW_TOGGLE
}

const fn decode_alaw(code: u8) -> i16 {
    let plain = code ^ ALAW_TOGGLE;
    let exponent = (plain >> 4) & 7;
    let mantissa = ((plain & 0x0f) as i16) << 4;
    let magnitude = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if plain & SIGN == 0 { -magnitude } else { magnitude }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the values are masked to seven bits"
)]
const fn encode_mulaw(sample: i16) -> u8 {
    let folded = if sample < 0 { !sample } else { sample };
    let biased = (folded >> 2) + MULAW_BIAS;
    let magnitude = if biased > MULAW_CLIP { MULAW_CLIP } else { biased };
    let exponent = 15 - magnitude.leading_zeros() as i16 - 5;
    let mantissa = (magnitude >> (exponent + 1)) & 0x0f;
    let code = !((exponent << 4) | mantissa) as u8 & 0x7f;
    if sample < 0 { code } else { code | SIGN }
}

const fn decode_mulaw(code: u8) -> i16 {
    let plain = !code;
    let exponent = (plain >> 4) & 7;
    let mantissa = (plain & 0x0f) as i16;
    let magnitude = ((((mantissa << 1) + MULAW_BIAS) << exponent) - MULAW_BIAS) << 2;
    if plain & SIGN == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a of 64 bits.
    fn fingerprint(bytes: impl IntoIterator<Item = u8>) -> u64 {
        bytes
            .into_iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    fn sweep(law: Companding) -> (u64, u64) {
        let codes: Vec<u8> = (i16::MIN..=i16::MAX).map(|sample| law.encode_sample(sample)).collect();
        let mut decoded = Vec::new();
        law.decode(&codes, &mut decoded);
        (fingerprint(codes), fingerprint(decoded.into_iter().flat_map(i16::to_le_bytes)))
    }

    /// The fingerprints are those of the full sweep that ITU-T G.191 publishes for its G.711 module (codes as octets,
    /// decoded samples as little-endian words).
    #[test]
    fn every_sample_is_coded_and_decoded_as_the_itu_sweep_says() {
        assert_eq!(sweep(Companding::Alaw), (0xf030_666e_b780_cf25, 0xe032_751e_d97c_f125));
        assert_eq!(sweep(Companding::Mulaw), (0x04ec_1f08_3fd7_8c2d, 0xef15_83b4_0170_0e25));
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for code in 0..=u8::MAX {
            assert_eq!(Companding::Alaw.encode_sample(Companding::Alaw.decode_sample(code)), code);
            let again = Companding::Mulaw.encode_sample(Companding::Mulaw.decode_sample(code));
            // µ-law has two zeros; the negative one becomes the positive one.
            assert_eq!(again, if code == 0x7f { 0xff } else { code });
        }
    }

    #[test]
    fn known_points_of_the_tables() {
        assert_eq!(Companding::Alaw.silence(), 0xd5);
        assert_eq!(Companding::Mulaw.silence(), 0xff);
        assert_eq!(Companding::Alaw.decode_sample(0xaa), 32_256);
        assert_eq!(Companding::Mulaw.decode_sample(0x80), 32_124);
        assert_eq!(Companding::Mulaw.decode_sample(0x00), -32_124);
    }
}
