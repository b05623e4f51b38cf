//! One machine behind one lock, with those who wait for it.

mod completion;
mod driving;
mod listener;
mod shared;
mod state;

use std::sync::Arc;

use rvoip_sans_io::Machine;

use crate::clock::Clock;

pub use completion::Completion;
pub use driving::Driving;
pub use listener::{Listener, Ready};
use shared::Shared;

/// Why a hub does not take a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many commands wait for their completion.
    Busy,
    /// The machine is closed.
    Closed,
    /// The machine failed: a fault of this program.
    Internal(String),
}

/// A machine that a [`Hub`] can host.
pub trait Hosted: Machine<Event: Clone> {
    /// What tells a new listener how things stand; one that lost events also hears what ended lately.
    fn snapshot(&self, lost: bool) -> Vec<Self::Event>;

    /// The event that says how many others a listener lost.
    fn lagged(missed: u32) -> Self::Event;

    /// Events with the same key replace one another in a listener's queue: levels and statistics.
    fn coalescing(event: &Self::Event) -> Option<u64>;

    /// How many commands may wait for their completion at once; a further one is refused.
    fn most_commands(&self) -> usize;

    /// Whether a command is taken however many wait, because it ends something or a peer waits for it.
    fn is_always_taken(command: &Self::Command) -> bool;

    /// The error of a command that was refused.
    fn refused(refusal: Refusal) -> Self::Error;

    /// The last event of a machine that failed.
    fn failed(reason: &str) -> Self::Event;
}

/// A handle to a machine. When the last one is dropped, the machine is told to close.
pub struct Hub<M: Hosted> {
    handle: Arc<LastHandle<M>>,
}

impl<M: Hosted> Clone for Hub<M> {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle) }
    }
}

impl<M: Hosted> std::fmt::Debug for Hub<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

struct LastHandle<M: Hosted>(Arc<Shared<M>>);

impl<M: Hosted> Drop for LastHandle<M> {
    fn drop(&mut self) {
        #[cfg(not(target_arch = "wasm32"))]
        self.0.close_and_carry();
        #[cfg(target_arch = "wasm32")]
        self.0.close();
    }
}

impl<M: Hosted> Hub<M> {
    /// Hosts a machine; the second half is for [`drive`](crate::drive()).
    pub fn new(machine: M) -> (Self, Driving<M>) {
        Self::with_clock(machine, Clock::default())
    }

    /// The same with a clock of its own.
    #[cfg(feature = "harness")]
    pub fn with_virtual_clock(machine: M, clock: crate::clock::VirtualClock) -> (Self, Driving<M>) {
        Self::with_clock(machine, Clock::Virtual(clock))
    }

    fn with_clock(machine: M, clock: Clock) -> (Self, Driving<M>) {
        let shared = Arc::new(Shared::new(machine, clock));
        (Self { handle: Arc::new(LastHandle(Arc::clone(&shared))) }, Driving::new(shared))
    }

    fn shared(&self) -> &Arc<Shared<M>> {
        &self.handle.0
    }

    /// A command as a future: submitted by its first poll, withdrawn by its drop.
    pub fn submit(&self, command: M::Command) -> Completion<M> {
        Completion::new(Arc::clone(self.shared()), command)
    }

    /// Reads something of the machine; `None` once it has failed.
    pub fn read<T>(&self, read: impl FnOnce(&M) -> T) -> Option<T> {
        self.shared().read(read)
    }

    /// Listens to the events that `wanted` picks; what stands now comes first. A listener keeps no machine alive.
    pub fn listen(&self, wanted: impl Fn(&M::Event) -> bool + Send + 'static) -> Listener<M> {
        Listener::new(Arc::clone(self.shared()), Box::new(wanted))
    }

    /// Whether two handles are of the same machine.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
    }
}
