//! RTP, RTCP, reception statistics and telephone events (RFC 3550, RFC 4733), sans-IO.
//!
//! Packets are read in place and written into buffers of the caller. One [`RtpSender`] and one [`Reception`] for each
//! direction of a stream keep sequence, clock and counts; [`RtcpSchedule`] says when to report.
//!
//! ```
//! use rvoip_rtp_core::{ArrivalKind, Reception, RtpPacket, RtpSender};
//! use rvoip_sans_io::{Now, Random};
//! use std::time::Duration;
//!
//! let mut sender = RtpSender::new(0x1234, 8000, &mut Random::from_number(1));
//! let mut reception = Reception::new(0x1234, 8000);
//! let mut now = Now::at(Duration::ZERO);
//! for index in 0..50 {
//!     let mut bytes = Vec::new();
//!     sender.packet(now, index == 0, 8, 160, &[0xd5; 160], &mut bytes);
//!     let arrival = reception.received(now, &RtpPacket::parse(&bytes)?);
//!     assert_eq!(arrival.kind == ArrivalKind::InOrder, index > 0);
//!     now = now.later(Duration::from_millis(20));
//! }
//! assert_eq!(reception.report(now).fraction_lost, 0);
//! # Ok::<(), rvoip_rtp_core::RtpError>(())
//! ```
//!
//! # RFCs
//! - RFC 3550: section 5 (packets), 6.1 to 6.7 (RTCP; 6.7 reading), 6.2 and 6.3 (interval with reconsideration
//!   and reverse reconsideration), appendices A.1 (validity), A.2 (compounds), A.3 (loss),
//!   A.8 (jitter). Profile-specific ends of reports are skipped. Members are counted by the caller. Not: a new source after
//!   a collision (8.2), timing members out (6.3.5).
//! - RFC 8285: elements of both forms, reading. RFC 5761 section 4: telling RTCP from RTP. RFC 5506: reading.
//! - RFC 4733: digits, both ways, with segments and repeats; packed events when reading. Not: other events, tones,
//!   redundancy by RFC 2198.
//!
//! # Invariants
//! - Parsing allocates nothing and takes time linear in the bytes.
//! - Every queue has a fixed limit.
//! - A source that restarts, repeats or lies moves only its own numbers.
//! - What is dropped is counted under a name.

pub mod event;
mod extension;
mod jitter;
mod packet;
pub mod quality;
mod reception;
pub mod rtcp;
mod schedule;
mod sender;
mod units;

pub use extension::{Extension, ExtensionElement, ExtensionElements};
pub use packet::{Csrcs, RtpError, RtpHeader, RtpPacket, looks_like_rtcp};
pub use reception::{Arrival, ArrivalKind, Reception, ReceptionStatistics};
pub use schedule::{Members, RtcpSchedule};
pub use sender::RtpSender;
