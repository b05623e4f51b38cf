//! Futures as promises.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::future_to_promise;
use web_sys::AbortSignal;

use crate::value::{thrown, to_js};

/// A verb of the facade, of one shape for all, so that what follows is compiled once.
pub(crate) type Verb = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// A verb, whose reply becomes a value of JavaScript.
pub(crate) fn reply<T: Serialize>(verb: impl Future<Output = rvoip::Result<T>> + 'static) -> Verb {
    Box::pin(async move {
        match verb.await {
            Ok(reply) => Ok(to_js(&reply)),
            Err(error) => Err(thrown(&error)),
        }
    })
}

/// Runs a verb: its first step has happened when this returns.
pub(crate) fn run(signal: Option<AbortSignal>, mut verb: Verb) -> Promise {
    match verb.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(value)) => Promise::resolve(&value),
        Poll::Ready(Err(error)) => Promise::reject(&error),
        Poll::Pending => match signal {
            Some(signal) => match Abortable::new(signal, verb) {
                Ok(abortable) => future_to_promise(abortable),
                Err(error) => Promise::reject(&error),
            },
            None => future_to_promise(verb),
        },
    }
}

/// A verb until its signal is aborted: then it is dropped, which withdraws the command.
struct Abortable {
    signal: AbortSignal,
    verb: Verb,
    waker: Rc<RefCell<Option<Waker>>>,
    aborted: Closure<dyn FnMut()>,
}

impl fmt::Debug for Abortable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abortable").finish_non_exhaustive()
    }
}

impl Abortable {
    /// Listens from now on: whoever aborts before the next step of the verb is heard as well.
    fn new(signal: AbortSignal, verb: Verb) -> Result<Self, JsValue> {
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let woken = Rc::clone(&waker);
        let aborted = Closure::<dyn FnMut()>::new(move || {
            let waker = woken.borrow_mut().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        signal.add_event_listener_with_callback("abort", aborted.as_ref().unchecked_ref())?;
        Ok(Self { signal, verb, waker, aborted })
    }
}

impl Future for Abortable {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<JsValue, JsValue>> {
        if self.signal.aborted() {
            return Poll::Ready(Err(self.signal.reason()));
        }
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        self.verb.as_mut().poll(cx)
    }
}

impl Drop for Abortable {
    fn drop(&mut self) {
        let listener = self.aborted.as_ref().unchecked_ref();
        // A signal that we listen to can be listened to no more.
        let _ = self.signal.remove_event_listener_with_callback("abort", listener);
    }
}
