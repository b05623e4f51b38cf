//! serde's data as JavaScript values.

use std::fmt::Display;

use js_sys::Array;
use serde::ser::{Error, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsValue, throw_str};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Object)]
    type Plain;
    #[wasm_bindgen(constructor, js_class = Object)]
    fn new() -> Plain;
    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set(this: &Plain, name: &str, value: JsValue);
}

/// Writes objects, lists, texts, numbers, truth values and nothing.
#[derive(Clone, Copy)]
pub(super) struct Writer;

/// Writing cannot fail.
#[derive(Debug)]
pub(super) enum Never {}

impl Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl Error for Never {
    fn custom<T: Display>(_: T) -> Self {
        throw_str(WITHOUT_FORM)
    }
}

const WITHOUT_FORM: &str = "data of the facade that has no form in JavaScript";

fn without_form<T>() -> Result<T, Never> {
    throw_str(WITHOUT_FORM)
}

/// An object that is being written.
pub(super) struct Fields(Plain);

impl Fields {
    pub(super) fn new() -> Self {
        Self(Plain::new())
    }

    #[inline(never)]
    pub(super) fn add(&mut self, name: &str, value: JsValue) {
        self.0.set(name, value);
    }
}

impl From<Fields> for JsValue {
    fn from(fields: Fields) -> Self {
        fields.0.into()
    }
}

impl SerializeStruct for Fields {
    type Ok = JsValue;
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Never> {
        self.add(name, value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Never> {
        Ok(self.into())
    }
}

/// A list that is being written.
pub(super) struct List(Array);

impl SerializeSeq for List {
    type Ok = JsValue;
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.0.push(&value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<JsValue, Never> {
        Ok(self.0.into())
    }
}

type Unknown = Impossible<JsValue, Never>;

impl Serializer for Writer {
    type Ok = JsValue;
    type Error = Never;
    type SerializeSeq = List;
    type SerializeStruct = Fields;
    type SerializeTuple = Unknown;
    type SerializeTupleStruct = Unknown;
    type SerializeTupleVariant = Unknown;
    type SerializeMap = Unknown;
    type SerializeStructVariant = Unknown;

    fn serialize_bool(self, value: bool) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_i8(self, value: i8) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers, as JSON has them")]
    fn serialize_i64(self, value: i64) -> Result<JsValue, Never> {
        Ok((value as f64).into())
    }

    fn serialize_u8(self, value: u8) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers, as JSON has them")]
    fn serialize_u64(self, value: u64) -> Result<JsValue, Never> {
        Ok((value as f64).into())
    }

    fn serialize_f32(self, value: f32) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_char(self, value: char) -> Result<JsValue, Never> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<JsValue, Never> {
        Ok(value.into())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<JsValue, Never> {
        without_form()
    }

    fn serialize_none(self) -> Result<JsValue, Never> {
        Ok(JsValue::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<JsValue, Never> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<JsValue, Never> {
        Ok(JsValue::UNDEFINED)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<JsValue, Never> {
        Ok(JsValue::NULL)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<JsValue, Never> {
        Ok(name.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<JsValue, Never> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<JsValue, Never> {
        without_form()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Never> {
        Ok(List(Array::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Unknown, Never> {
        without_form()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Unknown, Never> {
        without_form()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Unknown, Never> {
        without_form()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Unknown, Never> {
        without_form()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Never> {
        Ok(Fields::new())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Unknown, Never> {
        without_form()
    }
}
