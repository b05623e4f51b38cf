//! The INVITE server transaction (RFC 3261 §17.2.1 as changed by RFC 6026 §8.5, figure 7).

use super::{Action, Timer, Transition};

/// The states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request was given to the transaction user, which did not decide yet.
    Proceeding,
    /// A failure response was sent.
    Completed,
    /// A 2xx was sent.
    Accepted,
    /// The failure response was acknowledged.
    Confirmed,
    /// Nothing is left.
    Terminated,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The request came again.
    Request,
    /// An ACK came.
    Ack,
    /// The transaction user answers with a 1xx.
    Provisional,
    /// The transaction user answers with a 2xx.
    Success,
    /// The transaction user answers with 300 to 699.
    Failure,
    /// A timer fired.
    Fired(Timer),
    /// The flow failed.
    TransportError,
}

/// The machine.
#[derive(Clone, Copy, Debug)]
pub struct InviteServer;

impl InviteServer {
    /// What the initial state does.
    pub const START: &'static [Action] = &[Action::Pass, Action::Start(Timer::Trying)];

    /// The transition, or `None` if the event is absorbed.
    #[expect(clippy::match_same_arms, reason = "one line for each transition of the figure")]
    pub fn step(state: State, event: Event) -> Transition<State> {
        use Action::{Pass, ResendResponse, Restart, SendResponse, SendTrying, Start, Stop};
        use State::{Accepted, Completed, Confirmed, Proceeding, Terminated};
        Some(match (state, event) {
            (Proceeding, Event::Request) => (Proceeding, &[ResendResponse]),
            (Proceeding, Event::Provisional) => (Proceeding, &[Stop(Timer::Trying), SendResponse]),
            (Proceeding, Event::Fired(Timer::Trying)) => (Proceeding, &[SendTrying]),
            (Proceeding, Event::Success) => (Accepted, &[Stop(Timer::Trying), SendResponse, Start(Timer::L)]),
            (Proceeding, Event::Failure) => {
                (Completed, &[Stop(Timer::Trying), SendResponse, Start(Timer::G), Start(Timer::H)])
            }
            (Proceeding | Completed | Accepted, Event::TransportError) => (state, &[Action::TransportFailed]),
            (Completed, Event::Request) => (Completed, &[ResendResponse]),
            (Completed, Event::Fired(Timer::G)) => (Completed, &[ResendResponse, Restart(Timer::G)]),
            (Completed, Event::Fired(Timer::H)) => (Terminated, &[Action::TimedOut]),
            (Completed, Event::Ack) => (Confirmed, &[Stop(Timer::G), Stop(Timer::H), Start(Timer::I)]),
            (Confirmed, Event::Fired(Timer::I)) => (Terminated, &[]),
            (Accepted, Event::Success) => (Accepted, &[SendResponse]),
            (Accepted, Event::Ack) => (Accepted, &[Pass]),
            (Accepted, Event::Fired(Timer::L)) => (Terminated, &[]),
            (Proceeding | Completed | Accepted | Confirmed | Terminated, _) => return None,
        })
    }
}
