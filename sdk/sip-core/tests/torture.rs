//! The torture messages of RFC 4475 and RFC 5118: who accepts or refuses each, and with which response code.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod typed;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rvoip_sip_core::header::{Accept, ContentType, MaxForwards, Require, To};
use rvoip_sip_core::{Limits, Message, MessageBuf, MessageBuilder, Method, Scheme, StatusCode, Uri};

/// A line of `expected.tsv`.
struct Row {
    file: String,
    form: String,
    layer: String,
    status: Option<u16>,
    fault: String,
    bytes: usize,
}

/// What became of a message: the layer that decided, the response code, the fault, how many bytes are the message.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    layer: &'static str,
    status: Option<u16>,
    fault: String,
    bytes: usize,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name)
}

fn rows(folder: &Path) -> Vec<Row> {
    let table = fs::read_to_string(folder.join("expected.tsv")).unwrap();
    table
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!(columns.len(), 7, "{line}");
            Row {
                file: columns[0].to_owned(),
                form: columns[1].to_owned(),
                layer: columns[2].to_owned(),
                status: columns[3].parse().ok(),
                fault: Some(columns[4]).filter(|fault| *fault != "-").unwrap_or_default().to_owned(),
                bytes: columns[5].parse().unwrap(),
            }
        })
        .collect()
}

/// The message as archived, or with what the archives have lost: see `SOURCE.md`.
fn in_form(archived: &[u8], form: &str) -> Vec<u8> {
    if form == "archived" {
        return archived.to_vec();
    }
    let mut text = Vec::new();
    for line in archived.split_inclusive(|byte| *byte == b'\n') {
        text.extend_from_slice(line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line));
        text.extend_from_slice(b"\r\n");
    }
    let Some(head) = text.windows(4).position(|window| window == b"\r\n\r\n") else {
        text.extend_from_slice(b"\r\n");
        return text;
    };
    if form == "measured" {
        let length = text.len() - head - 4;
        let text = String::from_utf8(text).unwrap();
        let (before, after) = text.split_once("Content-Length: ").unwrap();
        let (_, after) = after.split_once("\r\n").unwrap();
        return format!("{before}Content-Length: {length}\r\n{after}").into_bytes();
    }
    assert_eq!(form, "restored");
    text
}

/// How a transaction user without extensions answers a well-formed request (RFC 3261 §8.2 in its order, §16.3).
fn answer(message: &Message<'_>) -> Option<StatusCode> {
    let method = message.method()?;
    if matches!(method, Method::Extension(_)) {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    let uri = message.request_uri()?.unwrap();
    if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
        return Some(StatusCode::UNSUPPORTED_URI_SCHEME);
    }
    if message.get::<MaxForwards>().transpose().unwrap() == Some(MaxForwards(0)) {
        return Some(StatusCode::TOO_MANY_HOPS);
    }
    if message.get_all::<Require<'_>>().next().is_some() {
        return Some(StatusCode::BAD_EXTENSION);
    }
    if method == Method::Register && !matches!(message.require::<To<'_>>().unwrap().address.uri, Uri::Sip(_))
    {
        return Some(StatusCode::BAD_REQUEST);
    }
    if method != Method::Invite {
        return None;
    }
    if message.get::<ContentType<'_>>().is_some_and(|content| !content.unwrap().is("application", "sdp")) {
        return Some(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let mut accepted = message.get_all::<Accept<'_>>().map(Result::unwrap).peekable();
    let sdp = accepted.peek().is_none() || accepted.any(|range| range.accepts("application", "sdp"));
    (!sdp).then_some(StatusCode::NOT_ACCEPTABLE)
}

fn judge(bytes: &[u8]) -> Outcome {
    let code = |status: Option<StatusCode>| status.map(StatusCode::code);
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            return Outcome {
                layer: "framing",
                status: code(error.status()),
                fault: error.kind.to_string(),
                bytes: 0,
            };
        }
    };
    let bytes = message.as_bytes().len();
    if let Err(error) = message.validate() {
        let status = if message.is_request() { code(error.status()) } else { None };
        return Outcome { layer: "validation", status, fault: error.to_string(), bytes };
    }
    let (_, faults) = typed::read_all(&message);
    if !faults.is_empty() {
        let mut names: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
        names.dedup();
        return Outcome { layer: "header", status: code(faults[0].status()), fault: names.join(" "), bytes };
    }
    let status = code(answer(&message));
    Outcome { layer: if status.is_some() { "user" } else { "accepted" }, status, fault: String::new(), bytes }
}

#[test]
fn every_torture_message_is_decided_in_its_layer() {
    let mut wrong = Vec::new();
    for name in ["rfc4475", "rfc5118"] {
        let folder = folder(name);
        for row in rows(&folder) {
            let archived = fs::read(folder.join(format!("{}.dat", row.file))).unwrap();
            let found = judge(&in_form(&archived, &row.form));
            let same = found.layer == row.layer
                && found.status == row.status
                && found.fault == row.fault
                && found.bytes == row.bytes;
            if !same {
                wrong.push(format!("{name}/{} ({}): {found:?}", row.file, row.form));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_has_a_line_and_every_line_a_file() {
    for (name, files) in [("rfc4475", 50), ("rfc5118", 12)] {
        let folder = folder(name);
        let expected: BTreeSet<String> = rows(&folder).into_iter().map(|row| row.file).collect();
        let found: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|file| Some(file.strip_suffix(".dat")?.to_owned()))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(found.len(), files, "{name}");
        let lines: BTreeSet<(String, String)> =
            rows(&folder).into_iter().map(|row| (row.file, row.form)).collect();
        assert_eq!(lines.len(), rows(&folder).len(), "{name} has a line twice");
    }
}

#[test]
fn what_parses_is_written_back_byte_for_byte() {
    let mut written = 0;
    for name in ["rfc4475", "rfc5118"] {
        let folder = folder(name);
        for row in rows(&folder).iter().filter(|row| row.bytes > 0) {
            let bytes = in_form(&fs::read(folder.join(format!("{}.dat", row.file))).unwrap(), &row.form);
            let message = Message::parse(&bytes).unwrap();
            assert_eq!(message.as_bytes(), &bytes[..row.bytes], "{}", row.file);
            let fields: usize = message.fields().map(|field| field.as_bytes().len()).sum();
            let start = message.fields().next().unwrap().offset();
            let gap = bytes.len() - (bytes.len() - row.bytes) - start - fields - message.body().len();
            assert!((1..=2).contains(&gap), "{}: the empty line has {gap} bytes", row.file);
            assert_eq!(MessageBuf::parse(bytes.clone().into()).unwrap().as_bytes(), message.as_bytes());
            let unedited = message.edit().finish().unwrap();
            assert_eq!(unedited.as_bytes(), message.as_bytes(), "{}", row.file);
            written += 1;
        }
    }
    assert!(written > 50, "{written}");
}

#[test]
fn every_refused_request_can_be_answered_if_it_says_who_asks() {
    for name in ["rfc4475", "rfc5118"] {
        let folder = folder(name);
        for row in rows(&folder) {
            let Some(status) = row.status.and_then(StatusCode::new) else { continue };
            let bytes = in_form(&fs::read(folder.join(format!("{}.dat", row.file))).unwrap(), &row.form);
            let request = Message::salvage(&bytes, &Limits::default()).unwrap();
            let response = MessageBuilder::response_to(&request, status).to_tag("answer").build();
            // These two lack headers that every response has.
            let nobody_asks = matches!(row.file.as_str(), "insuf" | "test");
            assert_eq!(response.is_err(), nobody_asks, "{}: {response:?}", row.file);
            if let Ok(response) = response {
                assert_eq!(response.as_message().status(), Some(status));
            }
        }
    }
}
