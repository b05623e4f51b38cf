//! Descriptions that are refused, and the line that is named.
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use rvoip_sdp_core::SdpErrorKind::{
    ControlCharacter, Malformed, Misplaced, Missing, NoVersion, NotALine, NotUtf8, Repeated, TooLong,
    TooManyFormats, TooManyLines, TooManyMedia, UnknownVersion,
};
use rvoip_sdp_core::{
    MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA, MediaKind, SdpError, SdpErrorKind, SessionDescription,
    UnknownLine,
};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

fn refused(text: &str) -> (usize, SdpErrorKind) {
    let SdpError { line, kind, .. } = SessionDescription::parse(text).unwrap_err();
    (line, kind)
}

/// What is said about one more line below five sound ones.
fn sixth(line: &str) -> (usize, SdpErrorKind) {
    refused(&format!("{HEAD}{line}\r\na=later\r\n"))
}

#[test]
fn head_is_mandatory() {
    assert_eq!(refused(""), (1, NotALine));
    assert_eq!(refused("o=- 1 1 IN IP4 192.0.2.1\r\n"), (1, NoVersion));
    assert_eq!(refused("v=1\r\n"), (1, UnknownVersion));
    assert_eq!(refused("v=0\r\n"), (2, Missing('o')));
    assert_eq!(refused("v=0\ns=-\nm=audio 4000 RTP/AVP 0\n"), (3, Missing('o')));
    assert_eq!(refused("v=0\no=- 1 1 IN IP4 192.0.2.1\nt=0 0\n"), (4, Missing('s')));
}

#[test]
fn malformed_lines_are_named() {
    for line in ["o=- 1 1 IN IP4", "o=- x 1 IN IP4 h", "o=- 1 -1 IN IP4 h", "o="] {
        assert_eq!(refused(&format!("v=0\n{line}\ns=-\n")), (2, Malformed('o')), "{line}");
    }
    for line in ["m=", "m=audio", "m=audio 4000", "m=audio 4000 RTP/AVP", "m=audio 65536 RTP/AVP 0"] {
        assert_eq!(sixth(line), (6, Malformed('m')), "{line}");
    }
    for line in
        ["m=audio -1 RTP/AVP 0", "m=audio +1 RTP/AVP 0", "m=audio x RTP/AVP 0", "m=audio 1/ RTP/AVP 0"]
    {
        assert_eq!(sixth(line), (6, Malformed('m')), "{line}");
    }
    assert_eq!(sixth("b=64"), (6, Malformed('b')));
    assert_eq!(sixth("b=AS:many"), (6, Malformed('b')));
    assert_eq!(sixth("t=0"), (6, Malformed('t')));
    assert_eq!(sixth("t=0 18446744073709551616"), (6, Malformed('t')));
    let media = "m=audio 4000 RTP/AVP 0\r\nc=IN IP4";
    assert_eq!(refused(&format!("{HEAD}{media}\r\n")), (7, Malformed('c')));
}

#[test]
fn lines_without_type_and_value_are_named() {
    for line in ["", "a", "=x", "ab=x", "1=x", " a=x", "ä=x"] {
        assert_eq!(sixth(line), (6, NotALine), "{line}");
    }
}

#[test]
fn lines_in_the_wrong_place_are_named() {
    assert_eq!(sixth("v=0"), (6, Repeated('v')));
    assert_eq!(sixth("s=again"), (6, Repeated('s')));
    assert_eq!(sixth("c=IN IP4 192.0.2.3"), (6, Repeated('c')));
    assert_eq!(refused("v=0\no=- 1 1 IN IP4 h\ns=-\nr=1 2\n"), (4, Misplaced('r')));
    assert_eq!(refused(&format!("{HEAD}m=audio 0 RTP/AVP 0\r\nt=0 0\r\n")), (7, Misplaced('t')));
}

#[test]
fn control_characters_are_named() {
    assert_eq!(sixth("a=x\ry"), (6, ControlCharacter));
    assert_eq!(sixth("a=x\0"), (6, ControlCharacter));
    let mut bytes = format!("{HEAD}a=").into_bytes();
    bytes.extend([0xff, b'\r', b'\n']);
    assert_eq!(SessionDescription::parse_bytes(&bytes), Err(SdpError { line: 6, kind: NotUtf8 }));
}

#[test]
fn limits_are_kept() {
    assert_eq!(refused(&"a".repeat(MAX_BYTES + 1)), (1, TooLong));
    assert_eq!(refused(&format!("{HEAD}{}", "a=\n".repeat(MAX_LINES))), (MAX_LINES + 1, TooManyLines));
    assert!(SessionDescription::parse(&format!("{HEAD}{}", "a=\n".repeat(MAX_LINES - 5))).is_ok());
    let media = "m=audio 0 RTP/AVP 0\n".repeat(MAX_MEDIA);
    assert!(SessionDescription::parse(&format!("{HEAD}{media}")).is_ok());
    assert_eq!(refused(&format!("{HEAD}{media}m=audio 0 RTP/AVP 0\n")), (6 + MAX_MEDIA, TooManyMedia));
    let formats = " 0".repeat(MAX_FORMATS);
    assert!(SessionDescription::parse(&format!("{HEAD}m=audio 0 RTP/AVP{formats}\n")).is_ok());
    assert_eq!(sixth(&format!("m=audio 0 RTP/AVP{formats} 0")), (6, TooManyFormats));
}

#[test]
fn bare_line_feeds_missing_time_and_empty_lines_at_the_end_are_taken() {
    let description =
        SessionDescription::parse("v=0\no=- 1 1 IN IP4 h\ns=x\nm=audio 0 RTP/AVP\n\r\n\n").unwrap();
    assert_eq!((description.session_name.as_str(), description.times.len()), ("x", 0));
    assert_eq!(description.media[0].kind, MediaKind::Audio);
    assert_eq!(description.to_string(), "v=0\r\no=- 1 1 IN IP4 h\r\ns=x\r\nm=audio 0 RTP/AVP\r\n");
}

#[test]
fn unknown_lines_and_attributes_are_kept() {
    let text = format!("{HEAD}a=x-new\r\na=x-other:1:2\r\ny=1\r\nm=x-taste 0 X/Y *\r\na=z:\r\ny=2\r\n");
    let description = SessionDescription::parse(&text).unwrap();
    assert_eq!(description.to_string(), text);
    assert_eq!(description.unknown, [UnknownLine { kind: 'y', value: "1".to_owned() }]);
    assert_eq!(description.attribute("x-other").unwrap().value.as_deref(), Some("1:2"));
    assert_eq!(description.media[0].kind, MediaKind::Other("x-taste".to_owned()));
}
