//! Writing descriptions of the local side.

use super::LocalAudio;
use crate::{Attribute, Connection, Direction, MediaDescription, MediaKind, Origin, SessionDescription};

/// The transport protocol of an offer.
pub(super) const AVP: &str = "RTP/AVP";

/// Whether a transport protocol is plain RTP, with or without early feedback (RFC 4585).
pub(super) fn is_plain_rtp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case(AVP) || protocol.eq_ignore_ascii_case("RTP/AVPF")
}

/// A payload type to announce.
pub(super) struct Announced<'a> {
    pub(super) number: u8,
    pub(super) name: &'a str,
    pub(super) clock_rate: u32,
    pub(super) channels: u8,
    pub(super) fmtp: Option<&'a str>,
}

impl Announced<'_> {
    /// The events 0 to 15, which RFC 4733 §3.2 calls DTMF.
    pub(super) fn event(number: u8, clock_rate: u32) -> Self {
        let name = super::payloads::TELEPHONE_EVENT;
        Self { number, name, clock_rate, channels: 1, fmtp: Some("0-15") }
    }
}

/// A description of the local side without media.
pub(super) fn session(local: &LocalAudio) -> SessionDescription {
    let connection = Connection::of(local.address);
    let user_name: String = local
        .user_name
        .chars()
        .map(|letter| if letter.is_whitespace() || letter.is_control() { '_' } else { letter })
        .collect();
    let origin = Origin {
        user_name: if user_name.is_empty() { "-".to_owned() } else { user_name },
        session_id: local.session_id.to_string(),
        session_version: local.session_version.to_string(),
        connection: connection.clone(),
    };
    SessionDescription { connection: Some(connection), ..SessionDescription::new(origin) }
}

/// The media description of the local end.
pub(super) fn audio(
    local: &LocalAudio,
    protocol: &str,
    announced: &[Announced<'_>],
    direction: Direction,
    rtcp: &[Attribute],
) -> MediaDescription {
    let formats = announced.iter().map(|payload| payload.number.to_string()).collect();
    let mut media = MediaDescription::new(MediaKind::Audio, local.rtp_port, protocol, formats);
    for Announced { number, name, clock_rate, channels, fmtp } in announced {
        let encoding = match channels {
            0 | 1 => format!("{number} {name}/{clock_rate}"),
            _ => format!("{number} {name}/{clock_rate}/{channels}"),
        };
        media.attributes.push(Attribute::new("rtpmap", encoding));
        if let Some(fmtp) = fmtp {
            media.attributes.push(Attribute::new("fmtp", format!("{number} {fmtp}")));
        }
    }
    media.attributes.push(Attribute::new("ptime", local.ptime.max(1).to_string()));
    if let Some(longest) = local.max_ptime {
        media.attributes.push(Attribute::new("maxptime", longest.max(1).to_string()));
    }
    media.attributes.extend_from_slice(rtcp);
    media.attributes.push(Attribute::flag(direction.name()));
    media
}

/// The `a=rtcp` attribute, where the port of RTCP is not the one a peer expects.
pub(super) fn rtcp_port(local: &LocalAudio) -> Option<Attribute> {
    let expected = local.rtp_port.checked_add(1);
    (expected != Some(local.rtcp_port)).then(|| Attribute::new("rtcp", local.rtcp_port.to_string()))
}

/// The same media description, rejected or removed (RFC 3264 §6 and §8.2).
pub(super) fn rejected(media: &MediaDescription) -> MediaDescription {
    MediaDescription::new(media.kind.clone(), 0, media.protocol.clone(), media.formats.clone())
}

/// Gives a description the origin of the one before it, one version higher if anything changed (RFC 3264 §8).
pub(super) fn succeed(description: &mut SessionDescription, previous: &SessionDescription) {
    description.origin = previous.origin.clone();
    if description != previous {
        let version: u64 = previous.origin.session_version.parse().unwrap_or_default();
        description.origin.session_version = version.saturating_add(1).to_string();
    }
}
