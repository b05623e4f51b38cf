//! The formats of a media description with what is said about them.

use super::NegotiatedCodec;
use crate::payload::payload_type;
use crate::{MediaDescription, Rtpmap};
use rvoip_sans_io::{Map, Set};

/// The name of the payload of RFC 4733.
pub(super) const TELEPHONE_EVENT: &str = "telephone-event";

/// A payload type, its encoding and its parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payload<'a> {
    pub(super) number: u8,
    /// Absent for a dynamic number without `a=rtpmap`.
    pub(super) map: Option<Rtpmap<'a>>,
    pub(super) fmtp: Option<&'a str>,
}

/// Lists each payload type of the `m=` line once, in order; reads the attributes once, however many formats there are.
pub(super) fn payloads(media: &MediaDescription) -> Vec<Payload<'_>> {
    let mut maps = Map::new();
    for (number, map) in media.rtpmaps() {
        maps.entry(number).or_insert(map);
    }
    let mut parameters = Map::new();
    for (number, fmtp) in media.fmtps() {
        parameters.entry(number).or_insert(fmtp);
    }
    let mut seen = Set::new();
    media
        .formats
        .iter()
        .filter_map(|format| payload_type(format))
        .filter(|number| seen.insert(*number))
        .map(|number| Payload {
            number,
            map: maps.get(&number).copied().or(Rtpmap::of_static(number)),
            fmtp: parameters.get(&number).copied(),
        })
        .collect()
}

/// Whether this is an event payload rather than a codec.
pub(super) fn is_event(map: &Rtpmap<'_>) -> bool {
    map.name.eq_ignore_ascii_case(TELEPHONE_EVENT)
}

/// Puts comfort noise (RFC 3389) behind the codecs, as it cannot be what speech is sent with; `None` without a codec.
pub(super) fn speech_first(mut codecs: Vec<NegotiatedCodec>) -> Option<Vec<NegotiatedCodec>> {
    codecs.sort_by_key(|codec| codec.name.eq_ignore_ascii_case("CN"));
    codecs.first().is_some_and(|codec| !codec.name.eq_ignore_ascii_case("CN")).then_some(codecs)
}
