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
