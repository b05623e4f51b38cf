//! Named counters: what is dropped is counted.
use crate::Map;

/// Counts by name. Every message that a machine drops without an answer has a name here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters(Map<&'static str, u64>);

impl Counters {
    /// Adds one to `name`.
    pub fn count(&mut self, name: &'static str) {
        let value = self.0.entry(name).or_default();
        *value = value.saturating_add(1);
    }

    /// The count of `name`, 0 if it was never counted.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// All counts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, value)| (*name, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_name() {
        let mut counters = Counters::default();
        counters.count("stray response");
        counters.count("stray response");
        assert_eq!(counters.get("stray response"), 2);
        assert_eq!(counters.get("other"), 0);
        assert_eq!(counters.iter().collect::<Vec<_>>(), [("stray response", 2)]);
    }
}
