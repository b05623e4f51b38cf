//! What the endpoint itself reads of a description: whether the peer holds us.

use rvoip_sdp_core::{MediaKind, SessionDescription};

/// Whether the peer does not want our audio: `sendonly` or `inactive` (RFC 3264 §8.4), or the address 0.0.0.0 of
/// RFC 2543. What cannot be read holds nobody; the media side refuses it.
pub(crate) fn holds_us(description: &str) -> bool {
    let Ok(description) = SessionDescription::parse(description) else { return false };
    let mut audio =
        description.media.iter().filter(|media| media.kind == MediaKind::Audio && media.port != 0);
    audio.next().is_some_and(|media| {
        let unspecified = media
            .connection(&description)
            .and_then(|connection| connection.ip().ok())
            .is_some_and(|address| address.is_unspecified());
        // With ICE the address stands in the candidates; a browser that hides its own writes 0.0.0.0 (RFC 8840 §4.1.3).
        let ice = media.attribute("ice-ufrag").or(description.attribute("ice-ufrag")).is_some();
        (unspecified && !ice) || !media.direction(&description).receives()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hold_is_read_in_all_its_forms() {
        let description = |address: &str, attribute: &str| {
            format!(
                "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n{attribute}"
            )
        };
        for (address, attribute, held) in [
            ("192.0.2.1", "", false),
            ("192.0.2.1", "a=sendonly\r\n", true),
            ("192.0.2.1", "a=inactive\r\n", true),
            ("192.0.2.1", "a=recvonly\r\n", false),
            ("0.0.0.0", "", true),
            ("0.0.0.0", "a=ice-ufrag:x\r\n", false),
        ] {
            assert_eq!(holds_us(&description(address, attribute)), held, "{address} {attribute}");
        }
        assert!(!holds_us("nonsense"));
    }
}
