//! The server transaction of every other method (RFC 3261 §17.2.2, figure 8; RFC 4320 limits what the transaction user
//! may answer, which the layer checks).

use super::{Action, Timer, Transition};

/// The states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request was given to the transaction user.
    Trying,
    /// A provisional response was sent.
    Proceeding,
    /// A final response was sent.
    Completed,
    /// Nothing is left.
    Terminated,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The request came again.
    Request,
    /// The transaction user answers with a 1xx.
    Provisional,
    /// The transaction user answers with 200 to 699.
    Final,
    /// A timer fired.
    Fired(Timer),
    /// The flow failed.
    TransportError,
}

/// The machine.
#[derive(Clone, Copy, Debug)]
pub struct NonInviteServer;

impl NonInviteServer {
    /// What the initial state does.
    pub const START: &'static [Action] = &[Action::Pass];

    /// The transition, or `None` if the event is absorbed.
    pub fn step(state: State, event: Event) -> Transition<State> {
        use Action::{ResendResponse, SendResponse, Start, TransportFailed};
        use State::{Completed, Proceeding, Terminated, Trying};
        Some(match (state, event) {
            (Trying | Proceeding, Event::Provisional) => (Proceeding, &[SendResponse]),
            (Trying | Proceeding, Event::Final) => (Completed, &[SendResponse, Start(Timer::J)]),
            (Proceeding, Event::Request) => (Proceeding, &[ResendResponse]),
            (Completed, Event::Request) => (Completed, &[ResendResponse]),
            (Proceeding | Completed, Event::TransportError) => (Terminated, &[TransportFailed]),
            (Completed, Event::Fired(Timer::J)) => (Terminated, &[]),
            (Trying | Proceeding | Completed | Terminated, _) => return None,
        })
    }
}
