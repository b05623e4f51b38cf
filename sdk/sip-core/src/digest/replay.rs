//! Which counts of which nonces were used: a bounded memory (RFC 7616 §3.4, `nc`).

use std::collections::BTreeMap;

/// Nonces whose use is remembered.
const NONCES: usize = 10_000;

/// How far behind the highest count a request may come: clients of several requests at once, over UDP, are not in order.
const WINDOW: u32 = 64;

/// What was seen of one nonce.
#[derive(Clone, Copy, Debug)]
struct Seen {
    highest: u32,
    /// Bit n is the count `highest - n`.
    window: u64,
}

/// Why a use is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It was used before, or so long ago that nobody knows.
    Replayed,
    /// All that is known of the nonce was forgotten.
    Forgotten,
}

/// The uses of nonces that begin with the time they were made at, so that the order of their texts is that of their age.
#[derive(Debug, Default)]
pub(super) struct ReplayMemory {
    seen: BTreeMap<String, Seen>,
    /// The youngest nonce whose uses were forgotten for want of room: it and those before it are not taken any more.
    forgotten: Option<String>,
}

impl ReplayMemory {
    /// Notes a use; each count can be used once.
    pub(super) fn take(&mut self, nonce: &str, count: u32) -> Result<(), Refused> {
        if let Some(seen) = self.seen.get_mut(nonce) {
            return if seen.take(count) { Ok(()) } else { Err(Refused::Replayed) };
        }
        if self.forgotten.as_deref().is_some_and(|youngest| nonce <= youngest) {
            return Err(Refused::Forgotten);
        }
        if self.seen.len() >= NONCES {
            // One that is older than all the others would be the next to go.
            match self.seen.first_entry() {
                Some(oldest) if oldest.key().as_str() < nonce => {
                    self.forgotten = Some(oldest.remove_entry().0);
                }
                _ => return Err(Refused::Forgotten),
            }
        }
        self.seen.insert(nonce.to_owned(), Seen { highest: count, window: 1 });
        Ok(())
    }

    /// Drops what is known of nonces that sort before a text: those that are too old to be taken anyway.
    pub(super) fn expire(&mut self, before: &str) {
        while let Some(oldest) = self.seen.first_entry()
            && oldest.key().as_str() < before
        {
            oldest.remove();
        }
    }
}

impl Seen {
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.window = self.window.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= WINDOW || self.window & (1 << behind) != 0 {
            return false;
        }
        self.window |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_is_taken_once_and_late_ones_within_the_window() {
        let mut memory = ReplayMemory::default();
        for (count, expect) in [
            (1, true),
            (1, false),
            (3, true),
            (2, true),
            (2, false),
            (3, false),
            (67, true),
            (3, false),
            (4, true),
            (4, false),
            (u32::MAX, true),
            (67, false),
            (u32::MAX, false),
            (0, false),
        ] {
            assert_eq!(memory.take("a", count).is_ok(), expect, "{count}");
        }
    }

    #[test]
    fn what_was_forgotten_for_want_of_room_is_not_taken_again() {
        let mut memory = ReplayMemory::default();
        let nonce = |index: usize| format!("{index:016x}");
        for index in 1..=NONCES {
            assert_eq!(memory.take(&nonce(index), 1), Ok(()));
        }
        assert_eq!(memory.take(&nonce(NONCES + 1), 1), Ok(()));
        assert_eq!(memory.seen.len(), NONCES);
        assert_eq!(memory.take(&nonce(1), 1), Err(Refused::Forgotten));
        assert_eq!(memory.take(&nonce(1), 2), Err(Refused::Forgotten));
        assert_eq!(memory.take(&nonce(2), 1), Err(Refused::Replayed));
        assert_eq!(memory.take(&nonce(2), 2), Ok(()));
        assert_eq!(memory.take(&nonce(0), 1), Err(Refused::Forgotten));
        memory.expire(&nonce(100));
        assert_eq!(memory.seen.len(), NONCES + 1 - 99);
    }
}
