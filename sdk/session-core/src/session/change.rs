//! Changing an established session: one offer and answer at a time, by re-INVITE (RFC 3261 §14, RFC 6337 §3).

/// Where the offer and answer of a re-INVITE stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// Nothing is being changed.
    Idle,
    /// Ours: the media side writes the offer.
    Offering,
    /// Ours: the re-INVITE is sent.
    Inviting,
    /// Ours: the peer answered, the media side takes it.
    Applying,
    /// Ours: the peer was changing too; we wait before we try again (RFC 3261 §14.1).
    Waiting,
    /// The peer's: the media side writes our description.
    Answering,
    /// The peer's: our 2xx waits for its ACK.
    AwaitingAck,
    /// The peer's: the ACK brought the answer to our offer, the media side takes it.
    Completing,
}

/// What moves a change on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeEvent {
    /// We want one.
    Begin,
    /// The media side wrote the description that was asked for.
    Described,
    /// The 2xx of our re-INVITE came.
    Success,
    /// The media side took the peer's description.
    Applied,
    /// The media side or the peer refused, or it was withdrawn.
    Refused,
    /// 491: the peer was changing too.
    Glare,
    /// The wait after 491 is over.
    Waited,
    /// The peer's re-INVITE came.
    Reinvite,
    /// The ACK of our 2xx came, with nothing left to agree on.
    Ack,
    /// The ACK came, with the answer to our offer.
    AckWithAnswer,
}

impl ChangeState {
    /// Every state, for tests and tables.
    pub const ALL: [Self; 8] = [
        Self::Idle,
        Self::Offering,
        Self::Inviting,
        Self::Applying,
        Self::Waiting,
        Self::Answering,
        Self::AwaitingAck,
        Self::Completing,
    ];

    /// The next state, or `None` if the event has no place here.
    #[expect(clippy::match_same_arms, reason = "ours first, then the peer's")]
    pub fn step(self, event: ChangeEvent) -> Option<Self> {
        use ChangeEvent as E;
        Some(match (self, event) {
            (Self::Idle, E::Begin) => Self::Offering,
            (Self::Offering, E::Described) => Self::Inviting,
            (Self::Inviting, E::Success) => Self::Applying,
            (Self::Applying, E::Applied) => Self::Idle,
            (Self::Offering | Self::Inviting | Self::Applying, E::Refused) => Self::Idle,
            (Self::Inviting, E::Glare) => Self::Waiting,
            (Self::Waiting, E::Waited) => Self::Idle,

            // The peer's next re-INVITE shows that our 2xx arrived, whether or not its ACK did.
            (Self::Idle | Self::Waiting | Self::AwaitingAck | Self::Completing, E::Reinvite) => {
                Self::Answering
            }
            (Self::Answering, E::Described) => Self::AwaitingAck,
            (Self::Answering, E::Refused) => Self::Idle,
            (Self::AwaitingAck, E::Ack) => Self::Idle,
            (Self::AwaitingAck, E::AckWithAnswer) => Self::Completing,
            (Self::Completing, E::Applied) => Self::Idle,
            (
                Self::Idle
                | Self::Offering
                | Self::Inviting
                | Self::Applying
                | Self::Waiting
                | Self::Answering
                | Self::AwaitingAck
                | Self::Completing,
                _,
            ) => return None,
        })
    }

    /// What a re-INVITE of the peer is refused with that has no place here: 500 while an earlier one of the peer is not
    /// answered, else 491 for glare with ours (RFC 3261 §14.2).
    pub fn refusal(self) -> u16 {
        if self == Self::Answering { 500 } else { 491 }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const EVENTS: [ChangeEvent; 10] = [
        ChangeEvent::Begin,
        ChangeEvent::Described,
        ChangeEvent::Success,
        ChangeEvent::Applied,
        ChangeEvent::Refused,
        ChangeEvent::Glare,
        ChangeEvent::Waited,
        ChangeEvent::Reinvite,
        ChangeEvent::Ack,
        ChangeEvent::AckWithAnswer,
    ];

    #[test]
    fn every_transition_of_a_change() {
        let mut table = String::new();
        for state in ChangeState::ALL {
            for event in EVENTS {
                match state.step(event) {
                    Some(next) => {
                        let _ = writeln!(table, "{state:?} --{event:?}--> {next:?}");
                    }
                    None if event == ChangeEvent::Reinvite => {
                        let _ = writeln!(table, "{state:?} --{event:?}--> refused with {}", state.refusal());
                    }
                    None => {}
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_change_is_reached_and_ends() {
        let reached = |start: ChangeState| {
            let (mut reached, mut at) = (vec![start], 0);
            while let Some(state) = reached.get(at).copied() {
                for next in EVENTS.iter().filter_map(|event| state.step(*event)) {
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
                at += 1;
            }
            reached
        };
        for state in ChangeState::ALL {
            assert_eq!(reached(state).len(), ChangeState::ALL.len(), "{state:?}");
        }
    }
}
