//! What waits to be sent on one flow.

use std::collections::VecDeque;

/// A queue that is bounded in messages and in bytes.
#[derive(Debug)]
pub(super) struct SendQueue<T> {
    items: VecDeque<T>,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

impl<T: AsRef<[u8]>> SendQueue<T> {
    pub(super) fn new(most_items: usize, most_bytes: usize) -> Self {
        Self { items: VecDeque::new(), bytes: 0, most_items, most_bytes }
    }

    /// Appends an item; gives it back where there is no room.
    pub(super) fn push(&mut self, item: T) -> Result<(), T> {
        let bytes = self.bytes.saturating_add(item.as_ref().len());
        if self.items.len() >= self.most_items || bytes > self.most_bytes {
            return Err(item);
        }
        self.bytes = bytes;
        self.items.push_back(item);
        Ok(())
    }

    pub(super) fn front(&self) -> Option<&T> {
        self.items.front()
    }

    pub(super) fn pop(&mut self) {
        if let Some(item) = self.items.pop_front() {
            self.bytes -= item.as_ref().len();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_room_comes_back() {
        let mut queue = SendQueue::new(2, 10);
        assert_eq!(queue.push("12345678"), Ok(()));
        assert_eq!(queue.push("123"), Err("123"));
        assert_eq!(queue.push("12"), Ok(()));
        assert_eq!(queue.push(""), Err(""));
        queue.pop();
        assert_eq!(queue.front(), Some(&"12"));
        assert_eq!(queue.push("12345678"), Ok(()));
    }
}
