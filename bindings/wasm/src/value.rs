//! Data of the facade as JavaScript values, and back.

use js_sys::{Array, Object, Reflect};
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

/// Reads settings, in which a name that there is not is an error: it is a misspelt one.
pub(crate) fn settings_from_js<T: Serialize + DeserializeOwned>(given: &JsValue) -> Result<T, JsValue> {
    let settings: T = from_js(given.clone())?;
    // serde_wasm_bindgen asks an object for the names that it knows and never sees the others.
    match unknown_name(given, &to_js(&settings)) {
        None => Ok(settings),
        Some(name) => Err(thrown(&ErrorKind::InvalidArgument.error(format!("there is no setting `{name}`")))),
    }
}

/// A name in one object, or below, that the other does not have.
fn unknown_name(given: &JsValue, known: &JsValue) -> Option<String> {
    let given = Object::try_from(given)?;
    Object::keys(given).iter().find_map(|key| {
        if !Reflect::has(known, &key).unwrap_or(false) {
            return Some(key.as_string().unwrap_or_default());
        }
        let (given, known) = (Reflect::get(given, &key).ok()?, Reflect::get(known, &key).ok()?);
        if Array::is_array(&given) { None } else { unknown_name(&given, &known) }
    })
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
