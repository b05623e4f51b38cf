//! Compound packets to send (RFC 3550 section 6.1).

use super::report::{BLOCK, ReportBlock, SenderInfo};
use super::{BYE, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION, SdesItem};

/// The count field has five bits.
const MAXIMUM_COUNT: usize = 31;

/// Appends one compound packet to a buffer; it begins with a report because nothing else can begin it.
#[derive(Debug)]
pub struct CompoundWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> CompoundWriter<'o> {
    /// Begins with a sender report; blocks above 31 go into further receiver reports (RFC 3550 section 6.4.1).
    pub fn sender_report(
        out: &'o mut Vec<u8>,
        ssrc: u32,
        sender: &SenderInfo,
        reports: &[ReportBlock],
    ) -> Self {
        let (first, more) = reports.split_at_checked(MAXIMUM_COUNT).unwrap_or((reports, &[]));
        head(out, SENDER_REPORT, first.len(), 24 + first.len() * BLOCK);
        out.extend_from_slice(&ssrc.to_be_bytes());
        out.extend_from_slice(&sender.ntp.0.to_be_bytes());
        out.extend_from_slice(&sender.rtp_timestamp.to_be_bytes());
        out.extend_from_slice(&sender.packets.to_be_bytes());
        out.extend_from_slice(&sender.octets.to_be_bytes());
        for block in first {
            block.write(out);
        }
        for blocks in more.chunks(MAXIMUM_COUNT) {
            receiver_report(out, ssrc, blocks);
        }
        Self { out }
    }

    /// Begins with a receiver report, which may be empty (RFC 3550 section 6.4.2).
    pub fn receiver_report(out: &'o mut Vec<u8>, ssrc: u32, reports: &[ReportBlock]) -> Self {
        if reports.is_empty() {
            receiver_report(out, ssrc, &[]);
        }
        for blocks in reports.chunks(MAXIMUM_COUNT) {
            receiver_report(out, ssrc, blocks);
        }
        Self { out }
    }

    /// Adds a source description with the canonical name, cut to 255 octets (RFC 3550 section 6.5.1).
    #[must_use]
    pub fn cname(self, ssrc: u32, cname: &str) -> Self {
        let (length, text) = short(cname);
        let octets = (4 + 2 + text.len() + 1).next_multiple_of(4);
        let end = head(self.out, SOURCE_DESCRIPTION, 1, octets);
        self.out.extend_from_slice(&ssrc.to_be_bytes());
        self.out.extend_from_slice(&[SdesItem::CNAME, length]);
        self.out.extend_from_slice(text);
        self.out.resize(end, 0);
        self
    }

    /// Adds a goodbye of at most 31 sources, with a reason cut to 255 octets (RFC 3550 section 6.6).
    #[must_use]
    pub fn bye(self, ssrcs: &[u32], reason: Option<&str>) -> Self {
        let ssrcs = ssrcs.get(..MAXIMUM_COUNT).unwrap_or(ssrcs);
        let reason = reason.map(short);
        let octets = ssrcs.len() * 4 + reason.map_or(0, |(_, text)| (1 + text.len()).next_multiple_of(4));
        let end = head(self.out, BYE, ssrcs.len(), octets);
        for ssrc in ssrcs {
            self.out.extend_from_slice(&ssrc.to_be_bytes());
        }
        if let Some((length, text)) = reason {
            self.out.push(length);
            self.out.extend_from_slice(text);
        }
        self.out.resize(end, 0);
        self
    }
}

/// What an end of a call sends at each RTCP interval.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it sent, if it sent anything since the last report but one (RFC 3550 section 6.4).
    pub sender: Option<SenderInfo>,
    /// What it received.
    pub reports: &'a [ReportBlock],
    /// Its canonical name (RFC 3550 section 6.5.1, RFC 7022).
    pub cname: &'a str,
    /// Whether it leaves with this report.
    pub bye: bool,
}

/// Appends a sender or receiver report, a source description and, at the end, a goodbye (RFC 3550 section 6.1).
pub fn write_report(out: &mut Vec<u8>, report: &Report<'_>) {
    let writer = match &report.sender {
        Some(sender) => CompoundWriter::sender_report(out, report.ssrc, sender, report.reports),
        None => CompoundWriter::receiver_report(out, report.ssrc, report.reports),
    };
    let writer = writer.cname(report.ssrc, report.cname);
    if report.bye {
        let CompoundWriter { .. } = writer.bye(&[report.ssrc], None);
    }
}

/// Writes the first word of a packet with `octets` behind it and gives the length of `out` at the packet's end.
fn head(out: &mut Vec<u8>, packet_type: u8, count: usize, octets: usize) -> usize {
    let count = u8::try_from(count).unwrap_or(0) & 0x1f;
    let [l0, l1] = u16::try_from(octets / 4).unwrap_or(u16::MAX).to_be_bytes();
    out.extend_from_slice(&[0x80 | count, packet_type, l0, l1]);
    out.len() + octets
}

fn receiver_report(out: &mut Vec<u8>, ssrc: u32, reports: &[ReportBlock]) {
    head(out, RECEIVER_REPORT, reports.len(), 4 + reports.len() * BLOCK);
    out.extend_from_slice(&ssrc.to_be_bytes());
    for block in reports {
        block.write(out);
    }
}

/// The text cut to 255 octets between characters, and its length.
fn short(text: &str) -> (u8, &[u8]) {
    let end = text.floor_char_boundary(255);
    let text = text.as_bytes().get(..end).unwrap_or_default();
    (u8::try_from(text.len()).unwrap_or(u8::MAX), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{NtpTime, RtcpPacket, compound};

    #[test]
    fn a_report_is_written_word_for_word() {
        let sender =
            SenderInfo { ntp: NtpTime(0x0102_0304_0506_0708), rtp_timestamp: 9, packets: 10, octets: 11 };
        let block = ReportBlock { ssrc: 5, fraction_lost: 64, cumulative_lost: -2, ..ReportBlock::default() };
        let mut out = Vec::new();
        let report = Report { ssrc: 4, sender: Some(sender), reports: &[block], cname: "ab", bye: true };
        write_report(&mut out, &report);
        let expected = [
            0x81, 200, 0, 12, 0, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0, 0, 0, 10, 0, 0, 0,
            11, // sender
            0, 0, 0, 5, 64, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // block
            0x81, 202, 0, 3, 0, 0, 0, 4, 1, 2, b'a', b'b', 0, 0, 0, 0, // description
            0x81, 203, 0, 1, 0, 0, 0, 4, // goodbye
        ];
        assert_eq!(out, expected);
        assert_eq!(compound(&out).unwrap().count(), 3);
    }

    #[test]
    fn more_than_31_blocks_take_more_reports() {
        let blocks = [ReportBlock::default(); 70];
        for (sender, packets) in [(Some(SenderInfo::default()), 3), (None, 3)] {
            let mut out = Vec::new();
            write_report(&mut out, &Report { ssrc: 1, sender, reports: &blocks, cname: "", bye: false });
            let mut counts = Vec::new();
            for packet in compound(&out).unwrap() {
                if let RtcpPacket::SenderReport { reports, .. } | RtcpPacket::ReceiverReport { reports, .. } =
                    packet
                {
                    counts.push(reports.len());
                }
            }
            assert_eq!((counts.len(), counts), (packets, vec![31, 31, 8]));
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(200);
        let mut out = Vec::new();
        let _ = CompoundWriter::receiver_report(&mut out, 1, &[]).cname(1, &long).bye(&[1; 40], Some(&long));
        let packets: Vec<_> = compound(&out).unwrap().collect();
        let RtcpPacket::SourceDescription(chunks) = &packets[1] else { panic!("{packets:?}") };
        assert_eq!(chunks.clone().next().unwrap().cname().unwrap().len(), 254);
        let RtcpPacket::Bye { ssrcs, reason } = packets[2].clone() else { panic!("{packets:?}") };
        assert_eq!((ssrcs.count(), reason.unwrap().len()), (31, 254));
    }
}
