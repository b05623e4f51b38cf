//! Whether work grows in proportion to what a peer sends.

use rvoip_sans_io::work;

/// Runs something on ten and on a hundred thousand of what a peer decides how many there are, and fails where ten times as
/// many take more than ten times the steps, and a little more.
///
/// # Panics
/// The steps are not in proportion, or hardly any are counted: then nothing would be shown.
#[track_caller]
pub fn assert_linear(what: &str, run: impl Fn(usize)) {
    let (small, large) = (work::of(|| run(10_000)), work::of(|| run(100_000)));
    assert!(small > 2_000, "{what}: only {small} steps are counted");
    assert!(large < small * 12, "{what}: {small} steps for ten thousand, {large} for a hundred thousand");
    assert!(large < 100_000 * 100, "{what}: {large} steps for a hundred thousand");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_work_passes() {
        assert_linear("once", work::add);
    }

    #[test]
    #[should_panic(expected = "twice: 100000000 steps for ten thousand")]
    fn quadratic_work_does_not() {
        assert_linear("twice", |size| work::add(size * size));
    }

    #[test]
    #[should_panic(expected = "only 0 steps are counted")]
    fn nor_does_what_is_not_counted() {
        assert_linear("nothing", drop);
    }
}
