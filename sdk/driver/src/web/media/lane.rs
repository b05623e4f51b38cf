//! Things that are done one after the other.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// What waits its turn. One task at a time takes from it.
#[derive(Debug)]
pub(super) struct Lane<T> {
    waiting: RefCell<VecDeque<T>>,
    busy: Cell<bool>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), busy: Cell::new(false) }
    }
}

impl<T> Lane<T> {
    /// Adds something; true if a task is to be started that takes from here until there is nothing more.
    pub(super) fn add(&self, next: T) -> bool {
        self.waiting.borrow_mut().push_back(next);
        !self.busy.replace(true)
    }

    /// The next one; none ends the task.
    pub(super) fn take(&self) -> Option<T> {
        let next = self.waiting.borrow_mut().pop_front();
        self.busy.set(next.is_some());
        next
    }

    /// Whether something of a kind waits.
    pub(super) fn any(&self, of_a_kind: impl FnMut(&T) -> bool) -> bool {
        self.waiting.borrow().iter().any(of_a_kind)
    }

    /// Forgets what waits, but for what is to be kept.
    pub(super) fn keep(&self, wanted: impl FnMut(&T) -> bool) {
        self.waiting.borrow_mut().retain(wanted);
    }
}
