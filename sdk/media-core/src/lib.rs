//! Codecs, jitter buffer, resampling, tones, files and the media of one call, sans-IO.
//!
//! Audio is 16-bit linear, mono. A packet that arrives goes into the jitter buffer; when the listener's clock asks, what
//! comes out is decoded, or made up where it is missing:
//!
//! ```
//! use rvoip_media_core::codec::Codec;
//! use rvoip_media_core::jitter::{JitterBuffer, JitterConfig, Playout};
//! use rvoip_sans_io::Instant;
//! use std::time::Duration;
//!
//! let mut buffer = JitterBuffer::new(JitterConfig::default());
//! let (mut decoder, mut pcm) = (Codec::Pcmu.decoder(), Vec::new());
//! buffer.insert(Instant::ZERO, 1, 160, &[0xff; 160], true);
//! match buffer.pull(Instant::ZERO + Duration::from_millis(60)) {
//!     Playout::Frame { payload, .. } => decoder.decode(&payload, &mut pcm)?,
//!     Playout::Missing { .. } | Playout::Empty => decoder.conceal(160, &mut pcm),
//! }
//! assert_eq!(pcm, [0; 160]);
//! # Ok::<(), rvoip_media_core::codec::CodecError>(())
//! ```
//!
//! # RFCs
//! - RFC 3551 §4.5.14 (PCMU, PCMA): ITU-T G.711, bit-exact, with concealment in the spirit of its appendix I
//! - in [`MediaSession`]: RFC 3264 (offer and answer), RFC 4961 (symmetric RTP), RFC 3550 §6 (RTCP), RFC 5761 (a shared
//!   port), RFC 4733 (digits), RFC 6263 section 7 (a way on which nothing is said is kept open)
//! - ITU-T G.107 (E-model) with the values of G.113 for G.711
//!
//! # Invariants
//! - No clock is read and nothing is random.
//! - A jitter buffer holds no more packets than its capacity and gives each at most once, in order.
//! - No payload, timestamp or file makes anything panic or grow without bound.

pub mod codec;
mod companded;
pub mod compare;
pub mod conceal;
pub mod g711;
pub mod jitter;
mod level;
pub use rvoip_rtp_core::quality;
pub mod resample;
mod session;
pub mod tone;
pub mod wav;

pub use level::LevelMeter;
pub use session::{
    DigitsError, Lane, LocalMedia, MediaConfig, MediaError, MediaEvent, MediaOutput, MediaSession,
    MediaStatistics, ReceivedStatistics, SentStatistics, Source,
};
