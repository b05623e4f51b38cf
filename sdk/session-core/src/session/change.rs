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

impl ChangeState {
    /// What the peer's re-INVITE meets: `Ok` if it may be answered, else 491 for glare with ours, 500 while an earlier one
    /// of the peer is not answered (RFC 3261 §14.2).
    pub fn takes_reinvite(self) -> Result<(), u16> {
        match self {
            Self::Idle | Self::Waiting | Self::Completing | Self::AwaitingAck => Ok(()),
            // Our offer is not sent yet: the peer's goes first, ours is written anew afterwards.
            Self::Offering | Self::Inviting | Self::Applying => Err(491),
            Self::Answering => Err(500),
        }
    }

    /// Whether a change of ours may begin.
    pub fn is_idle(self) -> bool {
        self == Self::Idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reinvite_of_the_peer_meets_ours() {
        for (state, expect) in [
            (ChangeState::Idle, Ok(())),
            (ChangeState::Offering, Err(491)),
            (ChangeState::Inviting, Err(491)),
            (ChangeState::Applying, Err(491)),
            (ChangeState::Waiting, Ok(())),
            (ChangeState::Answering, Err(500)),
            (ChangeState::AwaitingAck, Ok(())),
            (ChangeState::Completing, Ok(())),
        ] {
            assert_eq!(state.takes_reinvite(), expect, "{state:?}");
        }
    }
}
