//! Runs a sans-IO root on a platform.
//!
//! [`Hub`] keeps a machine behind one lock: callers submit commands and listen to events, the loop [`drive`] feeds it from
//! an [`Io`] and carries out what it wants. Natively the Io is made of sockets, a resolver, a timer and a media backend;
//! in the browser of WebSocket, a timer of the page and RTCPeerConnection.
//!
//! ```
//! use rvoip_driver::clock;
//!
//! let (earlier, later) = (clock::now(), clock::now());
//! assert!(earlier.monotonic <= later.monotonic);
//! ```
//!
//! # RFCs
//! - RFC 3550 §11: pairs of sockets for RTP and RTCP out of a range
//! - RFC 8829 in a page: descriptions and changes by RTCPeerConnection, which has ICE, DTLS and SRTP of its own
//! - What is sent is decided in the machine, and how it is framed in `rvoip-sip-transport`
//!
//! # Invariants
//! - Nobody is woken while the lock is held.
//! - A command is submitted by its future's first poll and withdrawn by the future's drop.
//! - When the loop is gone, whoever waits is told: nobody waits for ever.
//! - A program that ends without closing its client still sends what closing wants sent, as far as that needs no answer.
//! - A listener that is too slow loses its own events, never those of others, and learns how many.
//! - A panic of the machine ends that machine with an error for all who wait, and never the program (where panics unwind).

mod abilities;
mod carrier;
pub mod clock;
mod drive;
mod hub;
mod media;
mod redact;
mod wire;

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod web;

pub use abilities::{ABILITIES, Abilities, Platform};
pub use drive::{Io, IoInput, IoOutput, MediaBackend, drive};
pub use hub::{Completion, Driving, Hosted, Hub, Listener, Ready, Refusal};
#[cfg(not(target_arch = "wasm32"))]
pub use media::NativeMedia;
pub use media::{
    AudioSink, AudioSource, MediaAction, MediaControl, MediaFailure, MediaFailureKind, MediaFigures,
    MediaHappened, MediaKey, MediaOptions, MediaReport, MediaReported, MediaRequest, ReceivedFigures,
    SentFigures, ToneKind,
};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{LaunchError, NativeIo, launch};
pub use redact::redact;
pub use rvoip_sans_io::{
    DnsAnswer, DnsError, DnsQuestion, FlowId, FlowOpened, Input, Instant, Machine, Now, OpenFlow, Output,
    Protocol, QuestionId, Random, Timers, Token, Transmit,
};
#[cfg(not(target_arch = "wasm32"))]
pub use rvoip_sip_transport::{TlsConfig, TlsError, TransportConfig, Transports};
#[cfg(target_arch = "wasm32")]
pub use web::{MediaPlatform, WebIo, WebMedia, launch};
pub use wire::{WireEntry, WireTap};
