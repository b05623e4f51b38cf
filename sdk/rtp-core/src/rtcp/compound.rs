//! Compound packets and their validity (RFC 3550 section 6.1 and appendix A.2, RFC 5506).

use thiserror::Error;

use super::packet::RtcpPacket;
use super::{RECEIVER_REPORT, SENDER_REPORT};

/// Why bytes are not a compound packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RtcpError {
    /// The bytes end before a packet does, or there are none.
    #[error("rtcp packet is truncated")]
    Truncated,
    /// The version of a packet is not 2.
    #[error("rtcp version is not 2")]
    Version,
    /// The first packet is neither a sender report nor a receiver report.
    #[error("compound rtcp packet does not begin with a report")]
    NoReport,
    /// Padding is not at the end of the last packet, or its count is invalid.
    #[error("rtcp padding is invalid")]
    Padding,
    /// A packet is shorter than its counts say.
    #[error("rtcp packet is shorter than its contents")]
    Contents,
}

/// A valid compound packet; iterating gives its packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

/// Reads a compound packet (RFC 3550 appendix A.2): it begins with a report, every packet has version 2, the lengths
/// add up to the whole and only the last packet is padded.
pub fn compound(bytes: &[u8]) -> Result<Compound<'_>, RtcpError> {
    let whole = reduced(bytes)?;
    match bytes {
        [_, SENDER_REPORT | RECEIVER_REPORT, ..] => Ok(whole),
        _ => Err(RtcpError::NoReport),
    }
}

/// Reads what may also be a reduced-size packet, which does not begin with a report (RFC 5506 section 3).
pub fn reduced(bytes: &[u8]) -> Result<Compound<'_>, RtcpError> {
    let mut rest = bytes;
    loop {
        let (_, behind) = split(rest)?;
        if behind.is_empty() {
            return Ok(Compound { rest: bytes });
        }
        rest = behind;
    }
}

/// The first packet of `bytes` and the bytes behind it.
fn split(bytes: &[u8]) -> Result<(RtcpPacket<'_>, &[u8]), RtcpError> {
    let (head, rest) = bytes.split_first_chunk::<4>().ok_or(RtcpError::Truncated)?;
    let [first, packet_type, l0, l1] = *head;
    if first >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    let octets = usize::from(u16::from_be_bytes([l0, l1])) * 4;
    let (mut body, behind) = rest.split_at_checked(octets).ok_or(RtcpError::Truncated)?;
    if first & 0x20 != 0 {
        let padding = body.last().copied().map(usize::from).filter(|count| *count > 0 && count % 4 == 0);
        let kept = padding.filter(|_| behind.is_empty()).and_then(|count| body.len().checked_sub(count));
        body = kept.and_then(|kept| body.get(..kept)).ok_or(RtcpError::Padding)?;
    }
    let packet = RtcpPacket::parse(packet_type, first & 0x1f, body).ok_or(RtcpError::Contents)?;
    Ok((packet, behind))
}

impl<'a> Iterator for Compound<'a> {
    type Item = RtcpPacket<'a>;

    fn next(&mut self) -> Option<RtcpPacket<'a>> {
        let (packet, behind) = split(self.rest).ok()?;
        self.rest = behind;
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 9];

    fn after_report(packet: &[u8]) -> Vec<u8> {
        [&EMPTY_REPORT, packet].concat()
    }

    #[test]
    fn a_compound_begins_with_a_report() {
        let bye = [0x81, 203, 0, 1, 0, 0, 0, 9];
        assert_eq!(compound(&bye), Err(RtcpError::NoReport));
        assert_eq!(reduced(&bye).unwrap().count(), 1);
        assert_eq!(compound(&after_report(&bye)).unwrap().count(), 2);
    }

    #[test]
    fn lengths_add_up_to_the_whole() {
        assert_eq!(compound(&[]), Err(RtcpError::Truncated));
        assert_eq!(compound(&EMPTY_REPORT[..7]), Err(RtcpError::Truncated));
        assert_eq!(compound(&after_report(&[0x80, 202])), Err(RtcpError::Truncated));
        assert_eq!(compound(&after_report(&[0x80, 202, 0, 1])), Err(RtcpError::Truncated));
    }

    #[test]
    fn every_packet_has_version_two() {
        assert_eq!(compound(&after_report(&[0x40, 202, 0, 0])), Err(RtcpError::Version));
    }

    #[test]
    fn only_the_last_packet_is_padded() {
        let padded = [0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4];
        assert_eq!(compound(&padded).unwrap().count(), 1);
        assert_eq!(compound(&[&padded[..], &EMPTY_REPORT].concat()), Err(RtcpError::Padding));
        for count in [0, 3, 12, 255] {
            let mut bytes = padded;
            bytes[11] = count;
            assert_eq!(compound(&bytes), Err(RtcpError::Padding), "{count}");
        }
    }

    #[test]
    fn counts_fit_into_their_packets() {
        assert_eq!(compound(&[0x81, 201, 0, 1, 0, 0, 0, 9]), Err(RtcpError::Contents));
        assert_eq!(compound(&[0x80, 200, 0, 1, 0, 0, 0, 9]), Err(RtcpError::Contents));
        assert_eq!(compound(&after_report(&[0x82, 203, 0, 1, 0, 0, 0, 9])), Err(RtcpError::Contents));
        assert_eq!(compound(&after_report(&[0x80, 204, 0, 1, 0, 0, 0, 9])), Err(RtcpError::Contents));
    }

    #[test]
    fn other_types_pass_through() {
        let bytes = after_report(&[0x83, 205, 0, 1, 1, 2, 3, 4]);
        let last = compound(&bytes).unwrap().last();
        assert_eq!(last, Some(RtcpPacket::Other { packet_type: 205, count: 3, body: &[1, 2, 3, 4] }));
    }
}
