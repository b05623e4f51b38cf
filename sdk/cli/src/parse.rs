//! `parse`: a message or a session description as JSON, or what is wrong with it.

use std::io::Read as _;

use rvoip_sdp_core::SessionDescription;
use rvoip_sip_core::{Message, StartLine};
use serde_json::{Value, json};

use crate::Exit;
use crate::args::ParseArgs;
use crate::output::{complain, line};

/// Reads the file, or standard input, and prints what it says.
pub(crate) fn run(args: &ParseArgs) -> Exit {
    let mut bytes = Vec::new();
    let read = match &args.file {
        Some(path) => std::fs::read(path)
            .map(|found| bytes = found)
            .map_err(|error| format!("{}: {error}", path.display())),
        None => std::io::stdin().lock().read_to_end(&mut bytes).map(drop).map_err(|error| error.to_string()),
    };
    if let Err(reason) = read {
        complain(&reason);
        return Exit::Refused;
    }
    match if args.sdp { description(&bytes) } else { message(&bytes) } {
        Ok(value) => {
            line(&format!("{value:#}"));
            Exit::Done
        }
        Err(error) => {
            line(&format!("{error:#}"));
            Exit::Refused
        }
    }
}

/// What is wrong: in which layer, where, and what a request with it would be answered with.
fn error(layer: &str, offset: usize, reason: &str, status: Option<u16>) -> Value {
    json!({ "error": { "layer": layer, "offset": offset, "reason": reason, "status": status } })
}

fn message(bytes: &[u8]) -> Result<Value, Value> {
    let message = Message::parse(bytes).map_err(|fault| {
        let status = fault.status().map(rvoip_sip_core::StatusCode::code);
        error("framing", fault.offset, &fault.kind.to_string(), status)
    })?;
    let start = match message.start_line() {
        StartLine::Request { method, uri } => json!({ "method": method.as_str(), "uri": uri }),
        StartLine::Response { status, reason } => json!({ "status": status.code(), "reason": reason }),
    };
    let headers: Vec<Value> = message
        .fields()
        .map(|field| json!({ "name": field.name().as_str(), "value": field.unfolded() }))
        .collect();
    message.validate().map_err(|fault| {
        let status = fault.status().map(rvoip_sip_core::StatusCode::code);
        error("validation", fault.offset, &fault.to_string(), status)
    })?;
    let body = String::from_utf8_lossy(message.body());
    Ok(json!({ "start_line": start, "headers": headers, "body": body }))
}

fn description(bytes: &[u8]) -> Result<Value, Value> {
    let description = SessionDescription::parse_bytes(bytes).map_err(
        |fault| json!({ "error": { "layer": "sdp", "line": fault.line, "reason": fault.to_string() } }),
    )?;
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
        assert_eq!(shown["start_line"]["method"], "OPTIONS");
        assert_eq!(shown["headers"][1]["name"], "From");
        assert_eq!(shown["body"], "hello");
        let fault = message(b"nonsense\r\n\r\n").unwrap_err();
        assert_eq!((&fault["error"]["layer"], &fault["error"]["status"]), (&json!("framing"), &json!(400)));
        let fault = message(GOOD.replace("1 OPTIONS", "1 INVITE").as_bytes()).unwrap_err();
        assert_eq!(fault["error"]["layer"], "validation");
    }

    #[test]
    fn a_description_is_shown_and_a_fault_has_its_line() {
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        let shown = description(text.as_bytes()).unwrap();
        assert_eq!(shown["media"][0]["codecs"][0]["name"], "PCMU");
        assert_eq!(shown["media"][0]["address"], "192.0.2.1:4000");
        let fault = description(text.replace("t=0 0", "t=x").as_bytes()).unwrap_err();
        assert_eq!(fault["error"]["line"], 5);
    }
}
