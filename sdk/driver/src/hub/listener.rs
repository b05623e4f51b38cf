//! A listener and its queue.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::Stream;
use rvoip_sans_io::{Machine, Map};

use super::Hosted;
use super::shared::Shared;

/// The key of the stream's waker.
const STREAM: u64 = 0;

/// Events that may wait for one listener.
const EVENTS: usize = 1_024;

type Wanted<M> = Box<dyn Fn(&<M as Machine>::Event) -> bool + Send>;

/// The events that wait for one listener.
pub(super) struct Queue<M: Machine> {
    wanted: Wanted<M>,
    events: VecDeque<M::Event>,
    /// Events that were lost; while there are any, nothing is queued: a snapshot will say more.
    missed: u32,
    ended: bool,
    /// Of those who wait: the stream under 0, each [`Ready`] under a number of its own.
    wakers: Map<u64, Waker>,
    last_ready: u64,
}

impl<M: Hosted> Queue<M> {
    /// Adds an event; tells who is to be woken.
    pub(super) fn push(&mut self, event: &M::Event, wake: &mut Vec<Waker>) {
        if !(self.wanted)(event) {
            return;
        }
        wake.extend(std::mem::take(&mut self.wakers).into_values());
        if self.missed > 0 {
            self.missed = self.missed.saturating_add(1);
            return;
        }
        // The newer one is where it belongs among the others, and not where the older one was.
        if let Some(key) = M::coalescing(event)
            && let Some(old) = self.events.iter().rposition(|queued| M::coalescing(queued) == Some(key))
        {
            self.events.remove(old);
        }
        if self.events.len() < EVENTS {
            self.events.push_back(event.clone());
        } else {
            self.missed = u32::try_from(self.events.len()).unwrap_or(u32::MAX).saturating_add(1);
            self.events.clear();
        }
    }

    #[cfg(feature = "harness")]
    pub(super) fn len(&self) -> usize {
        self.events.len() + usize::from(self.missed > 0)
    }

    pub(super) fn end(&mut self, wake: &mut Vec<Waker>) {
        self.ended = true;
        wake.extend(std::mem::take(&mut self.wakers).into_values());
    }

    /// Whether there are events; `Some(false)` when none will ever come, `None` when nothing is known yet.
    fn is_ready(&self) -> Option<bool> {
        let waiting = self.missed > 0 || !self.events.is_empty();
        (waiting || self.ended).then_some(waiting)
    }

    fn take(&mut self, machine: Option<&M>) -> VecDeque<M::Event> {
        self.recover(machine);
        std::mem::take(&mut self.events)
    }

    fn take_first(&mut self, machine: Option<&M>) -> Option<M::Event> {
        self.recover(machine);
        self.events.pop_front()
    }

    /// After events were lost: says so, and what stands now.
    fn recover(&mut self, machine: Option<&M>) {
        if self.missed > 0 {
            let lagged = M::lagged(std::mem::take(&mut self.missed));
            let snapshot = machine.map(|machine| machine.snapshot(true)).unwrap_or_default();
            let snapshot = snapshot.into_iter().filter(|event| (self.wanted)(event));
            self.events = std::iter::once(lagged).chain(snapshot).collect();
        }
    }
}

/// Hears events of a machine, the present state first. A bounded number waits for it; see
/// [`Hosted::lagged`] for what happens beyond.
pub struct Listener<M: Hosted> {
    shared: Arc<Shared<M>>,
    id: u64,
}

impl<M: Hosted> std::fmt::Debug for Listener<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<M: Hosted> Listener<M> {
    pub(super) fn new(shared: Arc<Shared<M>>, wanted: Wanted<M>) -> Self {
        let id = shared.listen(|snapshot, ended| Queue {
            events: snapshot.into_iter().filter(|event| wanted(event)).collect(),
            wanted,
            missed: 0,
            ended,
            wakers: Map::new(),
            last_ready: 0,
        });
        Self { shared, id }
    }

    /// Waits until there are events (true), or nothing will come any more (false); takes nothing.
    pub fn ready(&self) -> Ready<'_, M> {
        Ready { listener: self, key: None }
    }

    /// Takes the events that wait; none may be there.
    pub fn take_events(&self) -> Vec<M::Event> {
        self.shared.with_queue(self.id, Queue::take).unwrap_or_default().into()
    }

    fn poll_ready(&self, cx: &mut Context<'_>, key: &mut Option<u64>) -> Poll<bool> {
        // The old waker leaves the lock before it is dropped.
        let (ready, _old) = self
            .shared
            .with_queue(self.id, |queue, _| {
                if let Some(waiting) = queue.is_ready() {
                    return (Some(waiting), None);
                }
                let key = *key.get_or_insert_with(|| {
                    queue.last_ready += 1;
                    queue.last_ready
                });
                (None, queue.wakers.insert(key, cx.waker().clone()))
            })
            .unwrap_or((Some(false), None));
        ready.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<M: Hosted> Unpin for Listener<M> {}

impl<M: Hosted> Stream for Listener<M> {
    type Item = M::Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<M::Event>> {
        if self.poll_ready(cx, &mut Some(STREAM)).is_pending() {
            return Poll::Pending;
        }
        // Ready without events: nothing will come any more.
        Poll::Ready(self.shared.with_queue(self.id, Queue::take_first).flatten())
    }
}

impl<M: Hosted> Drop for Listener<M> {
    fn drop(&mut self) {
        self.shared.forget_listener(self.id);
    }
}

/// Waits for events; see [`Listener::ready`].
#[derive(Debug)]
pub struct Ready<'l, M: Hosted> {
    listener: &'l Listener<M>,
    key: Option<u64>,
}

impl<M: Hosted> Drop for Ready<'_, M> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let _old =
                self.listener.shared.with_queue(self.listener.id, |queue, _| queue.wakers.remove(&key));
        }
    }
}

impl<M: Hosted> Future for Ready<'_, M> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = &mut *self;
        this.listener.poll_ready(cx, &mut this.key)
    }
}
