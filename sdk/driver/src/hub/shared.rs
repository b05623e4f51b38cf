//! What is behind the lock.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use rvoip_sans_io::{Input, Instant, Machine, Map, Output, Token};

use super::listener::Queue;
use super::{Hosted, Refusal};
use crate::clock::Clock;
use crate::drive::{IoInput, IoOutput};

/// A command that was submitted.
struct Waiting<M: Machine> {
    waker: Option<Waker>,
    result: Option<Result<M::Reply, M::Error>>,
}

struct State<M: Machine> {
    clock: Clock,
    /// None once it panicked.
    machine: Option<M>,
    failure: Option<String>,
    closed: bool,
    commands: Map<Token, Waiting<M>>,
    last_token: u64,
    pub(super) listeners: Map<u64, Queue<M>>,
    last_listener: u64,
    outputs: VecDeque<IoOutput<M>>,
    timeout: Option<Instant>,
    driver: Option<Waker>,
    /// Who is to be woken as soon as the lock is free.
    wake: Vec<Waker>,
    /// Wakers that were replaced. To drop one may drop a task, and with it a completion that wants the lock.
    stale: Vec<Waker>,
}

pub(super) struct Shared<M: Machine>(Mutex<State<M>>);

/// What the loop has to do.
pub(crate) struct Step<M: Machine> {
    pub(crate) outputs: VecDeque<IoOutput<M>>,
    pub(crate) timeout: Option<Instant>,
    pub(crate) closed: bool,
}

impl<M: Hosted> Shared<M> {
    pub(super) fn new(machine: M, clock: Clock) -> Self {
        Self(Mutex::new(State {
            clock,
            machine: Some(machine),
            failure: None,
            closed: false,
            commands: Map::new(),
            last_token: 0,
            listeners: Map::new(),
            last_listener: 0,
            outputs: VecDeque::new(),
            timeout: None,
            driver: None,
            wake: Vec::new(),
            stale: Vec::new(),
        }))
    }

    /// Does something under the lock, and wakes those it concerns when the lock is free again.
    fn locked<T>(&self, action: impl FnOnce(&mut State<M>) -> T) -> T {
        let (result, wake, _stale) = {
            // A panic under the lock was caught and noted before the lock could be poisoned.
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let result = action(&mut state);
            (result, std::mem::take(&mut state.wake), std::mem::take(&mut state.stale))
        };
        for waker in wake {
            waker.wake();
        }
        result
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&M) -> T) -> Option<T> {
        self.locked(|state| state.machine.as_ref().map(read))
    }

    pub(super) fn close(&self) {
        self.locked(|state| {
            if !state.closed {
                state.feed(Input::Close);
            }
        });
    }

    /// Submits a command. `Ok(None)`: it is not complete yet.
    pub(super) fn submit(
        &self,
        command: M::Command,
        waker: &Waker,
    ) -> Result<Token, Result<M::Reply, M::Error>> {
        self.locked(|state| {
            if let Some(reason) = &state.failure {
                return Err(Err(M::refused(Refusal::Internal(reason.clone()))));
            }
            if state.closed {
                return Err(Err(M::refused(Refusal::Closed)));
            }
            if !M::is_always_taken(&command) && state.commands.len() >= state.most_commands() {
                return Err(Err(M::refused(Refusal::Busy)));
            }
            state.last_token += 1;
            let token = Token(state.last_token);
            state.commands.insert(token, Waiting { waker: None, result: None });
            state.feed(Input::Command(token, command));
            let Some(waiting) = state.commands.get_mut(&token) else { return Ok(token) };
            if let Some(result) = waiting.result.take() {
                state.commands.remove(&token);
                return Err(result);
            }
            waiting.waker = Some(waker.clone());
            Ok(token)
        })
    }

    /// Takes a completion, or leaves a waker for it.
    pub(super) fn completed(&self, token: Token, waker: &Waker) -> Option<Result<M::Reply, M::Error>> {
        self.locked(|state| {
            let waiting = state.commands.get_mut(&token)?;
            if let Some(result) = waiting.result.take() {
                state.commands.remove(&token);
                return Some(result);
            }
            state.stale.extend(waiting.waker.replace(waker.clone()));
            None
        })
    }

    /// Nobody waits for a command any more. One that is complete already has a reply that nobody took, which goes back.
    pub(super) fn withdraw(&self, token: Token) {
        // What the command left behind is dropped when the lock is free.
        let _left = self.locked(|state| {
            let Waiting { waker, result } = state.commands.remove(&token)?;
            match result {
                None => state.feed(Input::Cancel(token)),
                Some(Ok(reply)) if !state.closed => state.feed(Input::Returned(token, reply)),
                Some(unheard) => return Some((waker, Some(unheard))),
            }
            Some((waker, None))
        });
    }

    pub(super) fn listen(&self, queue: impl FnOnce(Vec<M::Event>, bool) -> Queue<M>) -> u64 {
        self.locked(|state| {
            state.last_listener += 1;
            let snapshot = state.snapshot();
            let queue = queue(snapshot, state.closed);
            state.listeners.insert(state.last_listener, queue);
            state.last_listener
        })
    }

    pub(super) fn forget_listener(&self, id: u64) {
        self.locked(|state| state.listeners.remove(&id));
    }

    /// Does something with a listener's queue.
    pub(super) fn with_queue<T>(
        &self,
        id: u64,
        action: impl FnOnce(&mut Queue<M>, Option<&M>) -> T,
    ) -> Option<T> {
        self.locked(|state| {
            let machine = state.machine.as_ref();
            let queue = state.listeners.get_mut(&id)?;
            let done = catch_unwind(AssertUnwindSafe(|| action(queue, machine)));
            if done.is_err() {
                state.fail();
            }
            done.ok()
        })
    }
}

impl<M: Hosted> State<M> {
    fn most_commands(&self) -> usize {
        self.machine.as_ref().map_or(0, Hosted::most_commands)
    }

    fn snapshot(&mut self) -> Vec<M::Event> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let Ok(events) = catch_unwind(AssertUnwindSafe(|| machine.snapshot())) else {
            self.fail();
            return Vec::new();
        };
        events
    }

    /// Gives the machine an input and takes its outputs; a panic ends it. The clock is read under the lock, so that time
    /// never goes back for the machine, whoever calls.
    fn feed(&mut self, input: Input<'_, M>) {
        let Some(machine) = &mut self.machine else { return };
        let now = self.clock.now();
        let fed = catch_unwind(AssertUnwindSafe(|| machine.handle_input(now, input)));
        self.settle(fed.is_ok());
    }

    fn fire(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        let now = self.clock.now();
        let fired = catch_unwind(AssertUnwindSafe(|| machine.handle_timeout(now)));
        self.settle(fired.is_ok());
    }

    fn settle(&mut self, sound: bool) {
        if !sound {
            return self.fail();
        }
        loop {
            let Some(machine) = &mut self.machine else { return };
            let Ok(output) = catch_unwind(AssertUnwindSafe(|| machine.poll_output())) else {
                return self.fail();
            };
            match output {
                Output::Transmit(transmit) => self.outputs.push_back(IoOutput::Transmit(transmit)),
                Output::OpenFlow(open) => self.outputs.push_back(IoOutput::OpenFlow(open)),
                Output::CloseFlow(flow) => self.outputs.push_back(IoOutput::CloseFlow(flow)),
                Output::Dns(id, question) => self.outputs.push_back(IoOutput::Dns(id, question)),
                Output::Media(request) => self.outputs.push_back(IoOutput::Media(request)),
                Output::Done(token, result) => self.complete(token, result),
                Output::Event(event) => self.tell(&event),
                Output::Closed => self.end(),
                Output::Timeout(at) => {
                    self.timeout = at;
                    break;
                }
            }
        }
        self.wake.extend(self.driver.take());
    }

    fn complete(&mut self, token: Token, result: Result<M::Reply, M::Error>) {
        // Whoever withdrew the command does not wait for it any more.
        if let Some(waiting) = self.commands.get_mut(&token) {
            waiting.result = Some(result);
            self.wake.extend(waiting.waker.take());
        }
    }

    fn tell(&mut self, event: &M::Event) {
        for queue in self.listeners.values_mut() {
            queue.push(event, &mut self.wake);
        }
    }

    fn end(&mut self) {
        self.closed = true;
        let open: Vec<Token> = self.commands.keys().copied().collect();
        for token in open {
            if self.commands.get(&token).is_some_and(|waiting| waiting.result.is_none()) {
                let refusal = self.failure.clone().map_or(Refusal::Closed, Refusal::Internal);
                self.complete(token, Err(M::refused(refusal)));
            }
        }
        for queue in self.listeners.values_mut() {
            queue.end(&mut self.wake);
        }
        self.wake.extend(self.driver.take());
    }

    fn fail(&mut self) {
        let reason = "an internal error ended the client";
        tracing::error!("a machine panicked");
        let broken = self.machine.take();
        // What panicked once may do so again while it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
        self.failure = Some(reason.to_owned());
        self.outputs.clear();
        self.tell(&M::failed(reason));
        self.end();
    }
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
            if std::thread::panicking() {
                state.failure = Some("an internal error ended the client".to_owned());
            }
            state.outputs.clear();
            state.end();
        });
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
