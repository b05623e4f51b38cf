//! The adaptive jitter buffer: packets in as the network brings them, payloads out in order and on time.
//!
//! The delay of a packet is how much later it came than the fastest packet of the last seconds, compared with what their
//! timestamps say. The buffer plays everything by a *target delay* that covers nearly all delays seen lately: it follows
//! growing delays within a few packets and falling ones over seconds. A difference between the clocks of sender and
//! listener moves the fastest packet, and is worked off like any other change, by leaving out or adding a packet's
//! length of audio now and then.

mod buffer;
mod delay;
mod packet;
mod statistics;

pub use buffer::{JitterBuffer, Playout};
pub use statistics::{JitterConfig, JitterStatistics};
