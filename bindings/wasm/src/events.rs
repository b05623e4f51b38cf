//! Listeners.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt as _;
use futures::future::{AbortHandle, abortable};
use js_sys::Promise;
use rvoip::Events;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::promise::run;
use crate::value::to_js;

/// The events of a client, an account or a call.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawEvents {
    events: Rc<Events>,
    waiting: RefCell<Option<AbortHandle>>,
}

impl From<Events> for RawEvents {
    fn from(events: Events) -> Self {
        Self { events: Rc::new(events), waiting: RefCell::default() }
    }
}

#[wasm_bindgen]
impl RawEvents {
    /// Waits until there are events (true), or none will ever come (false); takes none. To be asked again when it is over.
    pub fn ready(&self) -> Promise {
        let events = Rc::clone(&self.events);
        let (ready, waiting) = abortable(async move { events.ready().await });
        self.waiting.replace(Some(waiting));
        run(None, Box::pin(ready.map(|more| Ok(more.unwrap_or(false).into()))))
    }

    /// Takes the events that are there.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&self) -> JsValue {
        to_js(&self.events.take_events())
    }
}

impl Drop for RawEvents {
    fn drop(&mut self) {
        // Whoever waits would keep the listener.
        if let Some(waiting) = self.waiting.take() {
            waiting.abort();
        }
    }
}
