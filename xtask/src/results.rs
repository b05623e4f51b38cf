//! What test runners say: `test result: ok. 3 passed; 0 failed; 1 ignored`, as each of cargo's test binaries closes, and
//! as `web/scripts/count.js` closes a run of node's.

use std::io::{BufRead, Write};

use crate::stage::Count;

/// Copies lines, and adds up those that close a test binary.
pub(crate) fn add_up(mut from: impl BufRead, mut to: impl Write, count: &mut Count) -> std::io::Result<()> {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        if let Some([passed, failed, ignored]) = result(&String::from_utf8_lossy(&line)) {
            count.passed += passed;
            count.failed += failed;
            count.ignored += ignored;
        }
        line.clear();
    }
    Ok(())
}

fn result(line: &str) -> Option<[usize; 3]> {
    let (_verdict, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = counts.trim_end().split("; ");
    let mut number = |word: &str| counts.next()?.strip_suffix(word)?.parse().ok();
    Some([number(" passed")?, number(" failed")?, number(" ignored")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added_up(printed: &str) -> Count {
        let mut copied = Vec::new();
        let mut count = Count::default();
        add_up(printed.as_bytes(), &mut copied, &mut count).unwrap();
        assert_eq!(copied, printed.as_bytes());
        count
    }

    #[test]
    fn the_results_of_several_test_binaries_are_added_up_and_passed_on() {
        let count = added_up(
            "running 3 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\n\
            test result: FAILED. 40 passed; 3 failed; 0 ignored\ntest result: odd\nno line end",
        );
        assert_eq!((count.passed, count.failed, count.ignored), (42, 3, 1));
    }

    #[test]
    fn a_run_of_node_counts_once_though_two_reporters_close_it() {
        let count = added_up(
            "✔ adds (0.5ms)\n✔ subtracts (0.1ms)\nℹ tests 3\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\n\
            ℹ skipped 1\nℹ todo 0\nℹ duration_ms 40.1\ntest result: ok. 2 passed; 0 failed; 1 ignored\n",
        );
        assert_eq!((count.passed, count.failed, count.ignored), (2, 0, 1));
    }
}
