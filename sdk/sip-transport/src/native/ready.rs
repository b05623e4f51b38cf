//! Which sources want to be polled: each has a waker of its own, so that a thousand idle flows cost nothing, and those
//! that are ready take turns.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use rvoip_sans_io::FlowId;

/// What is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SourceId {
    /// A socket, a connection, or one that is being opened.
    Flow(FlowId),
    /// A connection that its owner closed.
    Draining(u64),
    /// A listening socket.
    Listener(u64),
}

#[derive(Debug, Default)]
struct Queue {
    ready: VecDeque<Arc<Turn>>,
    poller: Option<Waker>,
}

/// The queue of sources that want a turn.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadyQueue(Arc<Mutex<Queue>>);

/// One source's place in the queue; also its waker.
#[derive(Debug)]
pub(super) struct Turn {
    source: SourceId,
    queued: AtomicBool,
    queue: ReadyQueue,
}

impl ReadyQueue {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new source.
    pub(super) fn place(&self, source: SourceId) -> Arc<Turn> {
        Arc::new(Turn { source, queued: AtomicBool::new(false), queue: self.clone() })
    }

    /// Sets who is woken when a source becomes ready; returns how many are ready now.
    pub(super) fn begin(&self, poller: &Waker) -> usize {
        let (ready, _old) = {
            let mut queue = self.lock();
            let old = match &queue.poller {
                Some(known) if known.will_wake(poller) => None,
                Some(_) | None => queue.poller.replace(poller.clone()),
            };
            (queue.ready.len(), old)
        };
        ready
    }

    /// Takes the source whose turn it is.
    pub(super) fn next(&self) -> Option<(SourceId, Arc<Turn>)> {
        let turn = self.lock().ready.pop_front()?;
        turn.queued.store(false, Ordering::Release);
        Some((turn.source, turn))
    }
}

impl Turn {
    /// Asks for a turn.
    pub(super) fn request(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let poller = {
            let mut queue = self.queue.lock();
            queue.ready.push_back(Arc::clone(self));
            queue.poller.take()
        };
        if let Some(poller) = poller {
            poller.wake();
        }
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.request();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.request();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_take_turns_and_stand_in_the_queue_once() {
        let queue = ReadyQueue::default();
        let (one, two) = (queue.place(SourceId::Listener(1)), queue.place(SourceId::Listener(2)));
        one.request();
        two.request();
        one.request();
        assert_eq!(queue.begin(Waker::noop()), 2);
        let (first, turn) = queue.next().unwrap();
        turn.request();
        assert_eq!(first, SourceId::Listener(1));
        assert_eq!(queue.next().map(|(id, _)| id), Some(SourceId::Listener(2)));
        assert_eq!(queue.next().map(|(id, _)| id), Some(SourceId::Listener(1)));
        assert!(queue.next().is_none());
    }
}
