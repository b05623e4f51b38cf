//! The four transaction machines as tables: state and event give the next state and what to do.
//!
//! Each machine is a pure function, so that a test can walk every transition and print the table. Messages, timers and
//! flows belong to the layer, which carries out the [`Action`]s.

pub mod invite_client;
pub mod invite_server;
pub mod non_invite_client;
pub mod non_invite_server;

pub use invite_client::InviteClient;
pub use invite_server::InviteServer;
pub use non_invite_client::NonInviteClient;
pub use non_invite_server::NonInviteServer;

/// The timers of a transaction, named as in RFC 3261 §17 and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// INVITE request retransmission, unreliable flows alone.
    A,
    /// INVITE transaction time-out.
    B,
    /// Wait for retransmissions of a failure response to INVITE.
    D,
    /// Request retransmission, unreliable flows alone.
    E,
    /// Transaction time-out.
    F,
    /// Failure response retransmission, unreliable flows alone.
    G,
    /// Wait for the ACK.
    H,
    /// Wait for retransmissions of the ACK.
    I,
    /// Wait for retransmissions of a request.
    J,
    /// Wait for retransmissions of a response.
    K,
    /// Wait for retransmissions of an INVITE that was accepted (RFC 6026 §7.1).
    L,
    /// Wait for retransmissions of a 2xx, and for those of other branches (RFC 6026 §7.2).
    M,
    /// The 200 ms after which an INVITE without any response gets 100 Trying (RFC 3261 §17.2.1).
    Trying,
    /// The time in which a client's timer E grows to T2, after which any other request without response gets 100 Trying
    /// (RFC 4320 §4.1).
    LateTrying,
    /// The 64*T1 after which a cancelled INVITE is given up (RFC 3261 §9.1).
    Cancelled,
}

/// What the layer has to do for a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request again.
    SendRequest,
    /// Send the ACK of a failure response (RFC 3261 §17.1.1.3).
    SendAck,
    /// Send the CANCEL of the INVITE (RFC 3261 §9.1), which is a transaction of its own.
    SendCancel,
    /// Send the response that the transaction user gave.
    SendResponse,
    /// Send the last response again, if there is one.
    ResendResponse,
    /// Answer 100 Trying.
    SendTrying,
    /// Start a timer with its first interval.
    Start(Timer),
    /// Start a retransmission timer with its next, longer interval.
    Restart(Timer),
    /// Stop a timer.
    Stop(Timer),
    /// Give the message to the transaction user.
    Pass,
    /// Tell the transaction user that no response, or no ACK, came in time.
    TimedOut,
    /// Tell the transaction user that the flow failed.
    TransportFailed,
}

/// A transition: the next state and what to do, in order. `None` of a machine means that the event is absorbed.
pub type Transition<S> = Option<(S, &'static [Action])>;
