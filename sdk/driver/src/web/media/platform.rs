//! What a page does for the media of a call, in JavaScript: microphone, loudspeaker and sounds of its own.

use js_sys::Promise;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaStream, MediaStreamTrack, RtcConfiguration, RtcRtpReceiver};

#[wasm_bindgen]
extern "C" {
    /// The page's side of the media. It carries out and decides nothing.
    #[derive(Clone, Debug)]
    pub type MediaPlatform;

    /// The configuration of a peer connection, such as its ICE servers.
    #[wasm_bindgen(method, catch)]
    pub(super) fn configuration(this: &MediaPlatform) -> Result<RtcConfiguration, JsValue>;

    /// The track that a call sends: a promise of a `MediaStreamTrack`.
    #[wasm_bindgen(method, catch, js_name = openInput)]
    pub(super) fn open_input(this: &MediaPlatform, call: u32) -> Result<JsValue, JsValue>;

    /// The call does not send that track any more.
    #[wasm_bindgen(method, catch, js_name = closeInput)]
    pub(super) fn close_input(
        this: &MediaPlatform,
        call: u32,
        track: &MediaStreamTrack,
    ) -> Result<(), JsValue>;

    /// The peer's audio is to be heard.
    #[wasm_bindgen(method, catch)]
    pub(super) fn attach(this: &MediaPlatform, call: u32, stream: &MediaStream) -> Result<(), JsValue>;

    /// The peer's audio is over.
    #[wasm_bindgen(method, catch)]
    pub(super) fn detach(this: &MediaPlatform, call: u32) -> Result<(), JsValue>;

    /// Calls a function with payload and timestamp of each packet of telephone events. A page need not have this method.
    #[wasm_bindgen(method, catch, js_name = watchKeys)]
    pub(super) fn watch_keys(
        this: &MediaPlatform,
        call: u32,
        receiver: &RtcRtpReceiver,
        heard: &Closure<dyn FnMut(Vec<u8>, u32)>,
    ) -> Result<(), JsValue>;

    /// What the page calls when calls are to open their input anew.
    #[wasm_bindgen(method, setter, js_name = devicesChanged)]
    pub(super) fn set_devices_changed(this: &MediaPlatform, changed: Option<&js_sys::Function>);

    /// A clip or a tone that is sent in place of the input: a promise of a [`Playback`].
    #[wasm_bindgen(method, catch)]
    pub(super) fn play(this: &MediaPlatform, call: u32, source: &JsValue) -> Result<JsValue, JsValue>;

    /// What the page plays in a call.
    #[derive(Clone, Debug)]
    pub(super) type Playback;

    /// The track that carries it.
    #[wasm_bindgen(method, getter)]
    pub(super) fn track(this: &Playback) -> MediaStreamTrack;

    /// A promise that is resolved when it is over.
    #[wasm_bindgen(method, getter)]
    pub(super) fn ended(this: &Playback) -> JsValue;

    /// It is not wanted any more.
    #[wasm_bindgen(method, catch)]
    pub(super) fn stop(this: &Playback) -> Result<(), JsValue>;
}

/// What the page gives, or promises.
pub(super) async fn given(promised: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&promised?)).await
}
