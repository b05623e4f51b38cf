//! The one timer of a loop.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rvoip_sans_io::Instant;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{Closure, JsValue};

use super::js::{clear_timeout, milliseconds, set_timeout};
use crate::clock;

/// Fires at the moment that it was asked for last.
pub(super) struct Timer {
    set: Option<(Instant, JsValue)>,
    waker: Rc<RefCell<Option<Waker>>>,
    fire: Closure<dyn FnMut()>,
}

impl Default for Timer {
    fn default() -> Self {
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let woken = Rc::clone(&waker);
        let fire = Closure::new(move || {
            let waker = woken.borrow_mut().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        Self { set: None, waker, fire }
    }
}

impl Timer {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<()> {
        let Some(at) = timeout else {
            self.clear();
            return Poll::Pending;
        };
        let wait = clock::until(at);
        if wait.is_zero() {
            self.clear();
            return Poll::Ready(());
        }
        let fired = self.waker.borrow_mut().replace(cx.waker().clone()).is_none();
        // A page that sleeps, or a moment beyond what a timer can count, makes it fire early: it is set again.
        if fired || self.set.as_ref().is_none_or(|(set, _)| *set != at) {
            self.clear();
            let id = set_timeout(self.fire.as_ref().unchecked_ref(), milliseconds(wait));
            self.set = Some((at, id));
            *self.waker.borrow_mut() = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn clear(&mut self) {
        if let Some((_, id)) = self.set.take() {
            clear_timeout(&id);
        }
        *self.waker.borrow_mut() = None;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
