//! What a page does for the media of a call, in JavaScript: microphone, loudspeaker and sounds of its own.

use js_sys::Promise;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use web_sys::{MediaStream, RtcConfiguration, RtcRtpReceiver};

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
    pub(super) fn open_input(this: &MediaPlatform, call: u32) -> Result<Promise, JsValue>;

    /// The call does not send any more.
    #[wasm_bindgen(method, catch, js_name = closeInput)]
    pub(super) fn close_input(this: &MediaPlatform, call: u32) -> Result<(), JsValue>;

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

    /// A track that carries a clip or a tone: a promise of a `MediaStreamTrack`.
    #[wasm_bindgen(method, catch)]
    pub(super) fn play(this: &MediaPlatform, call: u32, source: &JsValue) -> Result<Promise, JsValue>;

    /// Resolves when the clip of the last `play` is over.
    #[wasm_bindgen(method, catch, js_name = playbackEnded)]
    pub(super) fn playback_ended(this: &MediaPlatform, call: u32) -> Result<Promise, JsValue>;

    /// What is played is not wanted any more.
    #[wasm_bindgen(method, catch, js_name = stopPlaying)]
    pub(super) fn stop_playing(this: &MediaPlatform, call: u32) -> Result<(), JsValue>;
}
