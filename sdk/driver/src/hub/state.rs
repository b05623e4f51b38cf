//! What is behind the lock: the machine, and those who wait for it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
#[cfg(not(target_arch = "wasm32"))]
use std::thread::ThreadId;

use rvoip_sans_io::{Input, Instant, Machine, Map, Output, Token};

use super::listener::Queue;
use super::{Hosted, Refusal};
use crate::clock::Clock;
use crate::drive::IoOutput;

/// A command that was submitted.
pub(super) struct Waiting<M: Machine> {
    pub(super) waker: Option<Waker>,
    pub(super) result: Option<Result<M::Reply, M::Error>>,
}

pub(super) struct State<M: Machine> {
    pub(super) clock: Clock,
    /// None once it panicked.
    pub(super) machine: Option<M>,
    pub(super) failure: Option<String>,
    pub(super) closed: bool,
    pub(super) commands: Map<Token, Waiting<M>>,
    pub(super) last_token: u64,
    pub(super) listeners: Map<u64, Queue<M>>,
    pub(super) last_listener: u64,
    pub(super) outputs: VecDeque<IoOutput<M>>,
    /// The loop has carried out all that the machine wanted.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) is_carried: bool,
    /// The thread of the loop, where it has one of its own.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) thread: Option<ThreadId>,
    pub(super) timeout: Option<Instant>,
    pub(super) driver: Option<Waker>,
    /// Who is to be woken as soon as the lock is free.
    pub(super) wake: Vec<Waker>,
    /// Wakers that were replaced. To drop one may drop a task, and with it a completion that wants the lock.
    pub(super) stale: Vec<Waker>,
}

impl<M: Hosted> State<M> {
    pub(super) fn new(machine: M, clock: Clock) -> Self {
        Self {
            clock,
            machine: Some(machine),
            failure: None,
            closed: false,
            commands: Map::new(),
            last_token: 0,
            listeners: Map::new(),
            last_listener: 0,
            outputs: VecDeque::new(),
            #[cfg(not(target_arch = "wasm32"))]
            is_carried: true,
            #[cfg(not(target_arch = "wasm32"))]
            thread: None,
            timeout: None,
            driver: None,
            wake: Vec::new(),
            stale: Vec::new(),
        }
    }

    pub(super) fn most_commands(&self) -> usize {
        self.machine.as_ref().map_or(0, Hosted::most_commands)
    }

    pub(super) fn snapshot(&mut self) -> Vec<M::Event> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let Ok(events) = catch_unwind(AssertUnwindSafe(|| machine.snapshot(false))) else {
            self.fail();
            return Vec::new();
        };
        events
    }

    /// Gives the machine an input and takes its outputs; a panic ends it. The clock is read under the lock, so that time
    /// never goes back for the machine, whoever calls.
    pub(super) fn feed(&mut self, input: Input<'_, M>) {
        let Some(machine) = &mut self.machine else { return };
        let now = self.clock.now();
        let fed = catch_unwind(AssertUnwindSafe(|| machine.handle_input(now, input)));
        self.settle(fed.is_ok());
    }

    pub(super) fn fire(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        let now = self.clock.now();
        let fired = catch_unwind(AssertUnwindSafe(|| machine.handle_timeout(now)));
        self.settle(fired.is_ok());
    }

    pub(super) fn settle(&mut self, sound: bool) {
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
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.is_carried &= self.outputs.is_empty();
        }
        self.wake.extend(self.driver.take());
    }

    pub(super) fn complete(&mut self, token: Token, result: Result<M::Reply, M::Error>) {
        // Whoever withdrew the command does not wait for it any more.
        if let Some(waiting) = self.commands.get_mut(&token) {
            waiting.result = Some(result);
            self.wake.extend(waiting.waker.take());
        }
    }

    pub(super) fn tell(&mut self, event: &M::Event) {
        for queue in self.listeners.values_mut() {
            queue.push(event, &mut self.wake);
        }
    }

    pub(super) fn end(&mut self) {
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

    pub(super) fn fail(&mut self) {
        let reason = "an internal error ended the client";
        tracing::error!("a machine or its loop panicked");
        self.failure = Some(reason.to_owned());
        self.abandon(reason);
    }

    /// The machine goes before it is closed; all who wait are told.
    pub(super) fn abandon(&mut self, reason: &str) {
        let machine = self.machine.take();
        // What panicked once may do so again while it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(machine)));
        self.outputs.clear();
        self.timeout = None;
        self.tell(&M::failed(reason));
        self.end();
    }
}
