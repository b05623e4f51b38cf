//! The one place where clock and entropy of the platform are read.

use std::sync::OnceLock;
use std::time::Duration;

use rvoip_sans_io::{Instant, Now, Random};

/// The present moment.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::disallowed_methods, reason = "the edge, where time enters")
)]
pub fn now() -> Now {
    static START: OnceLock<web_time::Instant> = OnceLock::new();
    let start = START.get_or_init(web_time::Instant::now);
    let unix =
        web_time::SystemTime::now().duration_since(web_time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    Now { monotonic: Instant::ZERO + start.elapsed(), unix }
}

/// How long until a moment; zero if it is past.
pub fn until(at: Instant) -> Duration {
    at.checked_duration_since(now().monotonic).unwrap_or_default()
}

/// A generator seeded by the platform.
///
/// # Panics
/// The platform has no entropy: nothing may go on without.
pub fn random() -> Random {
    let mut seed = [0; 32];
    #[expect(clippy::expect_used, reason = "without entropy nonces and tags would be guessed")]
    getrandom::fill(&mut seed).expect("the platform gives no entropy");
    Random::from_seed(seed)
}

/// Where a hub reads the time.
#[derive(Clone, Debug, Default)]
pub(crate) enum Clock {
    /// The platform's clock.
    #[default]
    Platform,
    /// A test's clock.
    #[cfg(feature = "harness")]
    Virtual(VirtualClock),
}

impl Clock {
    pub(crate) fn now(&self) -> Now {
        match self {
            Self::Platform => now(),
            #[cfg(feature = "harness")]
            Self::Virtual(clock) => clock.now(),
        }
    }
}

/// A clock that a test moves. Copies show the same time.
#[cfg(feature = "harness")]
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(std::sync::Arc<std::sync::Mutex<Duration>>);

#[cfg(feature = "harness")]
impl VirtualClock {
    fn elapsed(&self) -> std::sync::MutexGuard<'_, Duration> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The moment that it shows.
    pub fn now(&self) -> Now {
        Now::at(*self.elapsed())
    }

    /// Moves it to a moment; never back.
    pub fn move_to(&self, at: Instant) {
        let mut elapsed = self.elapsed();
        *elapsed = at.duration_since(Instant::ZERO).max(*elapsed);
    }
}
