//! Settings and counts of a jitter buffer.

use std::time::Duration;

/// Settings of a [`super::JitterBuffer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterConfig {
    /// The clock of the timestamps, in Hz; 8000 for G.711.
    pub clock_rate: u32,
    /// The length of a packet until the stream shows another, such as 20 ms.
    pub frame: Duration,
    /// The target delay never falls below this.
    pub min: Duration,
    /// The target delay never rises above this, and no more audio than this is held.
    pub max: Duration,
    /// How many packets are held at most.
    pub capacity: usize,
}

impl Default for JitterConfig {
    /// G.711 in frames of 20 ms, 20 to 200 ms of delay, 64 packets.
    fn default() -> Self {
        Self {
            clock_rate: 8_000,
            frame: Duration::from_millis(20),
            min: Duration::from_millis(20),
            max: Duration::from_millis(200),
            capacity: 64,
        }
    }
}

/// What a [`super::JitterBuffer`] did so far; resets do not clear it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterStatistics {
    /// Packets given to the buffer.
    pub received: u64,
    /// Packets given out.
    pub played: u64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets that were there already.
    pub duplicate: u64,
    /// Packets left out to lower the delay.
    pub dropped: u64,
    /// Packets thrown away because the buffer was full.
    pub overflow: u64,
    /// Packets whose timestamp fits no stream, or whose payload is too large.
    pub refused: u64,
    /// Times that [`super::Playout::Missing`] was given out.
    pub concealed: u64,
    /// Those among `concealed` that were added to raise the delay.
    pub added: u64,
    /// Times that the stream started again: by a reset, by a jump of its timestamps, by its sequence numbers.
    pub restarts: u64,
    /// The delay of what is played now, over that of the fastest packet.
    pub current_delay: Duration,
    /// The delay that the buffer aims at.
    pub target_delay: Duration,
}
