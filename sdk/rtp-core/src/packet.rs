//! RTP packets (RFC 3550 section 5).

use thiserror::Error;

use crate::extension::Extension;

/// Octets of the fixed RTP header.
pub(crate) const FIXED_HEADER: usize = 12;

/// Why bytes are not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RtpError {
    /// The bytes end before the header does.
    #[error("rtp packet is truncated")]
    Truncated,
    /// The version is not 2.
    #[error("rtp version is not 2")]
    Version,
    /// The padding count is zero or reaches into the header.
    #[error("rtp padding is invalid")]
    Padding,
}

/// One RTP packet, borrowed from the bytes that it came in (RFC 3550 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// The marker bit; in audio it marks the first packet of a talk spurt (RFC 3551 section 4.1).
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The sampling moment of the first octet, in units of the payload's clock rate.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
    /// The contributing sources.
    pub csrcs: Csrcs<'a>,
    /// The header extension, if there is one (RFC 3550 section 5.3.1).
    pub extension: Option<Extension<'a>>,
    /// The payload without padding.
    pub payload: &'a [u8],
}

impl<'a> RtpPacket<'a> {
    /// Reads one packet; version, lengths, CSRC list, extension and padding are checked (RFC 3550 section 5.1).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let (fixed, rest) = bytes.split_first_chunk::<FIXED_HEADER>().ok_or(RtpError::Truncated)?;
        let [first, second, q0, q1, t0, t1, t2, t3, s0, s1, s2, s3] = *fixed;
        if first >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let csrc_octets = usize::from(first & 0x0f) * 4;
        let (csrcs, rest) = rest.split_at_checked(csrc_octets).ok_or(RtpError::Truncated)?;
        let (extension, rest) = if first & 0x10 == 0 {
            (None, rest)
        } else {
            let (head, rest) = rest.split_first_chunk::<4>().ok_or(RtpError::Truncated)?;
            let [p0, p1, l0, l1] = *head;
            let octets = usize::from(u16::from_be_bytes([l0, l1])) * 4;
            let (data, rest) = rest.split_at_checked(octets).ok_or(RtpError::Truncated)?;
            (Some(Extension { profile: u16::from_be_bytes([p0, p1]), data }), rest)
        };
        let payload = if first & 0x20 == 0 {
            rest
        } else {
            let padding = rest.last().copied().map(usize::from).filter(|count| *count > 0);
            let kept = padding.and_then(|count| rest.len().checked_sub(count));
            kept.and_then(|kept| rest.get(..kept)).ok_or(RtpError::Padding)?
        };
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([q0, q1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            csrcs: Csrcs(csrcs),
            extension,
            payload,
        })
    }

    /// The fixed header of this packet, for sending its payload on.
    pub fn header(&self) -> RtpHeader {
        RtpHeader {
            marker: self.marker,
            payload_type: self.payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        }
    }
}

/// The contributing sources of a packet, at most 15 (RFC 3550 section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csrcs<'a>(&'a [u8]);

impl Iterator for Csrcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*first))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.0.len() / 4;
        (count, Some(count))
    }
}

impl ExactSizeIterator for Csrcs<'_> {}

/// The header of a packet to send: no contributing sources, no extension, no padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// The marker bit.
    pub marker: bool,
    /// The payload type, 0 to 127; a higher bit is not written.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp in units of the payload's clock rate.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

impl RtpHeader {
    /// Appends the packet to `out` (RFC 3550 section 5.1).
    pub fn write(&self, payload: &[u8], out: &mut Vec<u8>) {
        out.reserve(FIXED_HEADER + payload.len());
        out.push(0x80);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7f);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(payload);
    }
}

/// Whether bytes on a port shared by RTP and RTCP are RTCP (RFC 5761 section 4): version 2 and a packet type from
/// 192 to 223, which no RTP packet shows whose payload type stays out of 64 to 95.
pub fn looks_like_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of the figure in RFC 3550 section 5.1, all of them in use.
    const FULL: [u8; 34] = [
        0b1011_0010,
        0x80 | 8,
        0xff,
        0xff,
        0,
        0,
        0,
        160,
        1,
        2,
        3,
        4, // fixed header
        0,
        0,
        0,
        9,
        0,
        0,
        0,
        10, // two contributing sources
        0xbe,
        0xde,
        0,
        1,
        0x10,
        0xaa,
        0,
        0, // one word of extension
        b'h',
        b'i', // payload
        0,
        0,
        0,
        4, // padding
    ];

    #[test]
    fn every_field_of_the_header_is_read() {
        let packet = RtpPacket::parse(&FULL).unwrap();
        assert!(packet.marker);
        assert_eq!(packet.payload_type, 8);
        assert_eq!(packet.sequence, 65535);
        assert_eq!(packet.timestamp, 160);
        assert_eq!(packet.ssrc, 0x0102_0304);
        assert_eq!(packet.csrcs.len(), 2);
        assert_eq!(packet.csrcs.clone().collect::<Vec<_>>(), [9, 10]);
        let extension = packet.extension.unwrap();
        assert_eq!((extension.profile, extension.data), (0xbede, &[0x10, 0xaa, 0, 0][..]));
        assert_eq!(packet.payload, b"hi");
    }

    #[test]
    fn every_shorter_header_is_truncated() {
        for length in 0..28 {
            let mut bytes = FULL[..length].to_vec();
            if let Some(first) = bytes.first_mut() {
                *first &= !0x20;
            }
            assert_eq!(RtpPacket::parse(&bytes), Err(RtpError::Truncated), "{length}");
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for version in [0, 1, 3] {
            let mut bytes = FULL;
            bytes[0] = bytes[0] & 0x3f | version << 6;
            assert_eq!(RtpPacket::parse(&bytes), Err(RtpError::Version));
        }
    }

    #[test]
    fn padding_may_fill_the_payload_but_not_more() {
        let mut bytes = FULL;
        for (count, result) in [(0, None), (6, Some(0)), (7, None), (255, None)] {
            bytes[33] = count;
            let parsed = RtpPacket::parse(&bytes);
            assert_eq!(parsed.map(|packet| packet.payload.len()), result.ok_or(RtpError::Padding), "{count}");
        }
        assert_eq!(RtpPacket::parse(&[0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(RtpError::Padding));
    }

    #[test]
    fn a_header_is_written_as_in_the_figure() {
        let header = RtpHeader { marker: true, payload_type: 0, sequence: 1, timestamp: 2, ssrc: 3 };
        let mut out = Vec::new();
        header.write(&[0xd5], &mut out);
        assert_eq!(out, [0x80, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xd5]);
        assert_eq!(RtpPacket::parse(&out).unwrap().header(), header);
    }

    #[test]
    fn rtcp_is_told_from_rtp() {
        assert!(looks_like_rtcp(&[0x80, 200, 0, 1]));
        assert!(looks_like_rtcp(&[0x81, 201]));
        assert!(!looks_like_rtcp(&[0x80, 0x80]));
        assert!(!looks_like_rtcp(&[0x80, 0xe5]));
        assert!(!looks_like_rtcp(&[0x40, 200]));
        assert!(!looks_like_rtcp(&[0x80]));
    }
}
