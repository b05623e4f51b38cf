//! The phases of a session, from the first wish to call until nothing is left (RFC 3261 §13, §15).

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionPhase {
    /// Caller: the media side writes the offer.
    Offering,
    /// Caller: the INVITE is sent.
    Calling,
    /// Caller: a provisional response came.
    Proceeding,
    /// Caller: we gave up, and the INVITE's final response is awaited.
    Cancelling,
    /// Caller: a 2xx came, the media side takes the peer's description.
    Answered,
    /// Callee: the user decides.
    Ringing,
    /// Callee: the user accepted, the media side writes our description.
    Accepting,
    /// Callee: the 2xx is sent, its ACK is awaited.
    AwaitingAck,
    /// Callee: the ACK brought the answer to our offer, the media side takes it.
    Completing,
    /// Both sides agreed.
    Established,
    /// Our BYE is sent.
    Ending,
    /// Nothing is left.
    Ended,
}

/// What moves a session on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseEvent {
    /// The media side wrote the description that was asked for.
    Described,
    /// The media side took the peer's description.
    Applied,
    /// The media side refused.
    Refused,
    /// A 1xx other than 100 came.
    Provisional,
    /// A 2xx came.
    Success,
    /// The INVITE failed, with a response or without.
    Failure,
    /// A 3xx or a challenge: the INVITE is sent anew.
    Retry,
    /// The user accepts.
    Accept,
    /// The user refuses, or the caller cancels.
    Reject,
    /// The user hangs up.
    HangUp,
    /// The ACK came, with nothing left to agree on.
    Ack,
    /// The ACK came, with the answer to our offer.
    AckWithAnswer,
    /// The ACK did not come.
    AckMissing,
    /// The peer's BYE came, or the dialog is gone.
    RemoteBye,
    /// Our BYE was answered, or will not be.
    ByeDone,
}

impl SessionPhase {
    /// Every phase, for tests and tables.
    pub const ALL: [Self; 12] = [
        Self::Offering,
        Self::Calling,
        Self::Proceeding,
        Self::Cancelling,
        Self::Answered,
        Self::Ringing,
        Self::Accepting,
        Self::AwaitingAck,
        Self::Completing,
        Self::Established,
        Self::Ending,
        Self::Ended,
    ];

    /// The next phase, or `None` if the event has no place here.
    #[expect(clippy::match_same_arms, reason = "ordered as a call goes, caller first")]
    pub fn step(self, event: PhaseEvent) -> Option<Self> {
        use PhaseEvent as E;
        Some(match (self, event) {
            (Self::Offering, E::Described) => Self::Calling,
            (Self::Offering, E::Refused | E::HangUp) => Self::Ended,

            (Self::Calling | Self::Proceeding, E::Retry) => Self::Calling,
            (Self::Calling | Self::Proceeding, E::Provisional) => Self::Proceeding,
            (Self::Calling | Self::Proceeding, E::Success) => Self::Answered,
            (Self::Calling | Self::Proceeding, E::HangUp) => Self::Cancelling,
            (Self::Calling | Self::Proceeding | Self::Cancelling, E::Failure) => Self::Ended,
            // The 2xx was faster than our CANCEL: it is acknowledged, and a BYE follows.
            (Self::Cancelling, E::Success) => Self::Ending,

            (Self::Answered, E::Applied) => Self::Established,
            (Self::Answered, E::Refused | E::HangUp) => Self::Ending,

            (Self::Ringing, E::Accept) => Self::Accepting,
            (Self::Ringing | Self::Accepting, E::Reject | E::HangUp | E::RemoteBye) => Self::Ended,
            (Self::Accepting, E::Described) => Self::AwaitingAck,
            (Self::Accepting, E::Refused) => Self::Ended,

            // A callee sends no BYE before the ACK (RFC 3261 §15).
            (Self::AwaitingAck, E::Ack) => Self::Established,
            (Self::AwaitingAck, E::AckWithAnswer) => Self::Completing,
            (Self::AwaitingAck, E::AckMissing) => Self::Ending,
            (Self::Completing, E::Applied) => Self::Established,
            (Self::Completing, E::Refused | E::HangUp) => Self::Ending,

            (Self::Established, E::HangUp | E::AckMissing) => Self::Ending,
            (
                Self::Answered | Self::AwaitingAck | Self::Completing | Self::Established | Self::Ending,
                E::RemoteBye,
            )
            | (Self::Ending, E::ByeDone) => Self::Ended,
            (
                Self::Offering
                | Self::Calling
                | Self::Proceeding
                | Self::Cancelling
                | Self::Answered
                | Self::Ringing
                | Self::Accepting
                | Self::AwaitingAck
                | Self::Completing
                | Self::Established
                | Self::Ending
                | Self::Ended,
                _,
            ) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const EVENTS: [PhaseEvent; 15] = [
        PhaseEvent::Described,
        PhaseEvent::Applied,
        PhaseEvent::Refused,
        PhaseEvent::Provisional,
        PhaseEvent::Success,
        PhaseEvent::Failure,
        PhaseEvent::Retry,
        PhaseEvent::Accept,
        PhaseEvent::Reject,
        PhaseEvent::HangUp,
        PhaseEvent::Ack,
        PhaseEvent::AckWithAnswer,
        PhaseEvent::AckMissing,
        PhaseEvent::RemoteBye,
        PhaseEvent::ByeDone,
    ];

    #[test]
    fn every_transition_of_a_session() {
        let mut table = String::new();
        for phase in SessionPhase::ALL {
            for event in EVENTS {
                if let Some(next) = phase.step(event) {
                    let _ = writeln!(table, "{phase:?} --{event:?}--> {next:?}");
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_phase_is_reached_and_every_phase_can_end() {
        for start in [SessionPhase::Offering, SessionPhase::Ringing] {
            let mut reached = vec![start];
            let mut at = 0;
            while let Some(phase) = reached.get(at).copied() {
                for next in EVENTS.iter().filter_map(|event| phase.step(*event)) {
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
                at += 1;
            }
            assert!(reached.contains(&SessionPhase::Established) && reached.contains(&SessionPhase::Ended));
        }
        for phase in SessionPhase::ALL {
            let ways_out = EVENTS.iter().filter(|event| phase.step(**event).is_some()).count();
            assert_eq!(ways_out == 0, phase == SessionPhase::Ended, "{phase:?}");
        }
    }
}
