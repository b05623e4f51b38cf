//! What a user sees of accounts and calls.

use serde::{Deserialize, Serialize};

use crate::{AccountKey, CallKey};

/// Who placed a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// The peer called.
    Incoming,
    /// We called.
    Outgoing,
}

/// The state of a call.
///
/// ```text
///  outgoing: Calling -> Ringing -> EarlyMedia --.
///  incoming:            Ringing ----------------+-> Connected <-> OnHold
///            any -------------------------------+-----------------------> Ended
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// The INVITE is under way; the peer has not said anything.
    Calling,
    /// The phone rings, there or here.
    Ringing,
    /// The peer already sends audio, such as a ringing tone or an announcement.
    EarlyMedia,
    /// Both sides talk.
    Connected,
    /// One side or both put the call on hold.
    OnHold,
    /// The call is over; its cause says why.
    Ended,
}

/// What moves a call from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallProgress {
    /// A provisional response came.
    Provisional,
    /// The peer sends audio before it answers.
    EarlyMedia,
    /// The call is established.
    Answered,
    /// One side put it on hold.
    Held,
    /// Nobody holds it any more.
    Resumed,
    /// It is over.
    Over,
}

impl CallState {
    /// The next state, or `None` if the progress changes nothing here. The figure is above.
    #[expect(clippy::match_same_arms, reason = "ordered as a call goes")]
    pub(crate) fn step(self, progress: CallProgress) -> Option<Self> {
        use CallProgress as P;
        Some(match (self, progress) {
            (Self::Calling, P::Provisional) => Self::Ringing,
            (Self::Calling | Self::Ringing, P::EarlyMedia) => Self::EarlyMedia,
            (Self::Calling | Self::Ringing | Self::EarlyMedia, P::Answered) => Self::Connected,
            (Self::Connected, P::Held) => Self::OnHold,
            (Self::OnHold, P::Resumed) => Self::Connected,
            (Self::Calling | Self::Ringing | Self::EarlyMedia | Self::Connected | Self::OnHold, P::Over) => {
                Self::Ended
            }
            (
                Self::Calling
                | Self::Ringing
                | Self::EarlyMedia
                | Self::Connected
                | Self::OnHold
                | Self::Ended,
                _,
            ) => return None,
        })
    }
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cause {
    /// We hung up, or cancelled before an answer.
    LocalHangUp,
    /// The peer hung up.
    RemoteHangUp,
    /// The caller gave up before we answered.
    Cancelled,
    /// The call was refused: by the peer (outgoing) or by us (incoming).
    Rejected {
        /// The SIP status code (300 to 699).
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// The server refused the credentials.
    AuthenticationFailed {
        /// The SIP status code (401, 403 or 407).
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// The peer did not answer in time.
    TimedOut,
    /// The peer's host is not known or cannot be reached.
    Unreachable {
        /// One line for people.
        reason: String,
    },
    /// The peer's audio stopped for longer than the media timeout.
    MediaTimeout,
    /// No media could be agreed on, or ours failed.
    MediaFailed {
        /// One line for people.
        reason: String,
    },
    /// The peer broke the protocol, or lost the call.
    ProtocolFailed {
        /// One line for people.
        reason: String,
    },
}

/// The state of an account's registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationState {
    /// Not asked for, or removed.
    Unregistered,
    /// The REGISTER that was asked for is under way.
    Registering,
    /// The registrar has our contact; it is refreshed in time.
    Registered,
    /// The registrar refused or cannot be reached; unless the credentials are wrong it is tried again, and is this until it
    /// is registered.
    Failed,
}

/// A call as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallInfo {
    /// Names the call.
    pub call: CallKey,
    /// The account that it belongs to; none if an incoming call matched no account.
    pub account: Option<AccountKey>,
    /// Who placed it.
    pub direction: CallDirection,
    /// The other party, as a URI.
    pub peer: String,
    /// The name that the other party shows, if any.
    pub peer_name: Option<String>,
    /// The state.
    pub state: CallState,
    /// Why it ended, once it has.
    pub cause: Option<Cause>,
    /// We put the peer on hold.
    pub held_by_us: bool,
    /// The peer put us on hold.
    pub held_by_peer: bool,
    /// Our audio is not sent.
    pub muted: bool,
}

/// An account as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// Names the account.
    pub account: AccountKey,
    /// The address of record, as a URI.
    pub address: String,
    /// The state of its registration.
    pub registration: RegistrationState,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const STATES: [CallState; 6] = [
        CallState::Calling,
        CallState::Ringing,
        CallState::EarlyMedia,
        CallState::Connected,
        CallState::OnHold,
        CallState::Ended,
    ];
    const PROGRESS: [CallProgress; 6] = [
        CallProgress::Provisional,
        CallProgress::EarlyMedia,
        CallProgress::Answered,
        CallProgress::Held,
        CallProgress::Resumed,
        CallProgress::Over,
    ];

    #[test]
    fn every_transition_of_a_call() {
        let mut table = String::new();
        for state in STATES {
            for progress in PROGRESS {
                if let Some(next) = state.step(progress) {
                    let _ = writeln!(table, "{state:?} --{progress:?}--> {next:?}");
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_state_is_reached_and_every_call_can_end() {
        for (start, reaches) in [(CallState::Calling, 6), (CallState::Ringing, 5)] {
            let mut reached = vec![start];
            let mut at = 0;
            while let Some(state) = reached.get(at).copied() {
                for next in PROGRESS.iter().filter_map(|progress| state.step(*progress)) {
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
                at += 1;
            }
            assert_eq!(reached.len(), reaches, "{reached:?}");
        }
        for state in STATES {
            assert_eq!(state.step(CallProgress::Over).is_none(), state == CallState::Ended, "{state:?}");
        }
    }
}
