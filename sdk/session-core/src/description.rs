//! What the endpoint itself does with descriptions: it finds them, reads whether the peer holds us, and refuses one.

use rvoip_sdp_core::{MediaKind, SessionDescription};
use rvoip_sip_core::header::ContentType;
use rvoip_sip_core::{Limits, Message};

/// The session description of a message, if it has one: its body, or a part of that (RFC 5621 §3).
pub(crate) fn description(message: &Message<'_>) -> Option<String> {
    let content_type = message.get::<ContentType<'_>>()?.ok()?;
    let body = if is_sdp(&content_type) {
        message.body()
    } else {
        let parts = message.parts(&Limits::default()).ok()??;
        parts.filter_map(Result::ok).find(|part| part.content_type().is_ok_and(|of| is_sdp(&of)))?.body()
    };
    std::str::from_utf8(body).ok().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_sdp(content_type: &ContentType<'_>) -> bool {
    content_type.is("application", "sdp")
}

/// An answer that takes none of the streams of an offer (RFC 3264 §6).
pub(crate) fn refusal(offer: &str) -> String {
    let mut answer = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned();
    for media in offer.lines().filter_map(|line| line.strip_prefix("m=")) {
        let mut words = media.split(' ');
        let (kind, _port) = (words.next().unwrap_or_default(), words.next());
        answer.extend(["m=", kind, " 0"]);
        answer.extend(words.flat_map(|word| [" ", word]));
        answer.push_str("\r\n");
    }
    answer
}

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

    #[test]
    fn a_refusal_answers_every_stream() {
        let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
                     m=audio 4000 RTP/AVP 0 8\r\na=sendrecv\r\nm=video 4002 RTP/SAVPF 96\r\n";
        let answer = refusal(offer);
        let answer = SessionDescription::parse(&answer).unwrap();
        let streams: Vec<_> =
            answer.media.iter().map(|media| (media.kind.clone(), media.port, media.formats.len())).collect();
        assert_eq!(streams, [(MediaKind::Audio, 0, 2), (MediaKind::Video, 0, 1)]);
    }

    #[test]
    fn a_description_is_found_in_a_multipart_body() {
        let body = "--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x--\r\n";
        let message = |content_type: &str| {
            let text = format!(
                "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\n\
                 Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            description(&Message::parse(text.as_bytes()).unwrap())
        };
        assert_eq!(message("multipart/mixed;boundary=x").as_deref(), Some("v=0"));
        assert_eq!(message("multipart/mixed;boundary=y"), None);
        assert_eq!(message("text/plain"), None);
    }
}
