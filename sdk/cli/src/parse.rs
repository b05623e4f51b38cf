//! `parse`: a message or a session description as JSON, or what is wrong with it.

use std::io::Read as _;

use rvoip::ErrorKind;
use rvoip_sdp_core::SessionDescription;
use rvoip_sip_core::{Message, StatusCode};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::ParseArgs;
use crate::output::Output;

/// Reads the file, or standard input, and prints what it says.
pub(crate) fn run(output: Output, args: &ParseArgs) -> Exit {
    let mut bytes = Vec::new();
    let read = match &args.file {
        Some(path) => std::fs::read(path)
            .map(|found| bytes = found)
            .map_err(|error| format!("{}: {error}", path.display())),
        None => std::io::stdin().lock().read_to_end(&mut bytes).map(drop).map_err(|error| error.to_string()),
    };
    if let Err(reason) = read {
        output.error(&ErrorKind::FileFailed.error(reason));
        return Exit::Refused;
    }
    let (kind, found) =
        if args.sdp { ("description", description(&bytes)) } else { ("message", message(&bytes)) };
    match found {
        Ok(value) => {
            print(output, kind, &value);
            Exit::Done
        }
        Err(fault) => {
            print(output, "error", &json!({ "error": fault }));
            Exit::Refused
        }
    }
}

/// Prints JSON for people, or in the form of an event.
fn print(output: Output, kind: &str, value: &Value) {
    let mut event = value.clone();
    if let Some(fields) = event.as_object_mut() {
        fields.insert("type".to_owned(), kind.into());
    }
    output.fact(&format!("{value:#}"), &event);
}

/// The message in the form of the library; or in which layer a fault is, where, and what a request with it would be answered
/// with.
fn message(bytes: &[u8]) -> Result<Value, Value> {
    if let Ok(message) = rvoip::parse_message(bytes) {
        return serde_json::to_value(message).map_err(|error| json!({ "reason": error.to_string() }));
    }
    let fault = |layer: &str, offset: usize, reason: String, status: Option<StatusCode>| {
        let status = status.map(StatusCode::code);
        json!({ "layer": layer, "offset": offset, "reason": reason, "status": status })
    };
    Err(match Message::parse(bytes).map(|message| message.validate()) {
        Err(found) => fault("framing", found.offset, found.kind.to_string(), found.status()),
        Ok(Err(found)) => fault("validation", found.offset, found.to_string(), found.status()),
        Ok(Ok(())) => json!({ "reason": "the message is good after all" }),
    })
}

fn description(bytes: &[u8]) -> Result<Value, Value> {
    let description = SessionDescription::parse_bytes(bytes)
        .map_err(|fault| json!({ "layer": "sdp", "line": fault.line, "reason": fault.to_string() }))?;
    let media: Vec<Value> = description
        .media
        .iter()
        .map(|media| {
            let payload_types = media.formats.iter().filter_map(|format| format.parse::<u8>().ok());
            let codecs: Vec<Value> = payload_types
                .filter_map(|payload_type| {
                    let map = media.rtpmap(payload_type)?;
                    Some(json!({ "payload_type": payload_type, "name": map.name, "clock_rate": map.clock_rate }))
                })
                .collect();
            json!({
                "kind": media.kind.as_str(),
                "port": media.port,
                "protocol": media.protocol,
                "formats": media.formats,
                "direction": media.direction(&description).name(),
                "address": media.rtp_address(&description).ok().map(|address| address.to_string()),
                "codecs": codecs,
            })
        })
        .collect();
    Ok(json!({
        "session_name": description.session_name,
        "origin": { "session_id": description.origin.session_id, "session_version": description.origin.session_version },
        "media": media,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b>\r\n\
        Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\nhello";

    #[test]
    fn a_message_is_shown_and_a_fault_is_placed() {
        let shown = message(GOOD.as_bytes()).unwrap();
        assert_eq!(shown["method"], "OPTIONS");
        assert_eq!(shown["headers"][1]["name"], "From");
        assert_eq!(shown["body"], "hello");
        let fault = message(b"nonsense\r\n\r\n").unwrap_err();
        assert_eq!((&fault["layer"], &fault["status"]), (&json!("framing"), &json!(400)));
        let fault = message(GOOD.replace("1 OPTIONS", "1 INVITE").as_bytes()).unwrap_err();
        assert_eq!(fault["layer"], "validation");
    }

    #[test]
    fn a_description_is_shown_and_a_fault_has_its_line() {
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        let shown = description(text.as_bytes()).unwrap();
        assert_eq!(shown["media"][0]["codecs"][0]["name"], "PCMU");
        assert_eq!(shown["media"][0]["address"], "192.0.2.1:4000");
        let fault = description(text.replace("t=0 0", "t=x").as_bytes()).unwrap_err();
        assert_eq!(fault["line"], 5);
    }
}
