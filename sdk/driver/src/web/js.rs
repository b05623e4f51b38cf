//! What web-sys does not have, or has for a window alone.

use std::time::Duration;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

// The global functions: in a worker and in node there is no window.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);
}

/// A duration as the timers of a page take it, rounded up: a timer that fires early fires again.
pub(super) fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis().saturating_add(1)).unwrap_or(i32::MAX)
}

/// Waits.
pub(super) async fn sleep(duration: Duration) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, milliseconds(duration));
    });
    let _ = JsFuture::from(promise).await;
}

/// What was thrown, as one line for people.
pub(super) fn describe(error: &JsValue) -> String {
    let text = |name: &str| Reflect::get(error, &name.into()).ok().and_then(|value| value.as_string());
    match (text("name"), text("message")) {
        (Some(name), Some(message)) if !message.is_empty() => format!("{name}: {message}"),
        (Some(name), _) => name,
        (None, Some(message)) => message,
        (None, None) => error.as_string().unwrap_or_else(|| "the browser refused".to_owned()),
    }
}

/// A property that is a number.
pub(super) fn number(object: &JsValue, name: &str) -> Option<f64> {
    Reflect::get(object, &name.into()).ok()?.as_f64()
}

/// A property that is a string.
pub(super) fn string(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string()
}

/// Whether an object has a method.
pub(super) fn has_method(object: &JsValue, name: &str) -> bool {
    Reflect::get(object, &name.into()).is_ok_and(|value| value.is_instance_of::<Function>())
}
