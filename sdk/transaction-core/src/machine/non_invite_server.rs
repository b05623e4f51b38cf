//! The server transaction of every other method (RFC 3261 §17.2.2, figure 8, with the 100 Trying of RFC 4320 §4.1; what
//! that forbids the transaction user to answer is checked by the layer).

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
    pub const START: &'static [Action] = &[Action::Pass, Action::Start(Timer::LateTrying)];

    /// The transition, or `None` if the event is absorbed.
    pub fn step(state: State, event: Event) -> Transition<State> {
        use Action::{ResendResponse, SendResponse, SendTrying, Start, Stop, TransportFailed};
        use State::{Completed, Proceeding, Terminated, Trying};
        Some(match (state, event) {
            (Trying, Event::Fired(Timer::LateTrying)) => (Proceeding, &[SendTrying]),
            (Trying | Proceeding, Event::Provisional) => {
                (Proceeding, &[Stop(Timer::LateTrying), SendResponse])
            }
            (Trying | Proceeding, Event::Final) => {
                (Completed, &[Stop(Timer::LateTrying), SendResponse, Start(Timer::J)])
            }
            (Proceeding, Event::Request) => (Proceeding, &[ResendResponse]),
            (Completed, Event::Request) => (Completed, &[ResendResponse]),
            (Proceeding | Completed, Event::TransportError) => (Terminated, &[TransportFailed]),
            (Completed, Event::Fired(Timer::J)) => (Terminated, &[]),
            (Trying | Proceeding | Completed | Terminated, _) => return None,
        })
    }
}
