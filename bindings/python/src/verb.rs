//! Verbs as futures of asyncio.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::bridge;
use crate::owned::Owned;
use crate::value::thrown;

type Boxed = Pin<Box<dyn Future<Output = PyResult<Py<PyAny>>> + Send>>;

/// Begins a verb of the facade: its first step has happened when this returns. Cancelling the future drops the verb, which
/// withdraws its command.
pub(crate) fn begin<T, F>(
    py: Python<'_>,
    verb: F,
    give: fn(Python<'_>, T) -> PyResult<Py<PyAny>>,
) -> PyResult<Py<PyAny>>
where
    T: 'static,
    F: Future<Output = rvoip::Result<T>> + Send + 'static,
{
    // Of one shape for all verbs, so that what follows is compiled once.
    let boxed: Boxed = Box::pin(async move {
        match verb.await {
            Ok(reply) => Python::attach(|py| give(py, reply)),
            Err(error) => Err(thrown(&error)),
        }
    });
    start(py, boxed)
}

fn start(py: Python<'_>, verb: Boxed) -> PyResult<Py<PyAny>> {
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static WEAKLY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let Some(_inside) = bridge::enter() else {
        return Err(PyRuntimeError::new_err("the interpreter is ending"));
    };
    bridge::open(py)?;
    let event_loop = RUNNING_LOOP.import(py, "asyncio", "get_running_loop")?.call0()?;
    let promise = event_loop.call_method0(intern!(py, "create_future"))?;
    let running = Arc::new(Running {
        verb: Mutex::new(Some(Owned::new(verb))),
        event_loop: event_loop.unbind(),
        promise: WEAKLY.import(py, "weakref", "ref")?.call1((&promise,))?.unbind(),
        is_queued: AtomicBool::new(false),
    });
    running.step(py)?;
    if running.verb().is_some() {
        let settled = Settled(running);
        promise.call_method1(intern!(py, "add_done_callback"), (settled,))?;
    }
    Ok(promise.unbind())
}

/// A verb under way.
pub(crate) struct Running {
    verb: Mutex<Option<Owned<Boxed>>>,
    event_loop: Py<PyAny>,
    /// A weak reference: where the loop is gone and nobody waits any more, nobody else keeps it.
    promise: Py<PyAny>,
    /// Whether a step is on its way already.
    is_queued: AtomicBool,
}

impl Running {
    fn verb(&self) -> MutexGuard<'_, Option<Owned<Boxed>>> {
        self.verb.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls the verb, on its loop's thread, and settles the promise; a promise that is settled already was cancelled.
    fn step(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        self.is_queued.store(false, Ordering::Release);
        let promise = self.promise.bind(py).call0()?;
        if promise.is_none() || promise.call_method0(intern!(py, "done"))?.is_truthy()? {
            self.give_up();
            return Ok(());
        }
        let mut verb = self.verb();
        let waker = Waker::from(Arc::clone(self));
        let Some(polled) = verb.as_mut().and_then(Owned::get_mut) else { return Ok(()) };
        let Poll::Ready(outcome) = polled.as_mut().poll(&mut Context::from_waker(&waker)) else {
            return Ok(());
        };
        let complete = verb.take();
        drop(verb);
        drop(complete);
        match outcome {
            Ok(reply) => promise.call_method1(intern!(py, "set_result"), (reply,))?,
            Err(error) => promise.call_method1(intern!(py, "set_exception"), (error,))?,
        };
        Ok(())
    }

    /// Has the loop take the next step. A loop that is closed takes none: the verb is given up.
    pub(crate) fn schedule(self: &Arc<Self>, py: Python<'_>) {
        let step = Step(Arc::clone(self));
        let scheduled = self.event_loop.call_method1(py, intern!(py, "call_soon_threadsafe"), (step,));
        if scheduled.is_err() {
            self.give_up();
        }
    }

    /// Withdraws the verb.
    fn give_up(&self) {
        let given_up = self.verb().take();
        drop(given_up);
    }
}

impl Wake for Running {
    fn wake(self: Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            bridge::wake(self);
        }
    }
}

/// What the promise calls when it is settled. It goes with the promise, and the verb with it.
#[pyclass(frozen)]
struct Settled(Arc<Running>);

#[pymethods]
impl Settled {
    fn __call__(&self, py: Python<'_>, _promise: &Bound<'_, PyAny>) -> PyResult<()> {
        bridge::enter().map_or(Ok(()), |_inside| self.0.step(py))
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// What the loop calls to take a step.
#[pyclass(frozen)]
struct Step(Arc<Running>);

#[pymethods]
impl Step {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        bridge::enter().map_or(Ok(()), |_inside| self.0.step(py))
    }
}
