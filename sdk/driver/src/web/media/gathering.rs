//! The browser's candidates, which are told with the description that they belong to.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::prelude::{Closure, JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcPeerConnection;

use super::descriptions::user_name;
use crate::web::js::{resolved_within, string};

/// How long candidates are gathered at most: what is there by then is told.
const AT_MOST: Duration = Duration::from_secs(3);
/// Generations of candidates that are remembered; a rollback brings the last one back.
const GENERATIONS: usize = 4;

#[derive(Debug)]
pub(super) struct Gathering {
    state: Rc<State>,
    /// The ICE user names whose candidates are there.
    gathered: RefCell<Vec<String>>,
    _on_change: Closure<dyn FnMut()>,
}

#[derive(Debug, Default)]
struct State {
    complete: Cell<bool>,
    waiting: RefCell<Option<Function>>,
}

impl Gathering {
    pub(super) fn of(connection: &RtcPeerConnection) -> Self {
        let state = Rc::new(State::default());
        let (watched, told) = (connection.clone(), Rc::clone(&state));
        let on_change = Closure::<dyn FnMut()>::new(move || {
            if string(&watched, "iceGatheringState").as_deref() == Some("complete") {
                told.complete.set(true);
                if let Some(waiting) = told.waiting.take() {
                    let _ = waiting.call0(&JsValue::UNDEFINED);
                }
            }
        });
        connection.set_onicegatheringstatechange(Some(on_change.as_ref().unchecked_ref()));
        Self { state, gathered: RefCell::default(), _on_change: on_change }
    }

    /// A description is about to be set. The state that the browser shows right after that is still the one before.
    pub(super) fn begin(&self) {
        self.state.complete.set(false);
    }

    /// Waits until the candidates of this description are there, or long enough. False if they were before.
    pub(super) async fn gather(&self, description: &str) -> bool {
        let name = user_name(description);
        {
            let mut gathered = self.gathered.borrow_mut();
            if gathered.iter().any(|known| known == name) {
                return false;
            }
            gathered.truncate(GENERATIONS - 1);
            gathered.insert(0, name.to_owned());
        }
        if !self.state.complete.get() {
            let complete =
                resolved_within(AT_MOST, |resolve| drop(self.state.waiting.replace(Some(resolve))));
            let _ = JsFuture::from(complete).await;
        }
        true
    }
}
