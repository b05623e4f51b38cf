//! Data of the facade as JavaScript values, and back.
//!
//! Of serde's many forms, the facade's data has few, and these two know no others: that keeps the module small.

mod read;
mod write;

use rvoip::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use self::read::Reader;
use self::write::{Fields, Writer};

/// As JSON would have it: plain objects, `null` where there is nothing.
pub(crate) fn to_js<T: Serialize + ?Sized>(value: &T) -> JsValue {
    match value.serialize(Writer) {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

/// Reads data of the facade; what is wrong is said, a name that there is not as well.
pub(crate) fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, JsValue> {
    T::deserialize(Reader(value)).map_err(|fault| thrown(&ErrorKind::InvalidArgument.error(fault.0)))
}

/// An error of the facade: `{ kind, reason, status }`.
pub(crate) fn thrown(error: &Error) -> JsValue {
    let mut fields = Fields::new();
    fields.add("kind", to_js(&error.kind()));
    fields.add("reason", error.reason().into());
    fields.add("status", error.status().map_or(JsValue::NULL, JsValue::from));
    fields.into()
}
