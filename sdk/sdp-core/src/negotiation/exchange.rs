//! The offers and answers of one session, one after the other: what was offered, what stands, and which version comes next.

use super::{LocalAudio, Stream, accept_answer, answer, answer_again, offer, offer_again};
use crate::{Direction, SessionDescription};

/// A description cannot be written or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NegotiationError {
    /// What the request that brought it is answered with: 400 for malformed text, 488 for what cannot be agreed on, 500 where
    /// our own side is at fault.
    pub status: u16,
    /// One line for people.
    pub reason: String,
}

impl NegotiationError {
    fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

/// One side of a session, through all its offers and answers (RFC 3264 §5 to §8).
///
/// ```
/// use rvoip_sdp_core::Direction;
/// use rvoip_sdp_core::negotiation::{LocalAudio, LocalCodec, Negotiation};
///
/// let audio = |address: &str| -> Result<_, std::net::AddrParseError> {
///     Ok(LocalAudio::new(address.parse()?, 4000, vec![LocalCodec::new("PCMU", 0, 8000)]))
/// };
/// let mut alice = Negotiation::new(audio("192.0.2.1")?);
/// let mut bob = Negotiation::new(audio("192.0.2.2")?);
/// let offer = alice.create_offer(Direction::SendRecv)?;
/// let (answer, stream) = bob.create_answer(&offer, Direction::SendRecv)?;
/// assert_eq!(stream.ok_or("no audio")?.remote_rtp, "192.0.2.1:4000".parse()?);
/// assert_eq!(alice.set_remote(&answer)?.remote_rtp, "192.0.2.2:4000".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Negotiation {
    local: LocalAudio,
    /// The last description that was sent and stands.
    previous: Option<SessionDescription>,
    /// The last offer of this side, until the peer offers.
    offered: Option<SessionDescription>,
    /// That offer is not answered.
    open: bool,
    /// What this side wanted in the last description that stands.
    agreed_direction: Direction,
    /// The highest version of an offer that was taken back. The peer may have seen it.
    spent: u64,
}

impl Negotiation {
    /// A side that has agreed on nothing.
    pub fn new(local: LocalAudio) -> Self {
        let agreed_direction = local.direction;
        Self { local, previous: None, offered: None, open: false, agreed_direction, spent: 0 }
    }

    /// What this side describes next, its direction being that of the last description.
    pub fn local(&self) -> &LocalAudio {
        &self.local
    }

    /// The same, to be changed.
    pub fn local_mut(&mut self) -> &mut LocalAudio {
        &mut self.local
    }

    /// Whether this side holds the peer, or has offered to.
    pub fn is_holding(&self) -> bool {
        !self.local.direction.receives()
    }

    /// Describes this side in an offer: the first one, or a change of the session (RFC 3264 §5, §8). An offer that is open
    /// is replaced.
    ///
    /// # Errors
    /// There is no codec to offer.
    pub fn create_offer(&mut self, direction: Direction) -> Result<String, NegotiationError> {
        self.check()?;
        self.rollback();
        self.local.direction = direction;
        let mut description = match &self.previous {
            Some(previous) => offer_again(&self.local, previous),
            None => offer(&self.local),
        };
        self.renew(&mut description);
        let text = description.to_string();
        self.offered = Some(description);
        self.open = true;
        Ok(text)
    }

    /// Answers an offer (RFC 3264 §6, §8); without a stream all of it was refused. An open offer of this side is rolled back:
    /// whether two offers may cross is for the signalling to decide.
    ///
    /// # Errors
    /// The offer is malformed, or nothing in it can be agreed on.
    pub fn create_answer(
        &mut self,
        offer: &str,
        direction: Direction,
    ) -> Result<(String, Option<Stream>), NegotiationError> {
        self.check()?;
        let offer = parse(offer)?;
        self.rollback();
        let local = LocalAudio { direction, ..self.local.clone() };
        let answered = match &self.previous {
            Some(previous) => answer_again(&offer, &local, previous),
            None => answer(&offer, &local),
        };
        let mut answered = answered.map_err(|refusal| {
            let text = refusal.warning.as_ref().map(|(_, text)| text.clone());
            NegotiationError::new(refusal.status, text.unwrap_or_else(|| refusal.to_string()))
        })?;
        self.renew(&mut answered.description);
        let text = answered.description.to_string();
        self.local = local;
        self.agreed_direction = direction;
        self.previous = Some(answered.description);
        self.offered = None;
        Ok((text, answered.stream))
    }

    /// Takes the answer to the last offer (RFC 3264 §7). A further answer to the same offer, as another branch of a call gives
    /// it, takes the place of the one before.
    ///
    /// # Errors
    /// There is no offer, or the answer is malformed, does not fit or refuses all of it.
    pub fn set_remote(&mut self, answer: &str) -> Result<Stream, NegotiationError> {
        let answer = parse(answer)?;
        let Some(offered) = &self.offered else {
            return Err(NegotiationError::new(500, "there is no offer to answer"));
        };
        let stream = accept_answer(offered, &answer, &self.local).map_err(|fault| {
            NegotiationError::new(488, format!("the peer's answer does not fit: {fault}"))
        })?;
        let stream = stream.ok_or_else(|| NegotiationError::new(488, "the peer refused the audio"))?;
        self.agreed_direction = self.local.direction;
        self.previous.clone_from(&self.offered);
        self.open = false;
        Ok(stream)
    }

    /// Forgets an offer that is not answered, and gives whether there was one; everything stays as it was agreed before.
    pub fn rollback(&mut self) -> bool {
        if !std::mem::take(&mut self.open) {
            return false;
        }
        self.local.direction = self.agreed_direction;
        if let Some(offered) = self.offered.take() {
            self.spent = self.spent.max(version(&offered));
        }
        true
    }

    /// A version stands for one text: what is said now is not what was said under that of an offer that was taken back.
    fn renew(&self, description: &mut SessionDescription) {
        if version(description) <= self.spent {
            description.origin.session_version = self.spent.saturating_add(1).to_string();
        }
    }

    fn check(&self) -> Result<(), NegotiationError> {
        if self.local.codecs.is_empty() {
            return Err(NegotiationError::new(500, "no codec is enabled"));
        }
        Ok(())
    }
}

fn version(description: &SessionDescription) -> u64 {
    description.origin.session_version.parse().unwrap_or_default()
}

fn parse(text: &str) -> Result<SessionDescription, NegotiationError> {
    SessionDescription::parse(text)
        .map_err(|fault| NegotiationError::new(400, format!("the session description is malformed: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiation::LocalCodec;

    fn side(host: u8) -> Negotiation {
        let codecs = vec![LocalCodec::new("PCMU", 0, 8_000)];
        Negotiation::new(LocalAudio::new([192, 0, 2, host].into(), 4_000, codecs))
    }

    fn agreed() -> (Negotiation, Negotiation) {
        let (mut alice, mut bob) = (side(1), side(2));
        let offer = alice.create_offer(Direction::SendRecv).unwrap();
        let (answer, stream) = bob.create_answer(&offer, Direction::SendRecv).unwrap();
        assert!(stream.is_some());
        alice.set_remote(&answer).unwrap();
        (alice, bob)
    }

    #[test]
    fn an_offer_that_is_taken_back_leaves_what_was_agreed() {
        let (mut alice, mut bob) = agreed();
        let refused = alice.create_offer(Direction::SendOnly).unwrap();
        assert!(alice.is_holding());
        assert!(alice.rollback() && !alice.rollback());
        assert!(!alice.is_holding());
        let again = alice.create_offer(Direction::SendRecv).unwrap();
        let version = |text: &str| text.lines().nth(1).unwrap().to_owned();
        assert_ne!(version(&refused), version(&again), "its version is not used again");
        let (answer, _) = bob.create_answer(&again, Direction::SendOnly).unwrap();
        assert_eq!(alice.set_remote(&answer).unwrap().direction, Direction::RecvOnly);
        assert!(bob.is_holding() && !alice.is_holding());
    }

    #[test]
    fn an_answered_offer_takes_further_answers_until_the_peer_offers() {
        let (mut alice, _) = agreed();
        assert!(!alice.rollback());
        let (_, mut other) = agreed();
        let theirs = other.create_offer(Direction::SendRecv).unwrap();
        let answer = theirs.clone();
        assert!(alice.set_remote(&answer).is_ok(), "another branch of the call");
        alice.create_answer(&theirs, Direction::SendRecv).unwrap();
        assert_eq!(alice.set_remote(&answer).unwrap_err().status, 500);
    }

    #[test]
    fn faults_have_the_status_of_who_is_at_fault() {
        let mut alice = side(1);
        assert_eq!(alice.create_answer("nonsense", Direction::SendRecv).unwrap_err().status, 400);
        assert_eq!(alice.set_remote("nonsense").unwrap_err().status, 400);
        let opus = side(2).create_offer(Direction::SendRecv).unwrap().replace("RTP/AVP 0", "RTP/AVP 96");
        assert_eq!(alice.create_answer(&opus, Direction::SendRecv).unwrap_err().status, 488);
        alice.local_mut().codecs.clear();
        assert_eq!(alice.create_offer(Direction::SendRecv).unwrap_err().status, 500);
    }
}
