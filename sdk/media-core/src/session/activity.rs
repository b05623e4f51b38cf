//! Whether RTP still comes.

use std::time::Duration;

use rvoip_sans_io::{Instant, Now};

/// The clock that runs out when the peer falls silent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    timeout: Option<Duration>,
    /// From when the time counts: the last packet, or the end of hold after it.
    since: Option<Instant>,
    timed_out: bool,
}

impl Activity {
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, since: None, timed_out: false }
    }

    /// Valid RTP came.
    pub(super) fn received(&mut self, now: Now) {
        self.since = Some(now.monotonic);
        self.timed_out = false;
    }

    /// The peer gets the whole time again, if it was heard before.
    pub(super) fn restarted(&mut self, now: Instant) {
        self.since = self.since.map(|_| now);
    }

    /// When the time is out, unless that was reported.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.timed_out {
            return None;
        }
        self.since?.checked_add(self.timeout?)
    }

    /// Whether the time is out; asked again, it is not.
    pub(super) fn is_out(&mut self, now: Now) -> bool {
        let out = self.deadline().is_some_and(|at| at <= now.monotonic);
        self.timed_out |= out;
        out
    }
}
