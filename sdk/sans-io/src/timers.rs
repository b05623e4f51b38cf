//! One timer table a machine.

use crate::{Instant, Map, Set};

/// A table of timers, at most one for each key. Timers that are due at the same moment fire in the order of their keys.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    deadlines: Map<K, Instant>,
    order: Set<(Instant, K)>,
}

impl<K: Copy + Ord> Timers<K> {
    /// An empty table.
    pub fn new() -> Self {
        Self { deadlines: Map::new(), order: Set::new() }
    }

    /// Starts the timer `key`, or moves it if it is running.
    pub fn set(&mut self, key: K, at: Instant) {
        if let Some(old) = self.deadlines.insert(key, at) {
            self.order.remove(&(old, key));
        }
        self.order.insert((at, key));
    }

    /// Stops the timer `key`; does nothing if it is not running.
    pub fn cancel(&mut self, key: K) {
        if let Some(at) = self.deadlines.remove(&key) {
            self.order.remove(&(at, key));
        }
    }

    /// When the timer `key` fires, if it is running.
    pub fn deadline(&self, key: K) -> Option<Instant> {
        self.deadlines.get(&key).copied()
    }

    /// When the next timer fires.
    pub fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes the earliest timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (at, key) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.cancel(key);
        Some(key)
    }

    /// Whether no timer is running.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many timers are running.
    pub fn len(&self) -> usize {
        self.order.len()
    }
}

impl<K: Copy + Ord> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn fires_in_order_of_time_then_key_and_moves_what_is_set_again() {
        let zero = Instant::ZERO;
        let mut timers = Timers::new();
        timers.set('b', zero + Duration::from_secs(1));
        timers.set('a', zero + Duration::from_secs(1));
        timers.set('c', zero + Duration::from_secs(3));
        timers.set('c', zero);
        assert_eq!(timers.len(), 3);
        let due: Vec<_> = std::iter::from_fn(|| timers.pop_due(zero + Duration::from_secs(2))).collect();
        assert_eq!(due, ['c', 'a', 'b']);
        assert!(timers.is_empty());
    }

    #[test]
    fn a_cancelled_timer_does_not_fire() {
        let mut timers = Timers::new();
        timers.set(1, Instant::ZERO);
        timers.cancel(1);
        timers.cancel(2);
        assert_eq!(timers.next(), None);
        assert_eq!(timers.pop_due(Instant::ZERO), None);
    }
}
