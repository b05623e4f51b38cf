//! The torture messages of RFC 4475 and RFC 5118: each with who accepts or refuses it, and with which response code.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of the vectors.
pub const FOLDERS: [&str; 2] = ["rfc4475", "rfc5118"];

/// A message in one form, and what becomes of it: a line of `expected.tsv`, whose columns `SOURCE.md` explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torture {
    /// The RFC and the file's name without its ending, as `rfc4475/wsinv`.
    pub name: String,
    /// `archived`, `restored` or `measured`.
    pub form: String,
    /// The message in this form.
    pub bytes: Vec<u8>,
    /// Which layer of the grammar refuses it: `framing`, `validation` or `header`; `accepted` if none does.
    pub layer: String,
    /// The response code of that layer.
    pub status: Option<u16>,
    /// What is wrong, in the words of the error; empty if nothing is.
    pub fault: String,
    /// How many bytes are the message.
    pub length: usize,
    /// What a phone does with it.
    pub phone: String,
    /// What a registrar and proxy does with it.
    pub switch: String,
}

/// All of them, in the order of the tables.
///
/// # Panics
/// A table or a file that cannot be read: the tests that want it cannot go on.
pub fn messages() -> Vec<Torture> {
    FOLDERS
        .iter()
        .flat_map(|folder| {
            let path = path(folder);
            let table = read(&path.join("expected.tsv"));
            let table = String::from_utf8_lossy(&table).into_owned();
            let rows: Vec<Torture> = table.lines().skip(1).map(|line| row(folder, &path, line)).collect();
            assert!(!rows.is_empty(), "{folder} has no rows");
            rows
        })
        .collect()
}

/// Where a folder of vectors is.
pub fn path(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(folder)
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn row(folder: &str, path: &Path, line: &str) -> Torture {
    let columns: Vec<&str> = line.split('\t').collect();
    let [file, form, layer, status, fault, length, phone, switch, _section] = columns[..] else {
        panic!("{folder}: {line}")
    };
    let archived = read(&path.join(format!("{file}.dat")));
    Torture {
        name: format!("{folder}/{file}"),
        form: form.to_owned(),
        bytes: in_form(&archived, form),
        layer: layer.to_owned(),
        status: status.parse().ok(),
        fault: Some(fault).filter(|fault| *fault != "-").unwrap_or_default().to_owned(),
        length: length.parse().unwrap_or_else(|_| panic!("{folder}: {line}")),
        phone: phone.to_owned(),
        switch: switch.to_owned(),
    }
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
    if form != "measured" {
        return text;
    }
    let length = text.len() - head - 4;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.split_inclusive("\r\n").map(|line| {
        if line.starts_with("Content-Length: ") {
            format!("Content-Length: {length}\r\n")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<String>().into_bytes()
}
