//! The torture messages of RFC 4475 and RFC 5118: which layer of the grammar accepts or refuses each, and with which response
//! code. What a phone and a switch do with them, `tests/simulation` shows.
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;

use rvoip_hostile::{torture, typed};
use rvoip_sip_core::{Limits, Message, MessageBuf, MessageBuilder, StatusCode};

/// What became of a message: the layer that decided, the response code, the fault, how many bytes are the message.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    layer: &'static str,
    status: Option<u16>,
    fault: String,
    length: usize,
}

fn judge(bytes: &[u8]) -> Outcome {
    let code = |status: Option<StatusCode>| status.map(StatusCode::code);
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            let (status, fault) = (code(error.status()), error.kind.to_string());
            return Outcome { layer: "framing", status, fault, length: 0 };
        }
    };
    let length = message.as_bytes().len();
    if let Err(error) = message.validate() {
        let status = if message.is_request() { code(error.status()) } else { None };
        return Outcome { layer: "validation", status, fault: error.to_string(), length };
    }
    let (_, faults) = typed::read_all(&message);
    if !faults.is_empty() {
        let mut names: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
        names.dedup();
        return Outcome { layer: "header", status: code(faults[0].status()), fault: names.join(" "), length };
    }
    Outcome { layer: "accepted", status: None, fault: String::new(), length }
}

#[test]
fn every_torture_message_is_decided_in_its_layer() {
    let mut wrong = Vec::new();
    for row in torture::messages() {
        let found = judge(&row.bytes);
        let same = found.layer == row.layer
            && found.status == row.status
            && found.fault == row.fault
            && found.length == row.length;
        if !same {
            wrong.push(format!("{} ({}): {found:?}", row.name, row.form));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_has_a_line_and_every_line_a_file() {
    let rows = torture::messages();
    let lines: BTreeSet<(&str, &str)> = rows.iter().map(|row| (&*row.name, &*row.form)).collect();
    assert_eq!(lines.len(), rows.len(), "a line stands twice");
    let expected: BTreeSet<&str> = lines.iter().map(|(name, _)| *name).collect();
    let mut found = BTreeSet::new();
    for folder in torture::FOLDERS {
        for entry in fs::read_dir(torture::path(folder)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            found.extend(file.strip_suffix(".dat").map(|file| format!("{folder}/{file}")));
        }
    }
    assert_eq!(found.len(), 50 + 12);
    assert!(found.iter().map(String::as_str).eq(expected));
}

#[test]
fn what_parses_is_written_back_byte_for_byte() {
    let mut written = 0;
    for row in torture::messages().iter().filter(|row| row.length > 0) {
        let message = Message::parse(&row.bytes).unwrap();
        assert_eq!(message.as_bytes(), &row.bytes[..row.length], "{}", row.name);
        let fields: usize = message.fields().map(|field| field.as_bytes().len()).sum();
        let start = message.fields().next().unwrap().offset();
        let gap = row.length - start - fields - message.body().len();
        assert!((1..=2).contains(&gap), "{}: the empty line has {gap} bytes", row.name);
        assert_eq!(MessageBuf::parse(row.bytes.clone().into()).unwrap().as_bytes(), message.as_bytes());
        assert_eq!(message.edit().finish().unwrap().as_bytes(), message.as_bytes(), "{}", row.name);
        written += 1;
    }
    assert!(written > 50, "{written}");
}

#[test]
fn every_refused_request_can_be_answered_if_it_says_who_asks() {
    for row in torture::messages() {
        let Some(status) = row.status.and_then(StatusCode::new) else { continue };
        let request = Message::salvage(&row.bytes, &Limits::default()).unwrap();
        let response = MessageBuilder::response_to(&request, status).to_tag("answer").build();
        // It has no Via.
        let nobody_asks = row.name == "rfc4475/test";
        assert_eq!(response.is_err(), nobody_asks, "{}: {response:?}", row.name);
        if let Ok(response) = response {
            assert_eq!(response.as_message().status(), Some(status));
        }
    }
}
