//! RTP, RTCP, reception statistics and telephone events (RFC 3550, RFC 4733), sans-IO.

pub mod event;
mod extension;
mod packet;
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
