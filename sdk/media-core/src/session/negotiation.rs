//! Offer and answer (RFC 3264) for the one stream of a session.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rvoip_rtp_core::RtpSender;
use rvoip_sans_io::{Now, Random};
use rvoip_sdp_core::Direction;
use rvoip_sdp_core::negotiation::{EventPayload, LocalAudio, LocalCodec, NegotiationError, Stream};

use super::path::Path;
use super::source::AUDIO_RATE;
use super::{LocalMedia, MediaConfig, MediaError, MediaEvent, MediaSession};
use crate::codec::Codec;

/// The payload type at which digits are offered.
const TELEPHONE_EVENT: u8 = 101;
/// Packet times that are used, in milliseconds, whatever the peer wishes.
const PTIME: (u16, u16) = (10, 200);

fn error(status: u16, reason: impl Into<String>) -> MediaError {
    MediaError { status, reason: reason.into() }
}

impl From<NegotiationError> for MediaError {
    fn from(NegotiationError { status, reason }: NegotiationError) -> Self {
        Self { status, reason }
    }
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
    fn new(stream: &Stream) -> Result<Self, MediaError> {
        let codecs = || {
            stream.codecs.iter().filter_map(|codec| {
                let known = Codec::from_name(&codec.name, codec.clock_rate)?;
                Some((codec, known))
            })
        };
        let (first, codec) = codecs().next().ok_or_else(|| error(488, "no known codec"))?;
        Ok(Self {
            codec,
            payload_type: first.payload_type,
            receive: codecs().map(|(codec, known)| (codec.receive_payload_type, known)).collect(),
            event: stream.telephone_event,
            ptime: stream.ptime.clamp(PTIME.0, PTIME.1),
            direction: stream.direction,
            remote_hold: stream.remote_hold,
            rtcp_mux: stream.rtcp_mux,
            path: Path::new(stream.remote_rtp, stream.remote_rtcp),
        })
    }

    /// What a peer may send that has our offer and has not answered it (RFC 3264 section 5.1): what we offered, from wherever
    /// it is. Nothing is sent to it.
    fn offered(local: &LocalAudio) -> Option<Self> {
        let codecs = || {
            local.codecs.iter().filter_map(|codec| {
                Some((codec.payload_type, Codec::from_name(&codec.name, codec.clock_rate)?))
            })
        };
        let (payload_type, codec) = codecs().next()?;
        let nowhere = match local.address {
            IpAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            IpAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        Some(Self {
            codec,
            payload_type,
            receive: codecs().collect(),
            event: local.telephone_event.map(|number| EventPayload { send: number, receive: number }),
            ptime: local.ptime,
            direction: if local.direction.receives() { Direction::RecvOnly } else { Direction::Inactive },
            remote_hold: false,
            rtcp_mux: local.rtcp_mux,
            path: Path::new(nowhere, nowhere),
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

/// What this side describes.
pub(super) fn local_audio(config: &MediaConfig, local: LocalMedia, random: &mut Random) -> LocalAudio {
    let codecs = config
        .codecs
        .iter()
        .map(|codec| LocalCodec::new(codec.name(), codec.payload_type(), codec.clock_rate()))
        .collect();
    LocalAudio {
        rtcp_port: local.rtcp.port(),
        telephone_event: config.telephone_event.then_some(TELEPHONE_EVENT),
        ptime: config.ptime.clamp(PTIME.0, PTIME.1),
        rtcp_mux: config.rtcp_mux,
        // Some peers read both numbers into signed integers.
        session_id: random.u64() >> 33,
        ..LocalAudio::new(local.rtp.ip(), local.rtp.port(), codecs)
    }
}

impl MediaSession {
    /// Describes this side in an offer: the first one, or a change of the session in the given direction (RFC 3264
    /// sections 5 and 8). An offer that is open is replaced.
    pub fn create_offer(&mut self, _now: Now, direction: Direction) -> Result<String, MediaError> {
        self.check_open()?;
        let text = self.negotiation.create_offer(direction)?;
        self.offered = if self.agreed.is_none() { Agreed::offered(self.negotiation.local()) } else { None };
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
        self.rollback();
        let (text, stream) = self.negotiation.create_answer(offer, direction)?;
        let agreed = stream.as_ref().map(Agreed::new).transpose()?;
        self.apply(now, agreed);
        Ok(text)
    }

    /// Applies the answer to the last offer (RFC 3264 section 7). A further answer to the same offer, as another branch
    /// of a call gives it, takes the place of the one before.
    pub fn set_remote(&mut self, now: Now, answer: &str) -> Result<(), MediaError> {
        self.check_open()?;
        let agreed = Agreed::new(&self.negotiation.set_remote(answer)?)?;
        self.apply(now, Some(agreed));
        Ok(())
    }

    /// Forgets an offer that is not answered; everything stays as it was agreed before.
    pub fn rollback(&mut self) {
        if self.negotiation.rollback() {
            self.offered = None;
        }
    }

    fn check_open(&self) -> Result<(), MediaError> {
        if self.closed { Err(error(500, "the session has ended")) } else { Ok(()) }
    }

    /// The sockets of this side are others by now: the next description shows them.
    pub fn set_local(&mut self, local: LocalMedia) {
        let audio = self.negotiation.local_mut();
        audio.address = local.rtp.ip();
        audio.rtp_port = local.rtp.port();
        audio.rtcp_port = local.rtcp.port();
    }

    /// Where RTP goes now, if the peer has said where it is, or was heard.
    pub fn peer(&self) -> Option<SocketAddr> {
        let heard = self.heard()?;
        Some(heard.path.rtp()).filter(|address| !address.ip().is_unspecified())
    }

    /// Lets what was agreed take effect; SSRC, sequence, media clock and jitter buffer go on.
    fn apply(&mut self, now: Now, mut agreed: Option<Agreed>) {
        let before = self.agreed.take().or(self.offered.take());
        if let (Some(agreed), Some(before)) = (&mut agreed, before) {
            let described = std::mem::replace(&mut agreed.path, before.path);
            if agreed.path.renegotiate(described.rtp(), described.rtcp()) {
                self.receiving.moved(now);
            }
        }
        // Whoever negotiates is there: from now on the peer has the whole time to be heard.
        self.activity.restarted(now.monotonic);
        if !agreed.as_ref().is_some_and(Agreed::may_send) {
            self.digits.interrupt();
        }
        if agreed.as_ref().is_none_or(|agreed| agreed.event.is_none()) {
            for begun in self.digits.clear() {
                self.counters.count("digits that were not sent");
                self.emit(MediaEvent::DigitsDropped { begun });
            }
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
