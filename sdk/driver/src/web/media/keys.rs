//! Key presses of the peer (RFC 4733): the browser hides them, the page can see their packets, this reads them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rvoip_rtp_core::RtpPacket;
use rvoip_rtp_core::event::{EventReceiver, EventReport};
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::RtcRtpReceiver;

use super::call::Call;
use crate::clock;
use crate::media::MediaHappened;
use crate::web::js::{describe, has_method, sleep};

/// The browser's telephone events; at another rate only the durations are told wrong.
const CLOCK_RATE: u32 = 8_000;
/// A key whose end was lost is over by then.
const LOST: Duration = Duration::from_millis(300);
/// More than any packet of events has.
const MAXIMUM_PAYLOAD: usize = 64;

/// What the page calls with each packet of events.
pub(super) type OnKey = Closure<dyn FnMut(Vec<u8>, u32)>;

/// Lets the page tell of key presses, if it can.
pub(super) fn watch(call: &Rc<Call>, receiver: &RtcRtpReceiver) -> Option<OnKey> {
    let page: &JsValue = call.platform.as_ref();
    if !has_method(page, "watchKeys") {
        return None;
    }
    let keys = Rc::new(RefCell::new(EventReceiver::new(CLOCK_RATE)));
    let of = Rc::downgrade(call);
    let on_key = OnKey::new(move |payload: Vec<u8>, timestamp: u32| {
        let Some(call) = of.upgrade() else { return };
        let bytes = packet(&payload, timestamp);
        let Ok(packet) = RtpPacket::parse(&bytes) else { return };
        keys.borrow_mut().received(clock::now(), &packet);
        report(&call, &keys);
        if keys.borrow().timeout().is_some() {
            let keys = Rc::clone(&keys);
            spawn_local(async move {
                sleep(LOST).await;
                keys.borrow_mut().handle_timeout(clock::now());
                report(&call, &keys);
            });
        }
    });
    match call.platform.watch_keys(call.key.0, receiver, &on_key) {
        Ok(()) => Some(on_key),
        Err(error) => {
            tracing::debug!(call = call.key.0, reason = describe(&error), "the page sees no key presses");
            None
        }
    }
}

fn report(call: &Call, keys: &RefCell<EventReceiver>) {
    while let Some(event) = keys.borrow_mut().poll() {
        if let EventReport::DigitEnded { digit, duration } = event {
            call.happened(MediaHappened::DigitReceived { digit: digit.as_char(), duration });
        }
    }
}

/// The page gives payload and timestamp; of the rest of the packet the receiver needs nothing.
fn packet(payload: &[u8], timestamp: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, 0, 0, 0];
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload.iter().take(MAXIMUM_PAYLOAD));
    bytes
}
