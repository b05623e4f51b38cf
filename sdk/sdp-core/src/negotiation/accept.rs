//! Reading the answer to an offer.

use super::offer::is_active_audio;
use super::payloads::{Payload, is_event, payloads, speech_first};
use super::remote::{Remote, packet_time};
use super::{EventPayload, LocalAudio, NegotiatedCodec, Stream};
use crate::{AddressError, Direction, MediaDescription, Rtpmap, SessionDescription};

/// An answer that does not fit its offer; `index` is the position of the media description, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The number of media descriptions differs (RFC 3264 §6).
    #[error("{answered} media descriptions answer {offered}")]
    MediaCount {
        /// How many were offered.
        offered: usize,
        /// How many came back.
        answered: usize,
    },
    /// The kind of the medium differs.
    #[error("media description {index} answers with another kind of medium")]
    Kind {
        /// The position.
        index: usize,
    },
    /// The transport protocol differs.
    #[error("media description {index} answers with another transport protocol")]
    Protocol {
        /// The position.
        index: usize,
    },
    /// A stream offered with port 0 came back with a port.
    #[error("media description {index} answers a removed stream with a port")]
    Removed {
        /// The position.
        index: usize,
    },
    /// None of the formats is a codec that was offered.
    #[error("media description {index} answers with no offered codec")]
    NoCodec {
        /// The position.
        index: usize,
    },
    /// The answer gives no address to send to.
    #[error("media description {index}: {reason}")]
    Address {
        /// The position.
        index: usize,
        /// What is wrong with the address.
        reason: AddressError,
    },
}

/// Reads the answer to an offer of ours (RFC 3264 §7); `None` where the peer rejected the stream.
pub fn accept_answer(
    offer: &SessionDescription,
    answer: &SessionDescription,
    local: &LocalAudio,
) -> Result<Option<Stream>, AnswerError> {
    if offer.media.len() != answer.media.len() {
        return Err(AnswerError::MediaCount { offered: offer.media.len(), answered: answer.media.len() });
    }
    let lines = || offer.media.iter().zip(&answer.media).enumerate();
    for (index, (offered, answered)) in lines() {
        if offered.kind != answered.kind {
            return Err(AnswerError::Kind { index });
        }
        if answered.port == 0 {
            continue;
        }
        if offered.port == 0 {
            return Err(AnswerError::Removed { index });
        }
        if !offered.protocol.eq_ignore_ascii_case(&answered.protocol) {
            return Err(AnswerError::Protocol { index });
        }
    }
    match lines().find(|(_, (offered, _))| is_active_audio(offered)) {
        Some((index, (offered, answered))) if answered.port != 0 => {
            agree(index, (offer, offered), (answer, answered), local).map(Some)
        }
        _ => Ok(None),
    }
}

type Described<'a> = (&'a SessionDescription, &'a MediaDescription);

fn agree(
    index: usize,
    (offer, offered): Described<'_>,
    (answer, answered): Described<'_>,
    local: &LocalAudio,
) -> Result<Stream, AnswerError> {
    let rtcp_mux = offered.rtcp_mux() && answered.rtcp_mux();
    let remote = Remote::read(answer, answered, rtcp_mux, local.address)
        .map_err(|reason| AnswerError::Address { index, reason })?;

    let ours = payloads(offered);
    let mut codecs = Vec::new();
    let mut events = Vec::new();
    for payload in payloads(answered) {
        let Some((receive, map)) = counterpart(&payload, &ours) else { continue };
        if is_event(&map) {
            events.push((map.clock_rate, EventPayload { send: payload.number, receive }));
        } else {
            codecs.push(NegotiatedCodec {
                payload_type: payload.number,
                receive_payload_type: receive,
                name: map.name.to_owned(),
                clock_rate: map.clock_rate,
                channels: map.channels,
                fmtp: payload.fmtp.map(str::to_owned),
            });
        }
    }
    let codecs = speech_first(codecs).ok_or(AnswerError::NoCodec { index })?;
    let rate = codecs.first().map(|codec| codec.clock_rate);

    let wanted = offered.direction(offer);
    let theirs = answered.direction(answer);
    let heard = theirs.receives() && !remote.nowhere;
    Ok(Stream {
        index,
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        codecs,
        telephone_event: events
            .iter()
            .find(|(clock_rate, _)| Some(*clock_rate) == rate)
            .map(|(_, event)| *event),
        ptime: packet_time(answered, local),
        direction: wanted.and(Direction::new(heard, theirs.sends())),
        // Not hearing what was never offered to be sent is no hold.
        remote_hold: wanted.sends() && !heard,
        rtcp_mux,
    })
}

/// Finds the offered payload an answered one refers to: the same encoding, under the same number where there is a
/// choice. A number without encoding means what it meant in the offer.
fn counterpart<'a>(answered: &Payload<'a>, offered: &[Payload<'a>]) -> Option<(u8, Rtpmap<'a>)> {
    let by_number = offered.iter().find(|payload| payload.number == answered.number);
    let Some(map) = answered.map else {
        return by_number.and_then(|payload| Some((payload.number, payload.map?)));
    };
    let same = |payload: &&Payload<'_>| payload.map.is_some_and(|own| own.matches(&map));
    by_number.filter(same).or_else(|| offered.iter().find(same)).map(|payload| (payload.number, map))
}
