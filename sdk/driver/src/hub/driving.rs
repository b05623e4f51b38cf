//! The loop's side of a hub.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use rvoip_sans_io::{Input, Instant, Machine};

use super::Hosted;
#[cfg(feature = "harness")]
use super::listener::Queue;
use super::shared::Shared;
use crate::drive::{IoInput, IoOutput};

/// What the loop has to do.
pub(crate) struct Step<M: Machine> {
    pub(crate) outputs: VecDeque<IoOutput<M>>,
    pub(crate) timeout: Option<Instant>,
    pub(crate) closed: bool,
}

/// The loop's side of a hub. When it is dropped before the machine has closed, because the loop panicked or its runtime is
/// gone, all who wait are told.
pub struct Driving<M: Hosted> {
    shared: Arc<Shared<M>>,
}

impl<M: Hosted> Drop for Driving<M> {
    fn drop(&mut self) {
        self.shared.locked(|state| {
            if state.closed {
                return;
            }
            // A loop that never ran failed to start, and whoever started it is told why.
            if state.driver.is_some() {
                tracing::warn!("the loop of a machine ended before it");
            }
            state.abandon("the runtime of the client ended before it");
        });
        #[cfg(not(target_arch = "wasm32"))]
        self.shared.rest();
    }
}

impl<M: Hosted> std::fmt::Debug for Driving<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driving").finish_non_exhaustive()
    }
}

impl<M: Hosted> Driving<M> {
    pub(super) fn new(shared: Arc<Shared<M>>) -> Self {
        Self { shared }
    }

    /// Takes what is to be done; the waker is woken when there is more.
    pub(crate) fn step(&self, waker: &Waker) -> Step<M> {
        self.shared.locked(|state| {
            state.stale.extend(state.driver.replace(waker.clone()));
            Step { outputs: std::mem::take(&mut state.outputs), timeout: state.timeout, closed: state.closed }
        })
    }

    /// All that was taken is carried out: whoever waits for that goes on.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn rest(&self) {
        self.shared.rest();
    }

    /// The loop has a thread of its own, this one.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn has_thread(&self) {
        self.shared.locked(|state| state.thread = Some(std::thread::current().id()));
    }

    /// The loop panicked: the machine goes with it.
    #[cfg(any(not(target_arch = "wasm32"), feature = "harness"))]
    pub fn fail(&self) {
        self.shared.locked(|state| {
            if !state.closed {
                state.fail();
            }
        });
    }

    /// The loop ends before the machine, which is told to close: what it still wants done.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn leave(&self) -> VecDeque<IoOutput<M>> {
        self.shared.locked(|state| {
            if !state.closed {
                state.feed(Input::Close);
            }
            std::mem::take(&mut state.outputs)
        })
    }

    /// Gives the machine an input of its platform.
    pub(crate) fn input(&self, input: IoInput<M>) {
        self.shared.locked(|state| match input {
            IoInput::Received { flow, source, bytes } => {
                state.feed(Input::Received { flow, source, bytes: &bytes });
            }
            IoInput::FlowOpened(opened) => state.feed(Input::FlowOpened(opened)),
            IoInput::FlowFailed { flow, reason } => state.feed(Input::FlowFailed { flow, reason }),
            IoInput::Dns(id, answer) => state.feed(Input::Dns(id, answer)),
            IoInput::Media(report) => state.feed(Input::Media(report)),
            IoInput::Timeout => state.fire(),
        });
    }
}

#[cfg(feature = "harness")]
impl<M: Hosted> Driving<M> {
    /// Takes what is to be carried out, and when the machine wants to be called.
    pub fn take(&self) -> (VecDeque<IoOutput<M>>, Option<Instant>) {
        let step = self.step(Waker::noop());
        (step.outputs, step.timeout)
    }

    /// Gives the machine an input.
    pub fn give(&self, input: IoInput<M>) {
        self.input(input);
    }

    /// What waits: events that no listener took, commands that are not complete.
    pub fn waiting(&self) -> (usize, usize) {
        self.shared.locked(|state| {
            let events = state.listeners.values().map(Queue::len).sum();
            let commands = state.commands.values().filter(|command| command.result.is_none()).count();
            (events, commands)
        })
    }

    /// How many commands were ever submitted.
    pub fn submitted(&self) -> u64 {
        self.shared.locked(|state| state.last_token)
    }
}
