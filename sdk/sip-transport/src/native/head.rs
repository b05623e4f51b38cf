//! The head of an HTTP message, as far as WebSocket's opening handshake needs it.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes that a head may have.
const HEAD: usize = 16_384;

/// Header fields that a head may have.
const FIELDS: usize = 64;

/// Why there is no head.
#[derive(Debug)]
pub(super) enum HeadError {
    /// The connection ended or failed.
    Gone(io::Error),
    /// It is no HTTP.
    Malformed,
    /// It has too many bytes or header fields.
    TooLarge,
}

/// A read head.
#[derive(Debug)]
pub(super) struct Head {
    bytes: Bytes,
    /// What came behind it.
    pub(super) rest: Bytes,
}

/// What kind of head is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadKind {
    Request,
    Response,
}

/// What a head says, borrowed of it.
#[derive(Debug)]
pub(super) struct HeadView<'a> {
    /// The method of a request.
    pub(super) method: &'a str,
    /// The status of a response.
    pub(super) status: u16,
    /// The second number of the version: HTTP/1.0 or HTTP/1.1.
    pub(super) version: u8,
    fields: Vec<(&'a str, &'a str)>,
}

impl HeadView<'_> {
    /// The values of a field, by any case of its name.
    pub(super) fn values<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The one value of a field; none if it is repeated.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value.trim()),
            _ => None,
        }
    }

    /// Whether a list has this element, by any case.
    pub(super) fn lists(&self, name: &str, element: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(','))
            .any(|one| one.trim().eq_ignore_ascii_case(element))
    }
}

/// Parses a head; gives its length with what it says, or nothing where it is not complete.
fn parse(bytes: &[u8], kind: HeadKind) -> Result<Option<(usize, HeadView<'_>)>, HeadError> {
    #[cfg(test)]
    tests::PARSES.with(|parses| parses.set(parses.get() + 1));
    let refused = |error| {
        if error == httparse::Error::TooManyHeaders { HeadError::TooLarge } else { HeadError::Malformed }
    };
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let (length, method, status, version, fields) = match kind {
        HeadKind::Request => {
            let mut request = httparse::Request::new(&mut fields);
            let httparse::Status::Complete(length) = request.parse(bytes).map_err(refused)? else {
                return Ok(None);
            };
            (length, request.method.unwrap_or_default(), 0, request.version, request.headers)
        }
        HeadKind::Response => {
            let mut response = httparse::Response::new(&mut fields);
            let httparse::Status::Complete(length) = response.parse(bytes).map_err(refused)? else {
                return Ok(None);
            };
            (length, "", response.code.unwrap_or_default(), response.version, response.headers)
        }
    };
    let fields = fields
        .iter()
        .filter_map(|field| Some((field.name, std::str::from_utf8(field.value).ok()?)))
        .collect();
    Ok(Some((length, HeadView { method, status, version: version.unwrap_or_default(), fields })))
}

/// The length of the empty lines that bytes begin with.
fn blank(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some(next) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = next;
    }
    bytes.len() - rest.len()
}

impl Head {
    /// Reads a head, and not much more.
    pub(super) async fn read(
        connection: &mut (impl AsyncRead + Unpin),
        kind: HeadKind,
    ) -> Result<Self, HeadError> {
        let mut buffer = BytesMut::with_capacity(1_024);
        let mut looked = 0_usize;
        let mut skipped = 0_usize;
        loop {
            match connection.read_buf(&mut buffer).await {
                Ok(0) => return Err(HeadError::Gone(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(HeadError::Gone(error)),
            }
            // Empty lines before a head are ignored (RFC 9112 §2.2), and not looked at again.
            if looked == 0 {
                let blank = blank(&buffer);
                buffer.advance(blank);
                skipped += blank;
                if skipped >= HEAD {
                    return Err(HeadError::TooLarge);
                }
                if matches!(&buffer[..], b"" | b"\r") {
                    continue;
                }
            }
            // Whatever its pieces, each byte is looked at a fixed number of times: at first for what is no HTTP at all, and
            // then when the head may be complete.
            let news = buffer.get(looked.saturating_sub(2)..).unwrap_or_default();
            let ends = news.windows(3).any(|three| three == b"\n\r\n" || three.starts_with(b"\n\n"))
                || news.ends_with(b"\n\n");
            let begins = looked == 0;
            looked = buffer.len();
            if !ends && !begins && looked < HEAD {
                continue;
            }
            if let Some((length, _)) = parse(&buffer, kind)? {
                let bytes = buffer.split_to(length).freeze();
                return Ok(Self { bytes, rest: buffer.freeze() });
            }
            if buffer.len() >= HEAD {
                return Err(HeadError::TooLarge);
            }
        }
    }

    /// What it says.
    pub(super) fn view(&self, kind: HeadKind) -> Option<HeadView<'_>> {
        parse(&self.bytes, kind).ok().flatten().map(|(_, view)| view)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    std::thread_local! {
        /// How often something was parsed in this thread.
        pub(super) static PARSES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    /// What is read of these pieces.
    fn read(pieces: Vec<Vec<u8>>, kind: HeadKind) -> Result<Head, HeadError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut near, mut far) = tokio::io::duplex(1 << 20);
            let write = async move {
                for piece in pieces {
                    near.write_all(&piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let (head, ()) = tokio::join!(Head::read(&mut far, kind), write);
            head
        })
    }

    proptest! {
        #[test]
        fn a_head_is_the_same_however_it_is_cut_and_what_follows_is_kept(
            cuts in prop::collection::vec(1_usize..40, 0..20),
            ends in prop::sample::select(vec!["\r\n", "\n"]),
            rest in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let text = ["GET / HTTP/1.1", "Upgrade: a, WebSocket", "X: 1", "x: 2", "Host:  h ", "", ""].join(ends);
            let mut bytes = text.into_bytes();
            let length = bytes.len();
            bytes.extend(&rest);
            let mut pieces = Vec::new();
            let mut left = bytes.as_slice();
            for cut in cuts {
                let (piece, others) = left.split_at(cut.min(left.len()));
                pieces.push(piece.to_vec());
                left = others;
            }
            pieces.push(left.to_vec());
            let head = read(pieces, HeadKind::Request).unwrap();
            let view = head.view(HeadKind::Request).unwrap();
            prop_assert_eq!((view.method, view.version), ("GET", 1));
            prop_assert!(view.lists("upgrade", "websocket") && !view.lists("upgrade", "web"));
            prop_assert_eq!((view.value("HOST"), view.value("x"), view.value("y")), (Some("h"), None, None));
            // Of the rest, what came in the same read is kept, and the remainder is still in the stream.
            prop_assert!(bytes[length..].starts_with(&head.rest));
        }

        #[test]
        fn any_bytes_are_a_head_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            for kind in [HeadKind::Request, HeadKind::Response] {
                let _ = read(vec![bytes.clone()], kind);
                let _ = read(vec![b"HTTP/1.1 101 x\r\n".to_vec(), bytes.clone(), b"\r\n\r\n".to_vec()], kind);
            }
        }
    }

    #[test]
    fn an_endless_head_is_given_up_at_the_bound() {
        let line = b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy".to_vec();
        let mut pieces = vec![b"GET / HTTP/1.1\r\n".to_vec()];
        pieces.extend(std::iter::repeat_n(line, 400));
        assert!(matches!(read(pieces, HeadKind::Request), Err(HeadError::TooLarge)));
    }

    #[test]
    fn empty_lines_before_a_head_are_skipped_once_and_not_for_ever() {
        PARSES.with(|parses| parses.set(0));
        let mut pieces = vec![b"\r\n".to_vec(); 4_000];
        pieces.extend([b"\r".to_vec(), b"\n\n".to_vec(), b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec()]);
        let head = read(pieces, HeadKind::Request).unwrap();
        assert!(head.view(HeadKind::Request).is_some());
        assert!(PARSES.with(std::cell::Cell::get) <= 3);
        let endless = vec![b"\r\n".to_vec(); HEAD];
        assert!(matches!(read(endless, HeadKind::Request), Err(HeadError::TooLarge)));
    }
}
