//! Key presses of the peer: kept until somebody collects them.

use std::collections::VecDeque;

use rvoip_driver::Token;

/// How many key presses are kept while nobody collects them; older ones are forgotten. Nobody can wait for more at once.
pub(super) const KEPT: usize = 128;

/// The order of a key press that nobody was given yet: after all that came back.
const FRESH: Token = Token(u64::MAX);

/// Somebody who waits for key presses.
#[derive(Debug)]
struct Collector {
    token: Token,
    count: usize,
}

/// The key presses of one call.
#[derive(Debug, Default)]
pub(super) struct Digits {
    /// As they were pressed; those that came back, with whom they were given to.
    pressed: VecDeque<(Token, char)>,
    collector: Option<Collector>,
}

impl Digits {
    /// Takes a key press. Gives the collector its digits if that completes them.
    pub(super) fn press(&mut self, digit: char) -> Option<(Token, String)> {
        while self.pressed.len() >= KEPT {
            self.pressed.pop_front();
        }
        self.pressed.push_back((FRESH, digit));
        self.complete()
    }

    /// Begins to collect; false while somebody else does.
    pub(super) fn collect(&mut self, token: Token, count: usize) -> bool {
        if self.collector.is_some() {
            return false;
        }
        self.collector = Some(Collector { token, count });
        true
    }

    /// Gives up waiting for more, with what there is.
    pub(super) fn give_up(&mut self) -> Option<(Token, String)> {
        self.give(usize::MAX)
    }

    /// Forgets the collector but keeps the digits, if `token` is the one who waits.
    pub(super) fn cancel(&mut self, token: Token) -> bool {
        self.collector.take_if(|collector| collector.token == token).is_some()
    }

    /// Takes back what a collector was given and nobody heard of, to where it was. Gives another one its digits if that
    /// completes them.
    pub(super) fn put_back(&mut self, token: Token, digits: &str) -> Option<(Token, String)> {
        let at = self.pressed.iter().position(|(of, _)| *of > token).unwrap_or(self.pressed.len());
        for digit in digits.chars().rev() {
            self.pressed.insert(at, (token, digit));
        }
        self.complete()
    }

    /// Gives the collector its digits if there are enough.
    pub(super) fn complete(&mut self) -> Option<(Token, String)> {
        let count = self.collector.as_ref()?.count;
        if self.pressed.len() < count { None } else { self.give(count) }
    }

    fn give(&mut self, most: usize) -> Option<(Token, String)> {
        let token = self.collector.take()?.token;
        let count = most.min(self.pressed.len());
        Some((token, self.pressed.drain(..count).map(|(_, digit)| digit).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_pressed_early_are_kept_for_the_collector() {
        let mut digits = Digits::default();
        assert_eq!(digits.press('1'), None);
        assert!(digits.collect(Token(1), 2));
        assert_eq!(digits.complete(), None);
        assert!(!digits.collect(Token(2), 1), "one collector at a time");
        assert_eq!(digits.press('2'), Some((Token(1), "12".to_owned())));
        assert_eq!(digits.press('3'), None);
        assert!(digits.collect(Token(3), 1));
        assert_eq!(digits.complete(), Some((Token(3), "3".to_owned())));
    }

    #[test]
    fn a_cancelled_collector_loses_no_digit() {
        let mut digits = Digits::default();
        digits.collect(Token(1), 2);
        digits.press('7');
        assert!(!digits.cancel(Token(9)));
        assert!(digits.cancel(Token(1)));
        digits.collect(Token(2), 4);
        assert_eq!(digits.give_up(), Some((Token(2), "7".to_owned())));
    }

    #[test]
    fn digits_that_come_back_are_where_they_were() {
        let mut digits = Digits::default();
        for digit in "123456".chars() {
            digits.press(digit);
        }
        for (token, given) in [(1, "12"), (2, "34")] {
            digits.collect(Token(token), 2);
            assert_eq!(digits.complete(), Some((Token(token), given.to_owned())));
        }
        // Whichever comes back first.
        for (token, given) in [(1, "12"), (2, "34")] {
            assert_eq!(digits.put_back(Token(token), given), None);
        }
        digits.collect(Token(3), 7);
        assert_eq!(digits.give_up(), Some((Token(3), "123456".to_owned())));
        digits.collect(Token(4), 3);
        assert_eq!(digits.put_back(Token(3), "123456"), Some((Token(4), "123".to_owned())));
    }

    #[test]
    fn what_nobody_collects_is_bounded() {
        let mut digits = Digits::default();
        for _ in 0..10_000 {
            digits.press('5');
        }
        assert_eq!(digits.pressed.len(), KEPT);
    }
}
