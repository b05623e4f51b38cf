//! Reports on their way from the media thread to a machine.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rvoip_sans_io::Token;

use super::request::{MediaFailure, MediaHappened, MediaKey, MediaReport, MediaReported};

/// When so many wait, reports that a peer can cause again and again are left out.
const CROWDED: usize = 16_384;

#[derive(Debug, Default)]
struct Waiting {
    reports: VecDeque<MediaReport>,
    waker: Option<Waker>,
}

/// The reports that wait for one machine. Copies share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports(Arc<Mutex<Waiting>>);

impl Reports {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // The queue is whole at every moment, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn send(&self, session: MediaKey, report: MediaReported) {
        let waker = {
            let mut waiting = self.lock();
            if waiting.reports.len() >= CROWDED && is_expendable(&report) {
                return;
            }
            waiting.reports.push_back(MediaReport { session, report });
            waiting.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn controlled(&self, session: MediaKey, token: Token, result: Result<(), MediaFailure>) {
        self.send(session, MediaReported::Controlled(token, result));
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<MediaReport> {
        let mut waiting = self.lock();
        if let Some(report) = waiting.reports.pop_front() {
            return Poll::Ready(report);
        }
        waiting.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

fn is_expendable(report: &MediaReported) -> bool {
    match report {
        MediaReported::Statistics(_) | MediaReported::Levels { .. } => true,
        MediaReported::Happened(event) => matches!(event, MediaHappened::DigitReceived { .. }),
        MediaReported::Answered(..)
        | MediaReported::Frames(..)
        | MediaReported::Controlled(..)
        | MediaReported::Closed => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_crowd_of_digits_leaves_room_for_what_counts() {
        let reports = Reports::default();
        let digit = MediaHappened::DigitReceived { digit: '1', duration: Duration::ZERO };
        for _ in 0..CROWDED + 10 {
            reports.send(MediaKey(1), MediaReported::Happened(digit.clone()));
        }
        reports.send(MediaKey(1), MediaReported::Closed);
        let mut cx = Context::from_waker(Waker::noop());
        let told: Vec<_> = std::iter::from_fn(|| match reports.poll(&mut cx) {
            Poll::Ready(report) => Some(report.report),
            Poll::Pending => None,
        })
        .collect();
        assert_eq!(told.len(), CROWDED + 1);
        assert_eq!(told.last(), Some(&MediaReported::Closed));
    }
}
