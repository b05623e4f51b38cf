//! JavaScript values as serde's data.

use std::fmt::Display;

use js_sys::{Array, Object, Uint8Array};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer as _, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use wasm_bindgen::{JsCast as _, JsValue};

/// What is wrong with a value, for people.
#[derive(Debug)]
pub(super) struct Fault(pub(super) String);

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: Display>(text: T) -> Self {
        Self(text.to_string())
    }

    // In place of serde's own texts, which can show a floating-point number: that is the only use of the code for it.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::of("type", found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::of("value", found, expected)
    }
}

impl Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are told by what was expected")]
    #[inline(never)]
    fn of(what: &str, found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(match found {
            Unexpected::Signed(number) => format!("invalid {what}: {number}, expected {expected}"),
            Unexpected::Str(text) => format!("invalid {what}: \"{text}\", expected {expected}"),
            _ => format!("invalid {what}, expected {expected}"),
        })
    }
}

/// Reads a value of which the reader knows what it should be.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a JsValue);

impl Reader<'_> {
    #[inline(never)]
    fn wrong(self, expected: &dyn Expected) -> Fault {
        let found = self.0.js_typeof().as_string().unwrap_or_default();
        Fault(format!("invalid type: {found}, expected {expected}"))
    }

    fn is_nothing(self) -> bool {
        self.0.is_null() || self.0.is_undefined()
    }

    #[inline(never)]
    fn text(self, expected: &dyn Expected) -> Result<String, Fault> {
        self.0.as_string().ok_or_else(|| self.wrong(expected))
    }

    #[inline(never)]
    fn number(self, expected: &dyn Expected) -> Result<f64, Fault> {
        self.0.as_f64().ok_or_else(|| self.wrong(expected))
    }

    /// A number without a fraction that no rounding has changed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "a number without a fraction is its own floor"
    )]
    #[inline(never)]
    fn integer(self, expected: &dyn Expected) -> Result<i64, Fault> {
        const EXACT: f64 = 9_007_199_254_740_991.0;
        let number = self.number(expected)?;
        if number.trunc() == number && number.abs() <= EXACT {
            Ok(number as i64)
        } else {
            Err(self.wrong(expected))
        }
    }

    #[inline(never)]
    fn items(self, expected: &dyn Expected) -> Result<Items, Fault> {
        match self.0.dyn_ref::<Array>() {
            Some(list) => Ok(Items { list: list.clone(), next: 0 }),
            None => Err(self.wrong(expected)),
        }
    }

    #[inline(never)]
    fn members(self, known: &'static [&'static str], expected: &dyn Expected) -> Result<Members, Fault> {
        if !self.0.is_object() {
            return Err(self.wrong(expected));
        }
        let members = Object::entries(self.0.unchecked_ref());
        Ok(Members { left: Items { list: members, next: 0 }, known, value: JsValue::UNDEFINED })
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // All data of the facade says what it expects.
        Err(self.wrong(&visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.as_bool() {
            Some(value) => visitor.visit_bool(value),
            None => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let integer = self.integer(&visitor)?;
        visitor.visit_i64(integer)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let integer = self.integer(&visitor)?;
        visitor.visit_i64(integer)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let integer = self.integer(&visitor)?;
        visitor.visit_i64(integer)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let integer = self.integer(&visitor)?;
        visitor.visit_i64(integer)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let number = self.number(&visitor)?;
        visitor.visit_f64(number)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.text(&visitor)?;
        visitor.visit_str(&text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.text(&visitor)?;
        visitor.visit_string(text)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.dyn_ref::<Uint8Array>() {
            Some(bytes) => visitor.visit_byte_buf(bytes.to_vec()),
            None => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_nothing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let items = self.items(&visitor)?;
        visitor.visit_seq(items)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        let items = self.items(&visitor)?;
        if items.left() != length {
            return Err(Fault::invalid_length(items.left(), &visitor));
        }
        visitor.visit_seq(items)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let members = self.members(known, &visitor)?;
        visitor.visit_map(members)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let name = self.text(&visitor)?;
        let name: StrDeserializer<'_, Fault> = name.as_str().into_deserializer();
        visitor.visit_enum(name)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 f32 char bytes unit unit_struct tuple_struct map identifier
    }
}

/// The rest of a list.
struct Items {
    list: Array,
    next: u32,
}

impl Items {
    fn left(&self) -> usize {
        (self.list.length() - self.next) as usize
    }

    #[inline(never)]
    fn next(&mut self) -> Option<JsValue> {
        let index = self.next;
        if index == self.list.length() {
            return None;
        }
        self.next += 1;
        Some(self.list.get(index))
    }
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        match self.next() {
            Some(item) => seed.deserialize(Reader(&item)).map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left())
    }
}

/// The rest of an object's own members, and the value of the last that was named. One that is undefined is missing, unless
/// its name is not known either: that is a misspelt one.
struct Members {
    left: Items,
    known: &'static [&'static str],
    value: JsValue,
}

impl Members {
    #[inline(never)]
    fn next(&mut self) -> Option<String> {
        while let Some(member) = self.left.next() {
            let member: Array = member.unchecked_into();
            self.value = member.get(1);
            let name = member.get(0).as_string()?;
            if !self.value.is_undefined() || !self.known.contains(&name.as_str()) {
                return Some(name);
            }
        }
        None
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        match self.next() {
            Some(name) => {
                let name: StrDeserializer<'_, Fault> = name.as_str().into_deserializer();
                seed.deserialize(name).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        seed.deserialize(Reader(&self.value))
    }
}
