//! What can be set.

use std::time::Duration;

use rvoip_sip_core::Limits;

use crate::machine::Timer;

/// The base intervals of all timers (RFC 3261 §17, table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerConfig {
    /// Estimate of the round-trip time. Default 500 ms.
    pub t1: Duration,
    /// Longest interval between retransmissions. Default 4 s.
    pub t2: Duration,
    /// How long a message stays in the network. Default 5 s.
    pub t4: Duration,
}

impl Default for TimerConfig {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl TimerConfig {
    /// 64*T1: the time after which a transaction is given up.
    pub fn give_up(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// The first interval of a timer on such a flow; `None` if it does not run there.
    pub fn first(&self, timer: Timer, reliable: bool) -> Option<Duration> {
        match timer {
            Timer::A | Timer::E | Timer::G => (!reliable).then_some(self.t1),
            Timer::B | Timer::F | Timer::H | Timer::L | Timer::M | Timer::Cancelled => Some(self.give_up()),
            Timer::D => {
                Some(if reliable { Duration::ZERO } else { self.give_up().max(Duration::from_secs(32)) })
            }
            Timer::I | Timer::K => Some(if reliable { Duration::ZERO } else { self.t4 }),
            Timer::J => Some(if reliable { Duration::ZERO } else { self.give_up() }),
            Timer::Trying => Some(Duration::from_millis(200)),
            Timer::LateTrying => Some(self.until_t2()),
        }
    }

    /// How long it takes until a client that repeats a request waits for T2 between two of them: 3.5 s by default.
    fn until_t2(&self) -> Duration {
        let (mut elapsed, mut interval) = (Duration::ZERO, self.t1.max(Duration::from_millis(1)));
        while interval < self.t2 {
            elapsed = elapsed.saturating_add(interval);
            interval = interval.saturating_mul(2);
        }
        elapsed
    }

    /// The interval after `previous`; `proceeding` is said of a non-INVITE client that got a provisional response.
    pub fn next(&self, timer: Timer, previous: Duration, proceeding: bool) -> Duration {
        match timer {
            // Timer A is not capped (RFC 3261 §17.1.1.2); B ends it.
            Timer::A => previous.saturating_mul(2),
            Timer::E if proceeding => self.t2,
            Timer::E | Timer::G => previous.saturating_mul(2).min(self.t2),
            // The others fire once.
            Timer::B
            | Timer::D
            | Timer::F
            | Timer::H
            | Timer::I
            | Timer::J
            | Timer::K
            | Timer::L
            | Timer::M
            | Timer::Trying
            | Timer::LateTrying
            | Timer::Cancelled => previous,
        }
    }
}

/// The settings of a [`TransactionLayer`](crate::TransactionLayer).
#[derive(Clone, Debug)]
pub struct Config {
    /// The timers.
    pub timers: TimerConfig,
    /// A request above this size, in bytes as it leaves, goes over TCP instead of UDP (RFC 3261 §18.1.1). Default 1,300.
    pub datagram_size: usize,
    /// Limits of received messages.
    pub limits: Limits,
    /// Server transactions that may exist at once; further requests are answered 503, but BYE and CANCEL have a quarter
    /// more. Default 20,000.
    pub server_transactions: usize,
    /// What server transactions may hold at once of what peers sent and were answered, in bytes; further requests are
    /// answered 503. Default 64 MiB.
    pub server_bytes: usize,
    /// Requests that may wait for a connection or an address at once. Default 10,000.
    pub client_transactions: usize,
    /// Between two keep-alives on a stream (RFC 5626 §4.4.1: 95 to 120 s are usual). Default 100 s.
    pub stream_keep_alive: Duration,
    /// Between two keep-alives on UDP (RFC 5626 §4.4.2: 24 to 29 s). Default 25 s.
    pub datagram_keep_alive: Duration,
    /// How long an answer to a keep-alive may take. Default 10 s.
    pub pong_wait: Duration,
    /// How long opening a connection, or a look-up, may take before the next address is tried. Default 8 s.
    pub connect_wait: Duration,
    /// How long an address is tried after others because nobody was reached there (RFC 3263 §4.3). Default 300 s.
    pub failure_memory: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timers: TimerConfig::default(),
            datagram_size: 1_300,
            limits: Limits::default(),
            server_transactions: 20_000,
            server_bytes: 64 << 20,
            client_transactions: 10_000,
            stream_keep_alive: Duration::from_secs(100),
            datagram_keep_alive: Duration::from_secs(25),
            pong_wait: Duration::from_secs(10),
            connect_wait: Duration::from_secs(8),
            failure_memory: Duration::from_secs(300),
        }
    }
}
