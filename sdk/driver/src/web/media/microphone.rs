//! What the page sends in a call.

use std::cell::{Cell, RefCell};

use rvoip_sip_core::StatusCode;
use wasm_bindgen::prelude::{JsCast as _, JsValue};
use web_sys::MediaStreamTrack;

use super::call::Call;
use super::peer::Refusal;
use super::platform::given;

/// The page's track of a call, once it was opened.
#[derive(Debug, Default)]
pub(super) struct Microphone {
    track: RefCell<Option<MediaStreamTrack>>,
    opening: Cell<bool>,
    /// The page has another one than that which is being opened.
    outdated: Cell<bool>,
}

impl Microphone {
    pub(super) fn track(&self) -> Option<MediaStreamTrack> {
        self.track.borrow().clone()
    }

    /// Opens the page's track, once for a call.
    pub(super) async fn open(&self, call: &Call) -> Result<(), Refusal> {
        if self.track.borrow().is_some() { Ok(()) } else { self.open_anew(call).await }
    }

    /// Takes the track that the page has now; false if somebody does so already.
    pub(super) async fn reopen(&self, call: &Call) -> Result<bool, Refusal> {
        if self.opening.get() {
            self.outdated.set(true);
            return Ok(false);
        }
        if self.track.borrow().is_none() {
            return Ok(false);
        }
        self.open_anew(call).await.map(|()| true)
    }

    /// One at a time, so that the page's last choice is the one that is used.
    async fn open_anew(&self, call: &Call) -> Result<(), Refusal> {
        self.opening.set(true);
        let result = loop {
            self.outdated.set(false);
            let result = self.take(call).await;
            if result.is_err() || !self.outdated.get() {
                break result;
            }
        };
        self.opening.set(false);
        result
    }

    async fn take(&self, call: &Call) -> Result<(), Refusal> {
        let refused = |error: JsValue| Refusal::ours("the microphone cannot be used", &error);
        let track = given(call.platform.open_input(call.key.0)).await.map_err(refused)?;
        let Ok(track) = track.dyn_into::<MediaStreamTrack>() else {
            return Err(Refusal::new(StatusCode::SERVER_INTERNAL_ERROR, "the page gave no audio track"));
        };
        if call.closed.get() {
            // The person answered the browser's question too late.
            close(call, &track);
            return Err(Refusal::new(StatusCode::SERVER_INTERNAL_ERROR, "the call is over"));
        }
        track.set_enabled(call.speaks());
        if let Some(old) = self.track.replace(Some(track)) {
            close(call, &old);
        }
        Ok(())
    }

    pub(super) fn close(&self, call: &Call) {
        if let Some(track) = self.track.take() {
            close(call, &track);
        }
    }
}

fn close(call: &Call, track: &MediaStreamTrack) {
    // What the page cannot close any more, it need not.
    let _ = call.platform.close_input(call.key.0, track);
}
