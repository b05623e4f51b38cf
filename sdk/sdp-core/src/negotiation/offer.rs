//! Making offers.

use super::LocalAudio;
use super::compose::{AVP, Announced, audio, is_plain_rtp, rejected, rtcp_port, session, succeed};
use super::payloads::{Payload, TELEPHONE_EVENT, payloads};
use crate::{Attribute, MediaDescription, MediaKind, Rtpmap, SessionDescription};
use rvoip_sans_io::Set;

/// The payload types RFC 3551 §6 leaves to be assigned by a session.
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;

/// Describes the local side in a first offer (RFC 3264 §5).
pub fn offer(local: &LocalAudio) -> SessionDescription {
    let mut description = session(local);
    description.media.push(offered_audio(local, AVP, Vec::new()));
    description
}

/// Describes the local side in a later offer of the same session (RFC 3264 §8).
///
/// `previous` is the last description this side sent, offer or answer. Its media keep their places: the active audio
/// stream is offered anew under the same payload types, all others stay at port 0. Where it had no active audio
/// stream, one is added at the end. The version grows by one if anything changed.
pub fn offer_again(local: &LocalAudio, previous: &SessionDescription) -> SessionDescription {
    let mut description = session(local);
    description.session_name.clone_from(&previous.session_name);
    description.times.clone_from(&previous.times);
    let ours = previous.media.iter().position(is_active_audio);
    for (index, media) in previous.media.iter().enumerate() {
        description.media.push(if ours == Some(index) {
            offered_audio(local, &media.protocol, payloads(media))
        } else {
            rejected(media)
        });
    }
    if ours.is_none() {
        description.media.push(offered_audio(local, AVP, Vec::new()));
    }
    succeed(&mut description, previous);
    description
}

/// Whether this media description is one this module makes for the local end.
pub(super) fn is_active_audio(media: &MediaDescription) -> bool {
    media.kind == MediaKind::Audio && media.port != 0 && is_plain_rtp(&media.protocol)
}

fn offered_audio(local: &LocalAudio, protocol: &str, known: Vec<Payload<'_>>) -> MediaDescription {
    let mut numbers = Numbers { taken: known.iter().map(|payload| payload.number).collect(), known };
    let mut announced: Vec<Announced<'_>> = Vec::new();
    for codec in &local.codecs {
        if let Some(number) = numbers.assign(&codec.rtpmap(), codec.payload_type) {
            announced.push(Announced {
                number,
                name: &codec.name,
                clock_rate: codec.clock_rate,
                channels: codec.channels,
                fmtp: codec.fmtp.as_deref(),
            });
        }
    }
    if let Some(wanted) = local.telephone_event {
        let mut rates = Set::new();
        for codec in &local.codecs {
            let map = Rtpmap { name: TELEPHONE_EVENT, clock_rate: codec.clock_rate, channels: 1 };
            if rates.insert(codec.clock_rate)
                && let Some(number) = numbers.assign(&map, wanted)
            {
                announced.push(Announced::event(number, codec.clock_rate));
            }
        }
    }
    let mux = local.rtcp_mux.then(|| Attribute::flag("rtcp-mux"));
    let rtcp: Vec<Attribute> = rtcp_port(local).into_iter().chain(mux).collect();
    audio(local, protocol, &announced, local.direction, &rtcp)
}

/// Hands out payload types; one that meant something before never means anything else (RFC 3264 §8.3.2).
struct Numbers<'a> {
    known: Vec<Payload<'a>>,
    taken: Set<u8>,
}

impl Numbers<'_> {
    fn assign(&mut self, encoding: &Rtpmap<'_>, wanted: u8) -> Option<u8> {
        let same = |payload: &Payload<'_>| payload.map.is_some_and(|map| map.matches(encoding));
        if let Some(place) = self.known.iter().position(same) {
            return Some(self.known.swap_remove(place).number);
        }
        let free = |number: &u8| *number < 128 && !self.taken.contains(number);
        let number = Some(wanted).filter(free).or_else(|| DYNAMIC.into_iter().find(free))?;
        self.taken.insert(number);
        Some(number)
    }
}
