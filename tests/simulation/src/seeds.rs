//! Many seeds, on as many threads as there are processors.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number in an environment variable, or another.
pub fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The one seed that somebody wants to see again: `RVOIP_SEED`.
pub fn replayed() -> Option<u64> {
    std::env::var("RVOIP_SEED").ok().and_then(|text| text.parse().ok())
}

/// Fails unless there are no failures; says how each is replayed.
///
/// # Panics
/// There are some.
pub fn assert_none(failures: &[(u64, String)], count: u64) {
    let shown: Vec<String> =
        failures.iter().take(20).map(|(seed, reason)| format!("RVOIP_SEED={seed}: {reason}")).collect();
    assert!(failures.is_empty(), "{} of {count} went wrong:\n{}", failures.len(), shown.join("\n"));
}

/// Runs something for every seed below `count`; gives the failures with their seeds, in order.
pub fn all(count: u64, run: impl Fn(u64) -> Result<(), String> + Sync) -> Vec<(u64, String)> {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let work = || {
        let mut failures = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return failures;
            }
            if let Err(reason) = run(seed) {
                failures.push((seed, reason));
            }
        }
    };
    let mut failures: Vec<(u64, String)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A worker that panicked has printed why; its panic is passed on.
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    failures.sort();
    failures
}
