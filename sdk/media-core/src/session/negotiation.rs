//! Offer and answer (RFC 3264) for the one stream of a session.

use rvoip_rtp_core::RtpSender;
use rvoip_sans_io::{Now, Random};
use rvoip_sdp_core::negotiation::{
    EventPayload, LocalAudio, LocalCodec, Stream, accept_answer, answer, answer_again, offer, offer_again,
};
use rvoip_sdp_core::{Direction, SessionDescription};

use super::path::Path;
use super::source::AUDIO_RATE;
use super::{LocalMedia, MediaConfig, MediaError, MediaSession};
use crate::codec::Codec;

/// The payload type at which digits are offered.
const TELEPHONE_EVENT: u8 = 101;
/// Packet times that are used, in milliseconds, whatever the peer wishes.
const PTIME: (u16, u16) = (10, 200);

fn error(status: u16, reason: impl Into<String>) -> MediaError {
    MediaError { status, reason: reason.into() }
}

/// What a payload type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Audio(Codec),
    Event,
}

/// What both sides agreed on.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    receive: Vec<(u8, Codec)>,
    pub(super) event: Option<EventPayload>,
    /// In milliseconds.
    pub(super) ptime: u16,
    pub(super) direction: Direction,
    pub(super) remote_hold: bool,
    pub(super) rtcp_mux: bool,
    pub(super) path: Path,
}

impl Agreed {
    fn new(stream: &Stream, before: Option<&Self>) -> Result<Self, MediaError> {
        let codecs = || {
            stream.codecs.iter().filter_map(|codec| {
                let known = Codec::from_name(&codec.name, codec.clock_rate)?;
                Some((codec, known))
            })
        };
        let (first, codec) = codecs().next().ok_or_else(|| error(488, "no known codec"))?;
        let path = match before {
            Some(before) => {
                let mut path = before.path;
                path.renegotiate(stream.remote_rtp, stream.remote_rtcp);
                path
            }
            None => Path::new(stream.remote_rtp, stream.remote_rtcp),
        };
        Ok(Self {
            codec,
            payload_type: first.payload_type,
            receive: codecs().map(|(codec, known)| (codec.receive_payload_type, known)).collect(),
            event: stream.telephone_event,
            ptime: stream.ptime.clamp(PTIME.0, PTIME.1),
            direction: stream.direction,
            remote_hold: stream.remote_hold,
            rtcp_mux: stream.rtcp_mux,
            path,
        })
    }

    /// What the peer means by a payload type.
    pub(super) fn content(&self, payload_type: u8) -> Option<Content> {
        if self.event.is_some_and(|event| event.receive == payload_type) {
            return Some(Content::Event);
        }
        let codec = self.receive.iter().find(|(number, _)| *number == payload_type);
        codec.map(|(_, codec)| Content::Audio(*codec))
    }

    /// Whether RTP may be sent.
    pub(super) fn may_send(&self) -> bool {
        self.direction.sends() && self.path.is_reachable()
    }

    /// Whether RTP must come: neither side holds.
    pub(super) fn must_hear(&self) -> bool {
        self.direction.receives() && !self.remote_hold
    }

    /// Samples in a packet.
    pub(super) fn frame(&self) -> u32 {
        u32::from(self.ptime) * (AUDIO_RATE / 1_000)
    }
}

/// The descriptions of both sides so far.
#[derive(Debug)]
pub(super) struct Negotiation {
    local: LocalAudio,
    /// The last description that was sent and stands.
    previous: Option<SessionDescription>,
    /// The last offer of this side, until the peer offers.
    offered: Option<SessionDescription>,
    /// That offer is not answered.
    open: bool,
}

impl Negotiation {
    pub(super) fn new(config: &MediaConfig, local: LocalMedia, random: &mut Random) -> Self {
        let codecs = config
            .codecs
            .iter()
            .map(|codec| LocalCodec::new(codec.name(), codec.payload_type(), codec.clock_rate()))
            .collect();
        let audio = LocalAudio {
            rtcp_port: local.rtcp.port(),
            telephone_event: config.telephone_event.then_some(TELEPHONE_EVENT),
            ptime: config.ptime.clamp(PTIME.0, PTIME.1),
            rtcp_mux: config.rtcp_mux,
            // Some peers read both numbers into signed integers.
            session_id: random.u64() >> 33,
            ..LocalAudio::new(local.rtp.ip(), local.rtp.port(), codecs)
        };
        Self { local: audio, previous: None, offered: None, open: false }
    }
}

fn parse(text: &str) -> Result<SessionDescription, MediaError> {
    SessionDescription::parse(text)
        .map_err(|fault| error(400, format!("the session description is malformed: {fault}")))
}

impl MediaSession {
    /// Describes this side in an offer: the first one, or a change of the session in the given direction (RFC 3264
    /// sections 5 and 8). An offer that is open is replaced.
    pub fn create_offer(&mut self, _now: Now, direction: Direction) -> Result<String, MediaError> {
        self.check_open()?;
        self.rollback();
        let state = &mut self.negotiation;
        state.local.direction = direction;
        let description = match &state.previous {
            Some(previous) => offer_again(&state.local, previous),
            None => offer(&state.local),
        };
        let text = description.to_string();
        state.offered = Some(description);
        state.open = true;
        Ok(text)
    }

    /// Answers an offer and applies both at once (RFC 3264 sections 6 and 8). An open offer of this side is rolled back:
    /// whether two offers may cross is for the signalling to decide.
    pub fn create_answer(
        &mut self,
        now: Now,
        offer: &str,
        direction: Direction,
    ) -> Result<String, MediaError> {
        self.check_open()?;
        let offer = parse(offer)?;
        self.rollback();
        let state = &self.negotiation;
        let local = LocalAudio { direction, ..state.local.clone() };
        let answered = match &state.previous {
            Some(previous) => answer_again(&offer, &local, previous),
            None => answer(&offer, &local),
        };
        let answered = answered.map_err(|refusal| {
            let text = refusal.warning.as_ref().map(|(_, text)| text.clone());
            error(refusal.status, text.unwrap_or_else(|| refusal.to_string()))
        })?;
        let agreed = self.agree(answered.stream.as_ref())?;
        let text = answered.description.to_string();
        let state = &mut self.negotiation;
        state.local = local;
        state.previous = Some(answered.description);
        state.offered = None;
        self.apply(now, agreed);
        Ok(text)
    }

    /// Applies the answer to the last offer (RFC 3264 section 7). A further answer to the same offer, as another branch
    /// of a call gives it, takes the place of the one before.
    pub fn set_remote(&mut self, now: Now, answer: &str) -> Result<(), MediaError> {
        self.check_open()?;
        let answer = parse(answer)?;
        let state = &self.negotiation;
        let Some(offered) = &state.offered else {
            return Err(error(500, "there is no offer to answer"));
        };
        let stream = accept_answer(offered, &answer, &state.local);
        let stream =
            stream.map_err(|fault| error(488, format!("the peer's answer does not fit: {fault}")))?;
        let Some(agreed) = self.agree(stream.as_ref())? else {
            return Err(error(488, "the peer refused the audio"));
        };
        let state = &mut self.negotiation;
        state.previous.clone_from(&state.offered);
        state.open = false;
        self.apply(now, Some(agreed));
        Ok(())
    }

    /// Forgets an offer that is not answered; everything stays as it was agreed before.
    pub fn rollback(&mut self) {
        let state = &mut self.negotiation;
        if !std::mem::take(&mut state.open) {
            return;
        }
        let Some(offered) = state.offered.take() else { return };
        // The peer may have seen this version: the next description must not bear it with other contents.
        match state.previous.as_mut() {
            Some(previous) => previous.origin = offered.origin,
            None => state.local.session_version = state.local.session_version.saturating_add(1),
        }
    }

    fn check_open(&self) -> Result<(), MediaError> {
        if self.closed {
            return Err(error(500, "the session has ended"));
        }
        if self.negotiation.local.codecs.is_empty() {
            return Err(error(500, "no codec is enabled"));
        }
        Ok(())
    }

    fn agree(&self, stream: Option<&Stream>) -> Result<Option<Agreed>, MediaError> {
        stream.map(|stream| Agreed::new(stream, self.agreed.as_ref())).transpose()
    }

    /// Lets what was agreed take effect; SSRC, sequence, media clock and jitter buffer go on.
    fn apply(&mut self, now: Now, agreed: Option<Agreed>) {
        let could_hear = self.agreed.as_ref().is_some_and(Agreed::must_hear);
        let can_hear = agreed.as_ref().is_some_and(Agreed::must_hear);
        if can_hear && !could_hear {
            self.activity.resumed(now);
        }
        if !agreed.as_ref().is_some_and(Agreed::may_send) {
            self.digits.interrupt();
        }
        if agreed.as_ref().is_none_or(|agreed| agreed.event.is_none()) && self.digits.clear() {
            self.counters.count("digits that were not sent");
        }
        match &agreed {
            Some(_) => {
                self.sending.start(now);
                self.reports.start(now, &mut self.random);
            }
            None => self.sending.stop(),
        }
        self.agreed = agreed;
    }

    /// The SSRC under which this side sends; it never changes.
    pub fn ssrc(&self) -> u32 {
        RtpSender::ssrc(&self.sending.rtp)
    }
}
