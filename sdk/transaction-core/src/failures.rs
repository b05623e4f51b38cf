//! Which addresses failed of late (RFC 3263 §4.3): others are tried before them.

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_sans_io::{Instant, Map, Now};

use crate::target::Candidate;

/// Addresses that are remembered.
const ADDRESSES: usize = 256;

/// The addresses that failed, and until when that is remembered.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    until: Map<Candidate, Instant>,
}

impl Failures {
    /// Nobody was reached there.
    pub(crate) fn note(&mut self, now: Now, at: Candidate, memory: Duration) {
        if self.until.len() >= ADDRESSES && !self.until.contains_key(&at) {
            self.until.retain(|_, until| *until > now.monotonic);
            // Still full: it is the memory of one that counts least.
            if self.until.len() >= ADDRESSES {
                let first = self.until.iter().min_by_key(|(_, until)| **until).map(|(at, _)| *at);
                first.map(|first| self.until.remove(&first));
            }
        }
        self.until.insert(at, now.after(memory));
    }

    /// Somebody is there.
    pub(crate) fn forget(&mut self, at: Candidate) {
        self.until.remove(&at);
    }

    /// Whether nobody was reached there of late.
    pub(crate) fn has(&self, now: Now, at: &Candidate) -> bool {
        self.until.get(at).is_some_and(|until| *until > now.monotonic)
    }

    /// The same addresses in the same order, but those that failed of late behind the others.
    pub(crate) fn last(&self, now: Now, candidates: VecDeque<Candidate>) -> VecDeque<Candidate> {
        let (bad, mut good): (VecDeque<_>, VecDeque<_>) =
            candidates.into_iter().partition(|one| self.has(now, one));
        good.extend(bad);
        good
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rvoip_sans_io::Protocol;

    use super::*;

    fn at(host: u16) -> Candidate {
        let [high, low] = host.to_be_bytes();
        Candidate::new(Protocol::Udp, SocketAddr::from(([192, 0, high, low], 5060)))
    }

    #[test]
    fn what_failed_is_tried_last_for_a_while() {
        let (mut failures, now) = (Failures::default(), Now::at(Duration::ZERO));
        let minute = Duration::from_secs(60);
        failures.note(now, at(1), minute);
        let order = |failures: &Failures, now| Vec::from(failures.last(now, [at(1), at(2), at(3)].into()));
        assert_eq!(order(&failures, now), [at(2), at(3), at(1)]);
        assert_eq!(order(&failures, now.later(minute)), [at(1), at(2), at(3)]);
        failures.forget(at(1));
        assert_eq!(order(&failures, now), [at(1), at(2), at(3)]);
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let mut failures = Failures::default();
        for host in 0..1_000 {
            let now = Now::at(Duration::from_millis(host.into()));
            failures.note(now, at(host), Duration::from_secs(60));
        }
        assert_eq!(failures.until.len(), ADDRESSES);
        assert!(failures.until.contains_key(&at(999)) && !failures.until.contains_key(&at(0)));
    }
}
