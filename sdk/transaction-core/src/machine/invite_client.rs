//! The INVITE client transaction (RFC 3261 §17.1.1 as changed by RFC 6026 §8.4, figure 5).

use super::{Action, Timer, Transition};

/// The states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request was sent, nothing came back.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// A failure response came and was acknowledged.
    Completed,
    /// A 2xx came; more of them may follow.
    Accepted,
    /// Nothing is left.
    Terminated,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A 1xx response.
    Provisional,
    /// A 2xx response.
    Success,
    /// A 300 to 699 response.
    Failure,
    /// The transaction user withdraws the request.
    Cancel,
    /// A timer fired.
    Fired(Timer),
    /// The flow failed.
    TransportError,
}

/// The machine.
#[derive(Clone, Copy, Debug)]
pub struct InviteClient;

impl InviteClient {
    /// What the initial state does.
    pub const START: &'static [Action] = &[Action::Start(Timer::A), Action::Start(Timer::B)];

    /// The transition, or `None` if the event is absorbed.
    #[expect(clippy::match_same_arms, reason = "one line for each transition of the figure")]
    pub fn step(state: State, event: Event) -> Transition<State> {
        use Action::{
            Pass, Restart, SendAck, SendCancel, SendRequest, Start, Stop, TimedOut, TransportFailed,
        };
        use State::{Accepted, Calling, Completed, Proceeding, Terminated};
        Some(match (state, event) {
            (Calling, Event::Fired(Timer::A)) => (Calling, &[SendRequest, Restart(Timer::A)]),
            (Calling, Event::Fired(Timer::B)) => (Terminated, &[TimedOut]),
            (Calling, Event::Provisional) => (Proceeding, &[Stop(Timer::A), Stop(Timer::B), Pass]),
            (Calling, Event::Success) => (Accepted, &[Stop(Timer::A), Stop(Timer::B), Start(Timer::M), Pass]),
            (Calling, Event::Failure) => {
                (Completed, &[Stop(Timer::A), Stop(Timer::B), SendAck, Start(Timer::D), Pass])
            }
            (Calling | Proceeding, Event::TransportError) => (Terminated, &[TransportFailed]),
            (Proceeding, Event::Provisional) => (Proceeding, &[Pass]),
            (Proceeding, Event::Success) => (Accepted, &[Stop(Timer::Cancelled), Start(Timer::M), Pass]),
            (Proceeding, Event::Failure) => {
                (Completed, &[Stop(Timer::Cancelled), SendAck, Start(Timer::D), Pass])
            }
            // Before a provisional response nothing may be sent (RFC 3261 §9.1): the layer comes back with this event.
            (Proceeding, Event::Cancel) => (Proceeding, &[Start(Timer::Cancelled), SendCancel]),
            (Proceeding, Event::Fired(Timer::Cancelled)) => (Terminated, &[TimedOut]),
            (Completed, Event::Failure) => (Completed, &[SendAck]),
            (Completed, Event::Fired(Timer::D)) => (Terminated, &[]),
            (Completed, Event::TransportError) => (Terminated, &[]),
            (Accepted, Event::Success) => (Accepted, &[Pass]),
            (Accepted, Event::Fired(Timer::M)) => (Terminated, &[]),
            (Calling | Proceeding | Completed | Accepted | Terminated, _) => return None,
        })
    }
}
