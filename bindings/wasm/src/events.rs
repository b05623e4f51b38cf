//! Listeners.

use std::rc::Rc;

use js_sys::Promise;
use rvoip::Events;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::promise::run;
use crate::value::to_js;

/// The events of a client, an account or a call.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawEvents(Rc<Events>);

impl From<Events> for RawEvents {
    fn from(events: Events) -> Self {
        Self(Rc::new(events))
    }
}

#[wasm_bindgen]
impl RawEvents {
    /// Waits until there are events (true), or none will ever come (false); takes none.
    pub fn ready(&self) -> Promise {
        let events = Rc::clone(&self.0);
        run(None, Box::pin(async move { Ok(events.ready().await.into()) }))
    }

    /// Takes the events that are there.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&self) -> JsValue {
        to_js(&self.0.take_events())
    }
}
