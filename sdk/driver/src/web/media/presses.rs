//! Key presses of ours (RFC 4733), by the browser's own sender.

use std::rc::Rc;
use std::time::Duration;

use js_sys::Reflect;
use rvoip_sans_io::Token;
use wasm_bindgen::prelude::{Closure, JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{RtcdtmfSender, RtcdtmfToneChangeEvent};

use super::call::Call;
use crate::media::{MediaFailure, MediaFailureKind};
use crate::web::js::{Throwing, has_method, resolved_within};

/// How long a key is pressed and how long none is, in milliseconds.
const TONE: u32 = 100;
const GAP: u32 = 70;
/// A pause that a comma makes (the browser's own length).
const PAUSE: u32 = 2_000;
/// How much longer than they take the end of key presses is waited for.
const PATIENCE: u32 = 3_000;

impl Call {
    /// One command after the other: the browser has one queue of tones and tells the end of the last one alone.
    pub(super) fn send_digits(self: &Rc<Self>, token: Token, digits: String) {
        if self.presses.add((token, digits)) {
            spawn_local(Rc::clone(self).press_keys());
        }
    }

    async fn press_keys(self: Rc<Self>) {
        while let Some((token, digits)) = self.presses.take() {
            let sender = self.peer().and_then(|peer| peer.sender()).and_then(|sender| sender.dtmf());
            let result = match sender {
                Some(sender) => press(&sender, &digits).await,
                None => Err(not_negotiated()),
            };
            self.controlled(token, result);
        }
    }
}

fn not_negotiated() -> MediaFailure {
    MediaFailure::new(MediaFailureKind::NotNegotiated, "the peer takes no telephone events")
}

/// Presses keys, and waits until the last one is released.
async fn press(sender: &RtcdtmfSender, digits: &str) -> Result<(), MediaFailure> {
    // Where the browser says whether it can, it is asked; else the attempt shows it.
    if Reflect::get(sender, &"canInsertDTMF".into()).is_ok_and(|can| can.is_falsy() && !can.is_undefined())
        || !has_method(sender, "insertDTMF")
    {
        return Err(not_negotiated());
    }
    let mut on_tone = None;
    let mut takes = PATIENCE;
    for digit in digits.chars() {
        takes = takes.saturating_add(if digit == ',' { PAUSE } else { TONE + GAP });
    }
    let done = resolved_within(Duration::from_millis(takes.into()), |resolve| {
        let closure =
            Closure::<dyn FnMut(RtcdtmfToneChangeEvent)>::new(move |event: RtcdtmfToneChangeEvent| {
                if event.tone().is_empty() {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            });
        sender.set_ontonechange(Some(closure.as_ref().unchecked_ref()));
        on_tone = Some(closure);
    });
    let pressed = sender.unchecked_ref::<Throwing>().insert_dtmf(digits, TONE, GAP);
    if pressed.is_ok() {
        let _ = JsFuture::from(done).await;
    }
    sender.set_ontonechange(None);
    drop(on_tone);
    match pressed {
        Err(_) => Err(not_negotiated()),
        Ok(()) if sender.tone_buffer().is_empty() => Ok(()),
        Ok(()) => Err(MediaFailure::new(MediaFailureKind::TimedOut, "the key presses were not sent")),
    }
}
