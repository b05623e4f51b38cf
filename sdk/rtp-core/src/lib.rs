//! RTP, RTCP, reception statistics and telephone events (RFC 3550, RFC 4733), sans-IO.

mod extension;
mod packet;
pub mod rtcp;

pub use extension::{Extension, ExtensionElement, ExtensionElements};
pub use packet::{Csrcs, RtpError, RtpHeader, RtpPacket, looks_like_rtcp};
