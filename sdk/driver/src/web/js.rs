//! What web-sys does not have, or has for a window alone.

use std::time::Duration;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaStreamTrack, RtcRtpTransceiver};

// The global functions: in a worker and in node there is no window.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);
}

// What throws where web-sys does not expect it: an exception that crosses Rust's frames would leave them half done.
#[wasm_bindgen]
extern "C" {
    /// Anything that has these methods.
    pub(super) type Throwing;
    #[wasm_bindgen(method, catch, js_name = addTransceiver)]
    pub(super) fn add_transceiver(
        this: &Throwing,
        track: &MediaStreamTrack,
    ) -> Result<RtcRtpTransceiver, JsValue>;
    #[wasm_bindgen(method, catch, setter)]
    pub(super) fn set_direction(this: &Throwing, direction: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = insertDTMF)]
    pub(super) fn insert_dtmf(this: &Throwing, tones: &str, duration: u32, gap: u32) -> Result<(), JsValue>;
}

/// A duration as the timers of a page take it, rounded up: a timer that fires early fires again.
pub(super) fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis().saturating_add(1)).unwrap_or(i32::MAX)
}

/// A promise that is resolved after a while, and before if somebody calls the function that `give` is given.
pub(super) fn resolved_within(limit: Duration, give: impl FnOnce(Function)) -> Promise {
    let mut give = Some(give);
    Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, milliseconds(limit));
        if let Some(give) = give.take() {
            give(resolve);
        }
    })
}

/// Waits.
pub(super) async fn sleep(duration: Duration) {
    let _ = JsFuture::from(resolved_within(duration, drop)).await;
}

/// What was thrown, as one line for people.
pub(super) fn describe(error: &JsValue) -> String {
    match (string(error, "name"), string(error, "message")) {
        (Some(name), Some(message)) if !message.is_empty() => format!("{name}: {message}"),
        (Some(text), _) | (None, Some(text)) => text,
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
