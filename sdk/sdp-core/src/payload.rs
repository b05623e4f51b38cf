//! Payload types and the encodings they stand for.

use crate::parse::number;

/// The encoding a payload type stands for (RFC 8866 §6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtpmap<'a> {
    /// The name of the encoding, compared without regard to case.
    pub name: &'a str,
    /// The RTP clock rate in hertz, at least 1.
    pub clock_rate: u32,
    /// The number of audio channels, at least 1.
    pub channels: u8,
}

const fn entry(name: &'static str, clock_rate: u32, channels: u8) -> Rtpmap<'static> {
    Rtpmap { name, clock_rate, channels }
}

impl<'a> Rtpmap<'a> {
    /// The encoding of a static payload type (RFC 3551 §6, tables 4 and 5).
    pub const fn of_static(payload_type: u8) -> Option<Rtpmap<'static>> {
        Some(match payload_type {
            0 => entry("PCMU", 8000, 1),
            3 => entry("GSM", 8000, 1),
            4 => entry("G723", 8000, 1),
            5 => entry("DVI4", 8000, 1),
            6 => entry("DVI4", 16000, 1),
            7 => entry("LPC", 8000, 1),
            8 => entry("PCMA", 8000, 1),
            9 => entry("G722", 8000, 1),
            10 => entry("L16", 44100, 2),
            11 => entry("L16", 44100, 1),
            12 => entry("QCELP", 8000, 1),
            13 => entry("CN", 8000, 1),
            14 => entry("MPA", 90000, 1),
            15 => entry("G728", 8000, 1),
            16 => entry("DVI4", 11025, 1),
            17 => entry("DVI4", 22050, 1),
            18 => entry("G729", 8000, 1),
            25 => entry("CelB", 90000, 1),
            26 => entry("JPEG", 90000, 1),
            28 => entry("nv", 90000, 1),
            31 => entry("H261", 90000, 1),
            32 => entry("MPV", 90000, 1),
            33 => entry("MP2T", 90000, 1),
            34 => entry("H263", 90000, 1),
            _ => return None,
        })
    }

    /// Splits the value of an `a=rtpmap` into payload type and encoding.
    pub(crate) fn parse(value: &'a str) -> Option<(u8, Self)> {
        let (payload_type, encoding) = split_payload_type(value)?;
        let mut parts = encoding.split('/');
        let name = parts.next().filter(|name| !name.is_empty())?;
        let clock_rate = parts.next().and_then(number).filter(|rate| *rate != 0)?;
        let channels = match parts.next() {
            None | Some("") => 1,
            Some(channels) => number(channels).filter(|channels| *channels != 0)?,
        };
        Some((payload_type, Self { name, clock_rate, channels }))
    }

    /// Whether both mean the same encoding, clock rate and number of channels.
    pub fn matches(&self, other: &Rtpmap<'_>) -> bool {
        self.clock_rate == other.clock_rate
            && self.channels == other.channels
            && self.name.eq_ignore_ascii_case(other.name)
    }
}

/// Splits `number value`, as it stands in `rtpmap` and `fmtp`; the number is below 128.
pub(crate) fn split_payload_type(value: &str) -> Option<(u8, &str)> {
    let (first, rest) = value.trim().split_once([' ', '\t'])?;
    Some((payload_type(first)?, rest.trim_start()))
}

/// Reads an RTP payload type, 0 to 127 (RFC 3550 §5.1).
pub(crate) fn payload_type(format: &str) -> Option<u8> {
    number(format).filter(|number| *number < 128)
}

#[cfg(test)]
mod tests {
    use super::Rtpmap;

    #[test]
    fn rtpmap_values_are_read() {
        assert_eq!(
            Rtpmap::parse("96 opus/48000/2").unwrap(),
            (96, Rtpmap { name: "opus", clock_rate: 48000, channels: 2 })
        );
        assert_eq!(Rtpmap::parse("0 PCMU/8000").map(|(_, map)| map), Rtpmap::of_static(0));
        for bad in
            ["", "0", "0 PCMU", "0 PCMU/", "0 PCMU/0", "0 /8000", "128 X/1", "0 PCMU/8000/0", "x PCMU/8000"]
        {
            assert_eq!(Rtpmap::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn encodings_match_without_regard_to_case() {
        let ilbc = Rtpmap { name: "iLBC", clock_rate: 8000, channels: 1 };
        assert!(ilbc.matches(&Rtpmap { name: "ILBC", ..ilbc }));
        assert!(!ilbc.matches(&Rtpmap { clock_rate: 16000, ..ilbc }));
        assert!(!ilbc.matches(&Rtpmap { channels: 2, ..ilbc }));
    }
}
