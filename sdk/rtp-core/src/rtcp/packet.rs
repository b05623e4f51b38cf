//! The packets inside a compound (RFC 3550 sections 6.4 to 6.7).

use super::ntp::NtpTime;
use super::report::ReportBlocks;
use super::{APPLICATION, BYE, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION, SdesChunks};

/// One RTCP packet, borrowed from the bytes that it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RtcpPacket<'a> {
    /// A source that sends reports (RFC 3550 section 6.4.1).
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// The wall clock of the sender.
        ntp: NtpTime,
        /// The same moment on the clock of the sender's RTP timestamps.
        rtp_timestamp: u32,
        /// Packets sent since the beginning, wrapping.
        packets: u32,
        /// Payload octets sent since the beginning, wrapping.
        octets: u32,
        /// What it received from others.
        reports: ReportBlocks<'a>,
    },
    /// One that only receives reports (RFC 3550 section 6.4.2).
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// What it received.
        reports: ReportBlocks<'a>,
    },
    /// Sources are described (RFC 3550 section 6.5).
    SourceDescription(SdesChunks<'a>),
    /// Sources leave (RFC 3550 section 6.6).
    Bye {
        /// Who leaves.
        ssrcs: Ssrcs<'a>,
        /// Why, meant to be UTF-8.
        reason: Option<&'a [u8]>,
    },
    /// An application's own packet (RFC 3550 section 6.7).
    Application {
        /// The subtype, 0 to 31.
        subtype: u8,
        /// Who sent it.
        ssrc: u32,
        /// The name of the application, in ASCII.
        name: [u8; 4],
        /// Its data.
        data: &'a [u8],
    },
    /// A packet of another type, such as feedback (RFC 4585) or extended reports (RFC 3611).
    Other {
        /// The packet type.
        packet_type: u8,
        /// The five bits beside version and padding.
        count: u8,
        /// What follows the first word, without padding.
        body: &'a [u8],
    },
}

/// The sources that leave, at most 31.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssrcs<'a>(&'a [u8]);

impl Iterator for Ssrcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*first))
    }
}

/// The next big-endian word; moves `bytes` behind it.
fn word(bytes: &mut &[u8]) -> Option<u32> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*first))
}

impl<'a> RtcpPacket<'a> {
    /// Reads the body of one packet, or `None` if it is too short for its counts.
    pub(crate) fn parse(packet_type: u8, count: u8, mut body: &'a [u8]) -> Option<Self> {
        let whole = body;
        Some(match packet_type {
            SENDER_REPORT => {
                let ssrc = word(&mut body)?;
                let (seconds, fraction) = (word(&mut body)?, word(&mut body)?);
                Self::SenderReport {
                    ssrc,
                    ntp: NtpTime(u64::from(seconds) << 32 | u64::from(fraction)),
                    rtp_timestamp: word(&mut body)?,
                    packets: word(&mut body)?,
                    octets: word(&mut body)?,
                    reports: ReportBlocks::take(body, count)?,
                }
            }
            RECEIVER_REPORT => {
                Self::ReceiverReport { ssrc: word(&mut body)?, reports: ReportBlocks::take(body, count)? }
            }
            SOURCE_DESCRIPTION => Self::SourceDescription(SdesChunks { body, left: count }),
            BYE => {
                let (ssrcs, rest) = body.split_at_checked(usize::from(count) * 4)?;
                let reason = rest.split_first().and_then(|(length, text)| text.get(..usize::from(*length)));
                Self::Bye { ssrcs: Ssrcs(ssrcs), reason }
            }
            APPLICATION => {
                let ssrc = word(&mut body)?;
                let name = word(&mut body)?.to_be_bytes();
                Self::Application { subtype: count, ssrc, name, data: body }
            }
            packet_type => Self::Other { packet_type, count, body: whole },
        })
    }
}
