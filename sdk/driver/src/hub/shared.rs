//! The lock, and what callers do under it.

use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(not(target_arch = "wasm32"))]
use std::sync::Condvar;
use std::sync::{Mutex, PoisonError};
use std::task::Waker;
#[cfg(not(target_arch = "wasm32"))]
use std::time::Duration;

use rvoip_sans_io::{Input, Machine, Token};

use super::listener::Queue;
use super::state::{State, Waiting};
use super::{Hosted, Refusal};
use crate::clock::Clock;

/// How long the drop of the last handle waits at most until the loop has sent what closing wants sent.
#[cfg(not(target_arch = "wasm32"))]
const CARRY: Duration = Duration::from_millis(250);

pub(super) struct Shared<M: Machine> {
    state: Mutex<State<M>>,
    /// Tells that the loop has carried out what it took.
    #[cfg(not(target_arch = "wasm32"))]
    rested: Condvar,
}

impl<M: Hosted> Shared<M> {
    pub(super) fn new(machine: M, clock: Clock) -> Self {
        Self {
            state: Mutex::new(State::new(machine, clock)),
            #[cfg(not(target_arch = "wasm32"))]
            rested: Condvar::new(),
        }
    }

    /// Does something under the lock, and wakes those it concerns when the lock is free again.
    pub(super) fn locked<T>(&self, action: impl FnOnce(&mut State<M>) -> T) -> T {
        let (result, wake, _stale) = {
            // A panic under the lock was caught and noted before the lock could be poisoned.
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Closes the machine for the last one who could. A loop with a thread of its own may end with the program at any
    /// moment: what closing wants sent leaves before this returns.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn close_and_carry(&self) {
        self.close();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.thread.is_none_or(|thread| thread == std::thread::current().id()) {
            return;
        }
        // In vain if the loop is stuck, or takes that long to get its turn.
        let _ = self.rested.wait_timeout_while(state, CARRY, |state| !state.is_carried);
    }

    /// The loop has carried out what it took.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn rest(&self) {
        self.locked(|state| state.is_carried = state.outputs.is_empty());
        self.rested.notify_all();
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
