//! How much parsers look at. Time does not tell linear from quadratic reliably, steps do.
//!
//! Counted for each thread, in builds with debug assertions alone: elsewhere it costs nothing and counts nothing.

#[cfg(debug_assertions)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes that so many bytes, or other things of which a peer decides how many there are, were looked at.
#[inline]
pub fn add(steps: usize) {
    #[cfg(debug_assertions)]
    STEPS.set(STEPS.get().wrapping_add(steps as u64));
    #[cfg(not(debug_assertions))]
    let _ = steps;
}

/// The steps that something takes on this thread; 0 where they are not counted.
pub fn of(run: impl FnOnce()) -> u64 {
    #[cfg(debug_assertions)]
    {
        let before = STEPS.get();
        run();
        STEPS.get().wrapping_sub(before)
    }
    #[cfg(not(debug_assertions))]
    {
        run();
        0
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[expect(clippy::disallowed_methods, reason = "that another thread counts by itself is what is tested")]
    fn steps_are_those_of_this_thread_within_the_call() {
        super::add(5);
        let steps = super::of(|| {
            super::add(2);
            // tidy: thread: that another thread counts by itself is what is tested
            assert_eq!(std::thread::spawn(|| super::of(|| super::add(100))).join().unwrap(), 100);
            super::add(1);
        });
        assert_eq!(steps, 3);
    }
}
