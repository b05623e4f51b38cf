//! Answering offers.

use super::compose::{Announced, audio, is_plain_rtp, rejected, rtcp_port, session, succeed};
use super::payloads::{is_event, payloads, speech_first};
use super::remote::{Remote, packet_time};
use super::{EventPayload, LocalAudio, LocalCodec, NegotiatedCodec, Stream};
use crate::{AddressError, Attribute, Direction, MediaDescription, MediaKind, SessionDescription};
use rvoip_sans_io::Set;

/// An answer, and the stream that stands once it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer to send.
    pub description: SessionDescription,
    /// The stream; `None` where the offer had no active media.
    pub stream: Option<Stream>,
}

/// Why an offer cannot be answered, as a SIP response says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("offer refused with status {status}")]
pub struct Refusal {
    /// The status code: 400 where the offer is malformed, 488 where it is not acceptable here.
    pub status: u16,
    /// Code and text of a `Warning` header (RFC 3261 §20.43).
    pub warning: Option<(u16, String)>,
}

/// Answers an offer (RFC 3264 §6): the first acceptable audio is taken, with all codecs both sides have in the order
/// of the offer; everything else is rejected in place.
pub fn answer(offer: &SessionDescription, local: &LocalAudio) -> Result<Answered, Refusal> {
    let mut description = session(local);
    description.times.clone_from(&offer.times);
    let mut stream = None;
    let mut faults = Vec::new();
    for (index, media) in offer.media.iter().enumerate() {
        let taken = if stream.is_none() && media.port != 0 {
            take(offer, media, index, local).map_err(|fault| faults.push(fault)).ok()
        } else {
            None
        };
        match taken {
            Some((line, agreed)) => {
                description.media.push(line);
                stream = Some(agreed);
            }
            None => description.media.push(rejected(media)),
        }
    }
    match faults.into_iter().min() {
        Some(fault) if stream.is_none() => Err(fault.refusal()),
        _ => Ok(Answered { description, stream }),
    }
}

/// Answers a later offer of a session (RFC 3264 §8): as [`answer`], with the origin of `previous`, the last description
/// this side sent, one version higher if anything changed.
pub fn answer_again(
    offer: &SessionDescription,
    local: &LocalAudio,
    previous: &SessionDescription,
) -> Result<Answered, Refusal> {
    let mut answered = answer(offer, local)?;
    answered.description.session_name.clone_from(&previous.session_name);
    succeed(&mut answered.description, previous);
    Ok(answered)
}

/// Why a media description is not taken, what says most about the offer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Formats,
    Address,
    HostName,
    NoConnection,
    Transport,
    MediaType,
}

impl Fault {
    fn refusal(self) -> Refusal {
        let (status, code, text) = match self {
            Self::NoConnection => (400, 399, "No connection data for the media"),
            Self::HostName => (488, 301, "Host names in connection data are not resolved"),
            Self::Address => (488, 301, "Incompatible network address formats"),
            Self::Transport => (488, 302, "Incompatible transport protocol"),
            Self::MediaType => (488, 304, "Media type not available"),
            Self::Formats => (488, 305, "Incompatible media format"),
        };
        Refusal { status, warning: Some((code, text.to_owned())) }
    }
}

impl From<AddressError> for Fault {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Missing => Self::NoConnection,
            AddressError::HostName => Self::HostName,
            AddressError::UnknownType
            | AddressError::Multicast
            | AddressError::OtherFamily
            | AddressError::NoRtcpPort => Self::Address,
        }
    }
}

fn take(
    offer: &SessionDescription,
    media: &MediaDescription,
    index: usize,
    local: &LocalAudio,
) -> Result<(MediaDescription, Stream), Fault> {
    if media.kind != MediaKind::Audio {
        return Err(Fault::MediaType);
    }
    if !is_plain_rtp(&media.protocol) {
        return Err(Fault::Transport);
    }
    let rtcp_mux = local.rtcp_mux && media.rtcp_mux();
    let remote = Remote::read(offer, media, rtcp_mux, local.address)?;
    let Chosen { codecs, events, announced } = choose(media, local);
    let codecs = speech_first(codecs).ok_or(Fault::Formats)?;
    let rate = codecs.first().map(|codec| codec.clock_rate);
    let event = events.iter().find(|(_, clock_rate)| Some(*clock_rate) == rate);

    let theirs = media.direction(offer);
    let heard = theirs.receives() && !remote.nowhere;
    let direction = Direction::new(heard, theirs.sends()).and(local.direction);
    let rtcp = if rtcp_mux { Some(Attribute::flag("rtcp-mux")) } else { rtcp_port(local) };
    let line = audio(local, &media.protocol, &announced, direction, rtcp.as_slice());
    let stream = Stream {
        index,
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        codecs,
        telephone_event: event.map(|(number, _)| EventPayload { send: *number, receive: *number }),
        ptime: packet_time(media, local),
        direction,
        remote_hold: !heard,
        rtcp_mux,
    };
    Ok((line, stream))
}

/// What both sides have, in the order of the offer.
struct Chosen<'a> {
    codecs: Vec<NegotiatedCodec>,
    /// Payload types of `telephone-event` and their clock rates.
    events: Vec<(u8, u32)>,
    announced: Vec<Announced<'a>>,
}

fn choose<'a>(media: &'a MediaDescription, local: &'a LocalAudio) -> Chosen<'a> {
    let offered = payloads(media);
    let mut left: Vec<&LocalCodec> = local.codecs.iter().collect();
    let mut chosen = Chosen { codecs: Vec::new(), events: Vec::new(), announced: Vec::new() };
    for payload in &offered {
        let Some(map) = payload.map else { continue };
        // Each local codec is taken once: a peer that lists it twice gains nothing by the second.
        let Some(place) = left.iter().position(|codec| codec.rtpmap().matches(&map)) else { continue };
        let codec = left.remove(place);
        chosen.announced.push(Announced {
            number: payload.number,
            name: map.name,
            clock_rate: map.clock_rate,
            channels: map.channels,
            fmtp: codec.fmtp.as_deref(),
        });
        chosen.codecs.push(NegotiatedCodec {
            payload_type: payload.number,
            receive_payload_type: payload.number,
            name: map.name.to_owned(),
            clock_rate: map.clock_rate,
            channels: map.channels,
            fmtp: payload.fmtp.map(str::to_owned),
        });
    }
    if local.telephone_event.is_some() {
        let mut rates: Set<u32> = chosen.codecs.iter().map(|codec| codec.clock_rate).collect();
        for payload in &offered {
            if let Some(map) = payload.map.filter(is_event)
                && rates.remove(&map.clock_rate)
            {
                chosen.events.push((payload.number, map.clock_rate));
                chosen.announced.push(Announced::event(payload.number, map.clock_rate));
            }
        }
    }
    chosen
}
