//! The way from the threads of clients to the interpreter.
//!
//! Whoever has to tell something queues it and goes on. One thread waits for the interpreter, and then carries everything
//! over that has come together. It leaves before the interpreter ends: a thread that asks for an interpreter which is
//! ending is ended itself, in the midst of what it does.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use arc_swap::ArcSwapOption;
use pyo3::prelude::*;
use rvoip::{ErrorKind, WireEntry};

use crate::log::{self, Record};
use crate::value::thrown;
use crate::verb::Running;

/// How many log records and wire entries wait at most; what comes on top is counted.
const MOST_TOLD: usize = 8_192;

/// Of the process that runs. A process that was forked has another one: without locks, since they could be held for ever.
static BRIDGE: ArcSwapOption<Bridge> = ArcSwapOption::const_empty();

struct Bridge {
    process: u32,
    queue: Mutex<Queue>,
    filled: Condvar,
}

#[derive(Default)]
struct Queue {
    verbs: Vec<Arc<Running>>,
    told: VecDeque<Told>,
    /// What there was no room for.
    missed: u64,
    /// Whether there is a thread that carries.
    is_carried: bool,
    /// Whether that thread is asked to leave.
    is_ending: bool,
    /// How many threads of the interpreter are inside this module.
    inside: u32,
    /// The thread that ends the interpreter, once it does; no other is let in.
    last: Option<ThreadId>,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.verbs.is_empty() && self.told.is_empty()
    }

    fn take(&mut self) -> (Vec<Arc<Running>>, VecDeque<Told>, u64) {
        (std::mem::take(&mut self.verbs), std::mem::take(&mut self.told), std::mem::take(&mut self.missed))
    }
}

/// Something that is told and not answered.
pub(crate) enum Told {
    /// For `logging`.
    Record(Record),
    /// For a wire tap.
    Wire(Box<WireEntry>, Arc<Tap>),
}

/// A wire tap: a callable, and the loop that it is called on.
pub(crate) struct Tap {
    pub(crate) event_loop: Py<PyAny>,
    pub(crate) see: Py<PyAny>,
}

/// Held while a thread of the interpreter is inside this module: none is left there when the interpreter ends.
pub(crate) struct Inside(Option<Arc<Bridge>>);

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(bridge) = &self.0 {
            let mut queue = bridge.queue();
            queue.inside -= 1;
            if queue.is_ending {
                bridge.filled.notify_all();
            }
        }
    }
}

/// Lets a thread in, unless the interpreter ends and another thread is to end it.
pub(crate) fn enter() -> Option<Inside> {
    // What a forked process has of its parent is not to be touched.
    let Some(bridge) = BRIDGE.load_full().filter(|bridge| bridge.process == std::process::id()) else {
        return Some(Inside(None));
    };
    let mut queue = bridge.queue();
    if queue.last.is_some_and(|last| last != std::thread::current().id()) {
        return None;
    }
    queue.inside += 1;
    drop(queue);
    Some(Inside(Some(bridge)))
}

/// Makes sure that this process has a bridge, and somebody who carries. Called with the interpreter held, before anything
/// is begun.
pub(crate) fn open(py: Python<'_>) -> PyResult<()> {
    let process = std::process::id();
    if let Some(bridge) = &*BRIDGE.load()
        && bridge.process == process
    {
        return bridge.start(py);
    }
    let bridge = Arc::new(Bridge { process, queue: Mutex::default(), filled: Condvar::new() });
    bridge.start(py)?;
    // The old one is its parent's: its lock may be held for ever.
    std::mem::forget(BRIDGE.swap(Some(bridge)));
    Ok(())
}

/// Called when the interpreter is about to end: carries over what waits, and nothing more until something is begun again.
#[pyfunction]
fn leave(py: Python<'_>) {
    if let Some(bridge) = &*BRIDGE.load()
        && bridge.process == std::process::id()
    {
        py.detach(|| bridge.end());
        bridge.deliver(py);
    }
}

/// Has a verb take its next step.
pub(crate) fn wake(verb: Arc<Running>) {
    if let Some(bridge) = &*BRIDGE.load() {
        bridge.queue().verbs.push(verb);
        bridge.filled.notify_one();
    }
}

/// Tells something, if there is room.
pub(crate) fn tell(told: Told) {
    if let Some(bridge) = &*BRIDGE.load() {
        let mut queue = bridge.queue();
        if queue.told.len() < MOST_TOLD {
            queue.told.push_back(told);
            bridge.filled.notify_one();
        } else {
            queue.missed += 1;
        }
    }
}

/// Carries over what waits, at once.
#[cfg(feature = "harness")]
pub(crate) fn deliver(py: Python<'_>) {
    if let Some(bridge) = &*BRIDGE.load() {
        bridge.deliver(py);
    }
}

impl Bridge {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread, unless it runs.
    fn start(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        if std::mem::replace(&mut self.queue().is_carried, true) {
            return Ok(());
        }
        let carried = Arc::clone(self);
        // tidy: thread: Python's lock may be waited for long, which no thread of a client may do
        let started = std::thread::Builder::new()
            .name("rvoip-python".to_owned())
            .spawn(move || carried.carry())
            .map_err(|error| {
                thrown(&ErrorKind::Internal.error(format!("a thread cannot be started: {error}")))
            });
        if let Err(error) = started {
            self.queue().is_carried = false;
            return Err(error);
        }
        py.import("atexit")?.call_method1("register", (wrap_pyfunction!(leave, py)?,)).map(drop)
    }

    /// Waits, without the interpreter, until the thread has left, and everybody else too.
    fn end(&self) {
        let mut queue = self.queue();
        queue.is_ending = true;
        queue.last = Some(std::thread::current().id());
        self.filled.notify_all();
        while queue.is_carried || queue.inside > 0 {
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.is_ending = false;
    }

    /// The thread: waits for something to carry, then for the interpreter, until it is to leave.
    fn carry(&self) {
        loop {
            let mut queue = self.queue();
            while queue.is_empty() && !queue.is_ending {
                queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            if queue.is_ending {
                queue.is_carried = false;
                self.filled.notify_all();
                return;
            }
            drop(queue);
            // Taken out only now: whoever holds the interpreter meanwhile can deliver everything.
            if Python::try_attach(|py| self.deliver(py)).is_none() {
                return;
            }
        }
    }

    fn deliver(&self, py: Python<'_>) {
        let (verbs, told, missed) = self.queue().take();
        // What led to a completion was told before it, and is seen before it.
        for told in told {
            let done = match told {
                Told::Record(record) => record.hand_over(py),
                Told::Wire(entry, tap) => tap.hand_over(py, &entry),
            };
            if let Err(error) = done {
                error.write_unraisable(py, None);
            }
        }
        if missed > 0
            && let Err(error) = Record::missed(missed).hand_over(py)
        {
            error.write_unraisable(py, None);
        }
        for verb in verbs {
            verb.schedule(py);
        }
        log::refresh(py);
    }
}

impl Tap {
    fn hand_over(&self, py: Python<'_>, entry: &WireEntry) -> PyResult<()> {
        let WireEntry { time, incoming, flow, protocol, local, remote, text } = entry;
        let (flow, protocol) = (format!("{flow:?}"), protocol.to_string());
        let (local, remote) = (local.to_string(), remote.to_string());
        let fields = (&self.see, time.as_secs_f64(), *incoming, flow, protocol, local, remote, text);
        let event_loop = self.event_loop.bind(py);
        if !event_loop.call_method0("is_closed")?.is_truthy()? {
            event_loop.call_method1("call_soon_threadsafe", fields)?;
        }
        Ok(())
    }
}
