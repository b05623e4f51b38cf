//! Session descriptions (RFC 8866) and offer/answer (RFC 3264) as pure functions.
//!
//! A [`SessionDescription`] is plain data, read from text and printed back. On top of it stand
//! [`negotiation::offer`], [`negotiation::answer`] and [`negotiation::accept_answer`]: descriptions in, descriptions
//! and a [`negotiation::Stream`] out. [`negotiation::Negotiation`] remembers the descriptions of one session. Nothing here
//! opens a port or resolves a name.
//!
//! ```
//! use rvoip_sdp_core::SessionDescription;
//! use rvoip_sdp_core::negotiation::{LocalAudio, LocalCodec, accept_answer, answer, offer};
//!
//! let codecs = vec![LocalCodec::new("PCMA", 8, 8000), LocalCodec::new("PCMU", 0, 8000)];
//! let alice = LocalAudio::new("192.0.2.1".parse()?, 49170, codecs.clone());
//! let bob = LocalAudio::new("192.0.2.2".parse()?, 49172, codecs);
//! let offered = offer(&alice);
//! let received = SessionDescription::parse(&offered.to_string())?;
//! let answered = answer(&received, &bob)?;
//! let stream = accept_answer(&offered, &answered.description, &alice)?.ok_or("no audio")?;
//! assert_eq!(stream.remote_rtp, "192.0.2.2:49172".parse()?);
//! assert_eq!(stream.codecs.first().map(|codec| codec.name.as_str()), Some("PCMA"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # RFCs
//!
//! | RFC | subject | where |
//! |---|---|---|
//! | 8866 §5 | all line types, session and media level | [`SessionDescription`], [`MediaDescription`] |
//! | 8866 §6.4, §6.6, §6.7, §6.15 | `ptime`, `maxptime`, `rtpmap`, direction, `fmtp` | [`MediaDescription`], [`Direction`] |
//! | 3551 §6 | static payload types | [`Rtpmap::of_static`] |
//! | 3605 | `a=rtcp` | [`MediaDescription::rtcp`] |
//! | 4733 §2.4.1, §7.1.1 | `telephone-event` by clock rate | [`negotiation`] |
//! | 5761 §5.1.1 | `a=rtcp-mux` | [`negotiation`] |
//! | 3264 §5 to §8 | offer, answer, changed sessions, hold in both styles | [`negotiation`] |
//! | 3261 §20.43 | warning codes 301, 302, 304, 305 and 399 of a refusal | [`negotiation::Refusal`] |
//!
//! # Invariants
//!
//! - Printing what was parsed from canonical text (CRLF, single spaces, lines in the order of RFC 8866 §5) gives the
//!   same bytes; other text is printed in that order, the order within one line type and all unknown lines kept.
//! - A printed value never ends its line: CR, LF and NUL inside a field are left out.
//! - Text of any content and size is read in linear time within [`MAX_BYTES`], [`MAX_LINES`], [`MAX_MEDIA`] and
//!   [`MAX_FORMATS`], or refused with the number of the line that is wrong.
//! - An answer has as many media descriptions as its offer, in the same order (RFC 3264 §6).
//! - `fmtp` parameters are carried and never decide whether a codec is acceptable.

mod address;
mod description;
mod direction;
mod error;
mod media;
pub mod negotiation;
mod parse;
mod payload;
mod print;

pub use address::{AddressError, Connection, RtcpAttribute};
pub use description::{Attribute, Bandwidth, Origin, SessionDescription, TimeDescription, UnknownLine};
pub use direction::Direction;
pub use error::{SdpError, SdpErrorKind};
pub use media::{MediaDescription, MediaKind};
pub use parse::{MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA};
pub use payload::Rtpmap;
