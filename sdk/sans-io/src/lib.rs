//! The words that all machines of rvoip share.
//!
//! A *machine* is a piece of protocol logic that owns no socket, clock, thread, lock or random source. It is given
//! inputs together with the time, and is then asked for its outputs until it says when it wants to be called again:
//!
//! ```
//! use rvoip_sans_io::{Instant, Now, Timers};
//! use std::time::Duration;
//!
//! #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
//! enum Timer { Retransmit, GiveUp }
//!
//! let now = Now::at(Duration::from_secs(5));
//! let mut timers = Timers::new();
//! timers.set(Timer::GiveUp, now.after(Duration::from_secs(32)));
//! timers.set(Timer::Retransmit, now.after(Duration::from_millis(500)));
//! assert_eq!(timers.next(), Some(now.after(Duration::from_millis(500))));
//! let later = now.later(Duration::from_secs(1));
//! assert_eq!(timers.pop_due(later.monotonic), Some(Timer::Retransmit));
//! assert_eq!(timers.pop_due(later.monotonic), None);
//! # let _: Instant = later.monotonic;
//! ```
//!
//! # Invariants
//! - Nothing here reads a clock or draws entropy.
//! - No order of anything depends on a hash.

mod counters;
mod dns;
mod flow;
mod machine;
mod map;
mod random;
mod time;
mod timers;
pub mod work;

pub use counters::Counters;
pub use dns::{DnsAnswer, DnsError, DnsQuestion, NaptrRecord, RecordType, SrvRecord};
pub use flow::{FlowId, FlowOpened, OpenFlow, Protocol, Transmit};
pub use machine::{Input, Machine, Output, QuestionId, Token};
pub use map::{Map, Set};
pub use random::Random;
pub use sans_io_time::Instant;
pub use time::Now;
pub use timers::Timers;
