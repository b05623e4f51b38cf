//! Waiting for the world outside, with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long something may take that comes at once: only a hang reaches it, so that a machine that does something else as well
/// fails no test.
pub const LIMIT: Duration = Duration::from_secs(60);

/// How often something is looked at that cannot tell by itself.
const PACE: Duration = Duration::from_millis(20);

/// A moment after which waiting is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(now() + time)
    }

    /// What is left; zero once it has passed.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }
}

#[expect(clippy::disallowed_methods, reason = "real peers live in real time")]
fn now() -> Instant {
    Instant::now()
}

/// Waits until `ready` gives something, at most for `time`; `what` names it in the error.
pub fn wait_until<T>(what: &str, time: Duration, mut ready: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Deadline::after(time);
    loop {
        if let Some(found) = ready()? {
            return Ok(found);
        }
        if deadline.left().is_zero() {
            bail!("not within {time:?}: {what}");
        }
        std::thread::sleep(PACE);
    }
}
