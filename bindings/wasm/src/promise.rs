//! Futures as promises.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::future::{Either, select};
use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use crate::value::{thrown, to_js};

type Verb = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// A verb of the facade. It is submitted when this returns; the signal withdraws it.
pub(crate) fn promise<T: Serialize>(
    signal: Option<AbortSignal>,
    verb: impl Future<Output = rvoip::Result<T>> + 'static,
) -> Promise {
    // Of one shape for all verbs, so that what follows is compiled once.
    run(
        signal,
        Box::pin(async move {
            match verb.await {
                Ok(reply) => Ok(to_js(&reply)),
                Err(error) => Err(thrown(&error)),
            }
        }),
    )
}

pub(crate) fn run(signal: Option<AbortSignal>, mut verb: Verb) -> Promise {
    if let Some(signal) = &signal
        && signal.aborted()
    {
        return Promise::reject(&signal.reason());
    }
    match verb.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(value)) => Promise::resolve(&value),
        Poll::Ready(Err(error)) => Promise::reject(&error),
        Poll::Pending => match signal {
            Some(signal) => future_to_promise(abortable(signal, verb)),
            None => future_to_promise(verb),
        },
    }
}

/// The verb, until its signal is aborted: then it is dropped, which withdraws the command.
async fn abortable(signal: AbortSignal, verb: Verb) -> Result<JsValue, JsValue> {
    let mut abort = None;
    let aborted = Promise::new(&mut |resolve: Function, _| {
        abort = Some(Closure::<dyn FnMut()>::new(move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }));
    });
    if let Some(abort) = &abort {
        signal.add_event_listener_with_callback("abort", abort.as_ref().unchecked_ref())?;
    }
    let outcome = match select(verb, JsFuture::from(aborted)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(signal.reason()),
    };
    if let Some(abort) = &abort {
        signal.remove_event_listener_with_callback("abort", abort.as_ref().unchecked_ref())?;
    }
    outcome
}
