//! RTCP packets (RFC 3550 section 6).

mod compound;
mod description;
mod ntp;
mod packet;
mod report;
mod write;

pub use compound::{Compound, RtcpError, compound, reduced};
pub use description::{SdesChunk, SdesChunks, SdesItem, SdesItems};
pub use ntp::NtpTime;
pub(crate) use ntp::to_middle_units;
pub use packet::{RtcpPacket, Ssrcs};
pub use report::{ReportBlock, ReportBlocks, SenderInfo};
pub use write::{CompoundWriter, Report, write_report};

/// Packet type of a sender report (RFC 3550 section 12.1).
pub(crate) const SENDER_REPORT: u8 = 200;
/// Packet type of a receiver report.
pub(crate) const RECEIVER_REPORT: u8 = 201;
/// Packet type of a source description.
pub(crate) const SOURCE_DESCRIPTION: u8 = 202;
/// Packet type of a goodbye.
pub(crate) const BYE: u8 = 203;
/// Packet type of an application's own packet.
pub(crate) const APPLICATION: u8 = 204;
