//! The client transaction of every other method (RFC 3261 §17.1.2, figure 6).

use super::{Action, Timer, Transition};

/// The states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request was sent, nothing came back.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// A final response came.
    Completed,
    /// Nothing is left.
    Terminated,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A 1xx response.
    Provisional,
    /// A 200 to 699 response.
    Final,
    /// A timer fired.
    Fired(Timer),
    /// The flow failed.
    TransportError,
}

/// The machine.
#[derive(Clone, Copy, Debug)]
pub struct NonInviteClient;

impl NonInviteClient {
    /// What the initial state does.
    pub const START: &'static [Action] = &[Action::Start(Timer::E), Action::Start(Timer::F)];

    /// The transition, or `None` if the event is absorbed.
    pub fn step(state: State, event: Event) -> Transition<State> {
        use Action::{Pass, Restart, SendRequest, Start, Stop, TimedOut, TransportFailed};
        use State::{Completed, Proceeding, Terminated, Trying};
        Some(match (state, event) {
            (Trying, Event::Fired(Timer::E)) => (Trying, &[SendRequest, Restart(Timer::E)]),
            (Proceeding, Event::Fired(Timer::E)) => (Proceeding, &[SendRequest, Restart(Timer::E)]),
            (Trying | Proceeding, Event::Fired(Timer::F)) => (Terminated, &[TimedOut]),
            (Trying | Proceeding, Event::Provisional) => (Proceeding, &[Pass]),
            (Trying | Proceeding, Event::Final) => {
                (Completed, &[Stop(Timer::E), Stop(Timer::F), Start(Timer::K), Pass])
            }
            (Trying | Proceeding, Event::TransportError) => (Terminated, &[TransportFailed]),
            (Completed, Event::Fired(Timer::K)) => (Terminated, &[]),
            (Trying | Proceeding | Completed | Terminated, _) => return None,
        })
    }
}
