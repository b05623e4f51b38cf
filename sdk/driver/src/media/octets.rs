//! Bytes in serde's forms: a sequence of numbers, as JSON has it, or bytes, as JavaScript's arrays of them.

use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Serialize as _, Serializer};

/// More is not set aside before it has come.
const ROOM: usize = 4_096;

struct Octets;

impl<'de> Visitor<'de> for Octets {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::with_capacity(sequence.size_hint().unwrap_or_default().min(ROOM));
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    bytes.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_byte_buf(Octets)
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{BytesDeserializer, Error, SeqDeserializer};

    use super::deserialize;

    #[test]
    fn bytes_and_a_sequence_of_numbers_are_the_same() {
        let bytes: BytesDeserializer<'_, Error> = [1_u8, 2, 255].as_slice().into_deserializer();
        assert_eq!(deserialize(bytes).unwrap(), [1, 2, 255]);
        let numbers: SeqDeserializer<_, Error> = vec![1_u8, 2, 255].into_deserializer();
        assert_eq!(deserialize(numbers).unwrap(), [1, 2, 255]);
    }

    #[test]
    fn what_is_no_byte_is_refused() {
        let numbers: SeqDeserializer<_, Error> = vec![1_u16, 256].into_deserializer();
        assert!(deserialize(numbers).is_err());
    }
}
