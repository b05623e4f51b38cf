//! Ordered maps and sets: the standard library's, and in the browser ones that are compiled small.
//!
//! A page holds a handful of calls and pays for every byte of code; a switch holds thousands and does not.

#[cfg(not(target_arch = "wasm32"))]
pub use std::collections::{BTreeMap as Map, BTreeSet as Set};

#[cfg(target_arch = "wasm32")]
pub use sorted::{SortedMap as Map, SortedSet as Set};

#[cfg(any(test, target_arch = "wasm32"))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(unreachable_pub, dead_code, reason = "natively they are there for their test alone")
)]
mod sorted {
    use std::borrow::Borrow;
    use std::fmt;

    /// A map in a sorted vector: the interface of `BTreeMap`, as far as it is used, in a tenth of its code. Inserting and
    /// removing take time in proportion to what is in it.
    #[derive(Clone, PartialEq, Eq)]
    pub struct SortedMap<K, V>(Vec<(K, V)>);

    impl<K, V> Default for SortedMap<K, V> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_map().entries(self.iter()).finish()
        }
    }

    impl<K, V> SortedMap<K, V> {
        /// An empty map.
        pub const fn new() -> Self {
            Self(Vec::new())
        }

        /// How many entries there are.
        pub fn len(&self) -> usize {
            self.0.len()
        }

        /// Whether there are none.
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }

        /// The entries in the order of their keys.
        pub fn iter(&self) -> Iter<'_, K, V> {
            Iter(self.0.iter())
        }

        /// The same with values that can be changed.
        pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
            IterMut(self.0.iter_mut())
        }

        /// The keys in their order.
        pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
            self.0.iter().map(|(key, _)| key)
        }

        /// The values in the order of their keys.
        pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
            self.0.iter().map(|(_, value)| value)
        }

        /// The same to be changed.
        pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
            self.0.iter_mut().map(|(_, value)| value)
        }

        /// All values, in the order of their keys.
        pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> {
            self.0.into_iter().map(|(_, value)| value)
        }

        /// Keeps the entries that are wanted.
        pub fn retain(&mut self, mut wanted: impl FnMut(&K, &mut V) -> bool) {
            self.0.retain_mut(|(key, value)| wanted(key, value));
        }

        /// Removes everything.
        pub fn clear(&mut self) {
            self.0.clear();
        }

        /// The entry with the smallest key.
        pub fn first_key_value(&self) -> Option<(&K, &V)> {
            self.iter().next()
        }

        /// Takes the entry with the smallest key.
        pub fn pop_first(&mut self) -> Option<(K, V)> {
            if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
        }
    }

    impl<K: Ord, V> SortedMap<K, V> {
        fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
        where
            K: Borrow<Q>,
        {
            self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
        }

        /// The value of a key.
        pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
        where
            K: Borrow<Q>,
        {
            self.0.get(self.find(key).ok()?).map(|(_, value)| value)
        }

        /// The same to be changed.
        pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
        where
            K: Borrow<Q>,
        {
            let at = self.find(key).ok()?;
            self.0.get_mut(at).map(|(_, value)| value)
        }

        /// Whether a key has a value.
        pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
        where
            K: Borrow<Q>,
        {
            self.find(key).is_ok()
        }

        /// Sets the value of a key; gives the one that it had.
        pub fn insert(&mut self, key: K, value: V) -> Option<V> {
            match self.find(&key) {
                Ok(at) => self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
                Err(at) => {
                    self.0.insert(at, (key, value));
                    None
                }
            }
        }

        /// Takes the value of a key.
        pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
        where
            K: Borrow<Q>,
        {
            let at = self.find(key).ok()?;
            Some(self.0.remove(at).1)
        }

        /// The place of a key.
        pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
            Entry { map: self, key }
        }
    }

    /// The place of a key in a map.
    #[derive(Debug)]
    pub struct Entry<'m, K, V> {
        map: &'m mut SortedMap<K, V>,
        key: K,
    }

    impl<'m, K: Ord, V> Entry<'m, K, V> {
        /// The value of the key, made where there is none.
        pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'m mut V {
            let Self { map, key } = self;
            let at = match map.find(&key) {
                Ok(at) => at,
                Err(at) => {
                    map.0.insert(at, (key, make()));
                    at
                }
            };
            #[expect(clippy::indexing_slicing, reason = "the entry was found or made just now")]
            &mut map.0[at].1
        }

        /// The value of the key, or this one.
        pub fn or_insert(self, value: V) -> &'m mut V {
            self.or_insert_with(|| value)
        }

        /// The value of the key, or the default.
        pub fn or_default(self) -> &'m mut V
        where
            V: Default,
        {
            self.or_insert_with(V::default)
        }
    }

    /// The entries of a map in the order of their keys.
    #[derive(Clone, Debug)]
    pub struct Iter<'m, K, V>(std::slice::Iter<'m, (K, V)>);

    impl<'m, K, V> Iterator for Iter<'m, K, V> {
        type Item = (&'m K, &'m V);

        fn next(&mut self) -> Option<Self::Item> {
            self.0.next().map(|(key, value)| (key, value))
        }
    }

    impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
        fn next_back(&mut self) -> Option<Self::Item> {
            self.0.next_back().map(|(key, value)| (key, value))
        }
    }

    /// The same with values that can be changed.
    #[derive(Debug)]
    pub struct IterMut<'m, K, V>(std::slice::IterMut<'m, (K, V)>);

    impl<'m, K, V> Iterator for IterMut<'m, K, V> {
        type Item = (&'m K, &'m mut V);

        fn next(&mut self) -> Option<Self::Item> {
            self.0.next().map(|(key, value)| (&*key, value))
        }
    }

    impl<'m, K, V> IntoIterator for &'m SortedMap<K, V> {
        type Item = (&'m K, &'m V);
        type IntoIter = Iter<'m, K, V>;

        fn into_iter(self) -> Self::IntoIter {
            self.iter()
        }
    }

    impl<'m, K, V> IntoIterator for &'m mut SortedMap<K, V> {
        type Item = (&'m K, &'m mut V);
        type IntoIter = IterMut<'m, K, V>;

        fn into_iter(self) -> Self::IntoIter {
            self.iter_mut()
        }
    }

    impl<K, V> IntoIterator for SortedMap<K, V> {
        type Item = (K, V);
        type IntoIter = std::vec::IntoIter<(K, V)>;

        fn into_iter(self) -> Self::IntoIter {
            self.0.into_iter()
        }
    }

    impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
        fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
            for (key, value) in entries {
                self.insert(key, value);
            }
        }
    }

    impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
        fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
            let mut map = Self::new();
            map.extend(entries);
            map
        }
    }

    /// A set in a sorted vector.
    #[derive(Clone, PartialEq, Eq)]
    pub struct SortedSet<T>(SortedMap<T, ()>);

    impl<T> Default for SortedSet<T> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<T: fmt::Debug> fmt::Debug for SortedSet<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_set().entries(self.iter()).finish()
        }
    }

    impl<T> SortedSet<T> {
        /// An empty set.
        pub const fn new() -> Self {
            Self(SortedMap::new())
        }

        /// How many there are.
        pub fn len(&self) -> usize {
            self.0.len()
        }

        /// Whether there are none.
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }

        /// All, in their order.
        pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
            self.0.keys()
        }

        /// The smallest.
        pub fn first(&self) -> Option<&T> {
            self.0.first_key_value().map(|(value, ())| value)
        }
    }

    impl<T: Ord> SortedSet<T> {
        /// Adds one; false if it was there.
        pub fn insert(&mut self, value: T) -> bool {
            self.0.insert(value, ()).is_none()
        }

        /// Removes one; false if it was not there.
        pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> bool
        where
            T: Borrow<Q>,
        {
            self.0.remove(value).is_some()
        }

        /// Whether one is there.
        pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
        where
            T: Borrow<Q>,
        {
            self.0.contains_key(value)
        }
    }

    impl<T: Ord> Extend<T> for SortedSet<T> {
        fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
            for value in values {
                self.insert(value);
            }
        }
    }

    impl<T: Ord> FromIterator<T> for SortedSet<T> {
        fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
            let mut set = Self::new();
            set.extend(values);
            set
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::sorted::{SortedMap, SortedSet};
    use crate::Random;

    #[test]
    fn a_sorted_map_is_what_the_standard_one_is() {
        let mut random = Random::from_number(11);
        let (mut ours, mut std) = (SortedMap::new(), BTreeMap::new());
        for step in 0..20_000_u32 {
            let key = random.below(64);
            match random.below(6) {
                0 | 1 => assert_eq!(ours.insert(key, step), std.insert(key, step)),
                2 => assert_eq!(ours.remove(&key), std.remove(&key)),
                3 => *ours.entry(key).or_default() += *std.entry(key).and_modify(|_| ()).or_insert(0) + 1,
                4 => {
                    if let (Some(a), Some(b)) = (ours.get_mut(&key), std.get_mut(&key)) {
                        *a = step;
                        *b = step;
                    }
                }
                _ if random.chance(0.02) => {
                    ours.retain(|key, _| key % 2 == 0);
                    std.retain(|key, _| key % 2 == 0);
                }
                _ if random.chance(0.1) => assert_eq!(ours.pop_first(), std.pop_first()),
                _ => assert_eq!(ours.contains_key(&key), std.contains_key(&key)),
            }
            // `or_default` above leaves the two apart on purpose: they are brought together again.
            if let (Some(a), Some(b)) = (ours.get(&key).copied(), std.get_mut(&key)) {
                *b = a;
            }
            assert_eq!(ours.get(&key), std.get(&key));
        }
        assert!(ours.iter().eq(std.iter()));
        assert!(ours.iter().rev().eq(std.iter().rev()));
        assert_eq!(ours.len(), std.len());
        assert_eq!(format!("{ours:?}"), format!("{std:?}"));
        assert_eq!(ours.first_key_value(), std.first_key_value());
        assert!(ours.into_values().eq(std.into_values()));
    }

    #[test]
    fn a_sorted_set_is_what_the_standard_one_is() {
        let mut random = Random::from_number(12);
        let (mut ours, mut std) = (SortedSet::new(), BTreeSet::new());
        for _ in 0..5_000 {
            let value = random.below(40);
            if random.chance(0.5) {
                assert_eq!(ours.insert(value), std.insert(value));
            } else {
                assert_eq!(ours.remove(&value), std.remove(&value));
            }
            assert_eq!((ours.first(), ours.contains(&value)), (std.first(), std.contains(&value)));
        }
        assert!(ours.iter().eq(std.iter()));
    }
}
