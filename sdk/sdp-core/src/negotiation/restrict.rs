//! Less than a description offers.

use crate::{Attribute, MediaDescription, MediaKind, SessionDescription};

/// Keeps the first audio stream, and of its codecs those that are named, in the order of the names, and telephone events; what
/// belongs to the others goes with them. Every other stream is rejected: its port is zero (RFC 3264 §6), and no bundle has it
/// (RFC 9143 §7.3.3). False if there is no audio, or no codec of it is left.
///
/// This is for media that somebody else negotiates, such as a browser: what it writes and reads passes here.
pub fn restrict(description: &mut SessionDescription, codecs: &[String]) -> bool {
    let mut kept = None;
    let mut rejected = Vec::new();
    for media in &mut description.media {
        if kept.is_none() && media.kind == MediaKind::Audio && media.port != 0 {
            kept = Some(keep(media, codecs));
            continue;
        }
        media.port = 0;
        if let Some(name) = media.attribute("mid").and_then(|mid| mid.value.clone()) {
            rejected.push(name);
        }
    }
    for group in description.attributes.iter_mut().filter(|attribute| attribute.name == "group") {
        let Some(members) = &mut group.value else { continue };
        let left: Vec<&str> =
            members.split(' ').filter(|member| !rejected.iter().any(|name| name == member)).collect();
        *members = left.join(" ");
    }
    kept.unwrap_or(false)
}

fn keep(media: &mut MediaDescription, codecs: &[String]) -> bool {
    let encoding = |format: &str| {
        let map = media.rtpmap(format.parse().ok()?)?;
        Some((map.name.to_owned(), map.clock_rate))
    };
    let known: Vec<(String, (String, u32))> =
        media.formats.iter().filter_map(|format| Some((format.clone(), encoding(format)?))).collect();
    let mut formats = Vec::new();
    let mut rates = Vec::new();
    for codec in codecs {
        for (format, (name, rate)) in &known {
            if name.eq_ignore_ascii_case(codec) && !formats.contains(format) {
                formats.push(format.clone());
                rates.push(*rate);
            }
        }
    }
    if formats.is_empty() {
        return false;
    }
    // Events have the clock of the codec whose stream they are in (RFC 4733 §2.1).
    for (format, (name, rate)) in &known {
        if name.eq_ignore_ascii_case("telephone-event") && rates.contains(rate) {
            formats.push(format.clone());
        }
    }
    media
        .attributes
        .retain(|attribute| of_format(attribute).is_none_or(|of| formats.iter().any(|f| f == of)));
    media.formats = formats;
    true
}

/// The format that an attribute is about, if it is about one.
fn of_format(attribute: &Attribute) -> Option<&str> {
    if !["rtpmap", "fmtp", "rtcp-fb"].contains(&attribute.name.as_str()) {
        return None;
    }
    let format = attribute.value.as_deref()?.split_whitespace().next()?;
    (format != "*").then_some(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROWSER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126\r\n\
        c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10\r\n\
        a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:110 telephone-event/48000\r\n\
        a=rtpmap:126 telephone-event/8000\r\n";

    fn restricted(codecs: &[&str]) -> Option<(Vec<String>, String)> {
        let mut description = SessionDescription::parse(BROWSER).unwrap();
        let codecs: Vec<String> = codecs.iter().map(|&codec| codec.to_owned()).collect();
        let kept = restrict(&mut description, &codecs);
        kept.then(|| (description.media[0].formats.clone(), description.to_string()))
    }

    #[test]
    fn the_named_codecs_stay_in_that_order_with_events_of_their_clocks() {
        let (formats, text) = restricted(&["PCMA", "pcmu"]).unwrap();
        assert_eq!(formats, ["8", "0", "126"]);
        assert!(!text.contains("opus") && !text.contains(":111") && !text.contains(":110"));
        assert!(text.contains("a=mid:0\r\n") && text.contains("a=rtpmap:126 "));
        let (formats, _) = restricted(&["opus", "PCMU"]).unwrap();
        assert_eq!(formats, ["111", "0", "110", "126"]);
    }

    #[test]
    fn every_stream_but_the_first_of_audio_is_rejected_and_leaves_its_bundle() {
        let text = BROWSER.replace(
            "t=0 0\r\n",
            "t=0 0\r\na=group:BUNDLE 1 0 2\r\na=group:LS 0 1\r\nm=video 9 RTP/AVP 96\r\na=mid:1\r\n",
        );
        let second = "m=audio 9 RTP/AVP 0\r\na=mid:2\r\n";
        let mut description = SessionDescription::parse(&format!("{text}{second}")).unwrap();
        assert!(restrict(&mut description, &["opus".to_owned()]));
        assert_eq!(description.media.iter().map(|media| media.port).collect::<Vec<_>>(), [0, 9, 0]);
        let groups: Vec<_> =
            description.attributes.iter().filter_map(|group| group.value.as_deref()).collect();
        assert_eq!(groups, ["BUNDLE 0", "LS 0"]);
    }

    #[test]
    fn without_audio_nothing_is_left() {
        let mut description =
            SessionDescription::parse(&BROWSER.replace("m=audio 9 ", "m=video 9 ")).unwrap();
        assert!(!restrict(&mut description, &["opus".to_owned()]));
    }

    #[test]
    fn a_stream_without_any_of_them_is_told() {
        assert!(restricted(&["G729"]).is_none());
    }
}
