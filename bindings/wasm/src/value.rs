//! Data of the facade as JavaScript values, and back.

use js_sys::{Object, Reflect};
use rvoip::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// As JSON would have it: plain objects, `null` where there is nothing.
pub(crate) fn to_js<T: Serialize + ?Sized>(value: &T) -> JsValue {
    // Data of the facade has no form that JavaScript lacks.
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

/// Reads data of the facade; what is wrong is said.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| thrown(&ErrorKind::InvalidArgument.error(error.to_string())))
}

/// An error of the facade: `{ kind, reason, status }`.
pub(crate) fn thrown(error: &Error) -> JsValue {
    let object = Object::new();
    let set = |name: &str, value: JsValue| {
        // A new plain object takes every property.
        let _ = Reflect::set(&object, &name.into(), &value);
    };
    set("kind", to_js(&error.kind()));
    set("reason", error.reason().into());
    set("status", error.status().map_or(JsValue::NULL, JsValue::from));
    object.into()
}
