//! Cutting a stream into messages (RFC 3261 §18.3) and keep-alives (RFC 5626 §3.5.1).

use bytes::{Buf, Bytes, BytesMut};
use rvoip_sans_io::work;

use super::limits::Limits;
use super::scan::{body_length, line_break};
use crate::error::{FramingError, ParseErrorKind};

/// One thing that a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message, start line to the end of the body. Where it ends is sure; whether it reads is for
    /// [`Message::parse`](crate::Message::parse) to say, and a fault in it is answered as that of a datagram.
    Message(Bytes),
    /// A double CRLF between messages: to be answered with [`PONG`].
    Ping,
    /// A single CRLF between messages: the answer to a ping of ours, or half of a ping that arrives in two. Which of them
    /// knows who has sent pings.
    Pong,
}

/// What keeps a connection alive (RFC 5626 §3.5.1).
pub const PING: &[u8] = b"\r\n\r\n";

/// What answers a [`PING`].
pub const PONG: &[u8] = b"\r\n";

/// Cuts a stream into frames. Where a message ends it reads by the rules that [`Message::parse`](crate::Message::parse) has
/// for datagrams.
///
/// It holds at most one incomplete message within the limit of its size, beyond what one `push` brought, and looks at every
/// byte a fixed number of times. After an error it takes nothing more: the connection is to be closed.
#[derive(Debug)]
pub struct StreamFramer {
    limits: Limits,
    buffer: BytesMut,
    /// Bytes of the buffer in which no head ends.
    searched: usize,
    /// How long the whole message at the buffer's start is, once its head is there.
    length: Option<usize>,
    /// Bytes of the stream before the buffer.
    consumed: u64,
    failed: bool,
}

impl StreamFramer {
    /// A framer for a new connection.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: BytesMut::new(), searched: 0, length: None, consumed: 0, failed: false }
    }

    /// Takes what was read. The frames are then to be taken until there is none.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.failed {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// How many bytes of an incomplete message are held.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.consumed += length as u64;
        self.searched = 0;
        self.length = None;
        self.buffer.split_to(length).freeze()
    }

    fn keep_alive(&mut self) -> Option<Frame> {
        let first = line_break(&self.buffer)?;
        let second = self.buffer.get(first..).and_then(line_break);
        // A CR may be the start of the second half: what follows decides.
        if second.is_none() && self.buffer.get(first..) == Some(b"\r") {
            return None;
        }
        let (length, frame) = match second {
            Some(second) => (first + second, Frame::Ping),
            None => (first, Frame::Pong),
        };
        self.consumed += length as u64;
        self.buffer.advance(length);
        Some(frame)
    }

    /// Looks for the empty line that ends the head; returns where the body starts.
    fn find_body(&mut self) -> Option<usize> {
        let mut from = self.searched;
        work::add(self.buffer.len() - from);
        while let Some(found) = memchr::memchr(b'\n', self.buffer.get(from..)?) {
            let next = from + found + 1;
            let rest = self.buffer.get(next..)?;
            match line_break(rest) {
                Some(length) => return Some(next + length),
                // What follows this line end is not there yet: it is looked at again.
                None if matches!(rest, [] | [b'\r']) => {
                    self.searched = next - 1;
                    return None;
                }
                None => from = next,
            }
        }
        self.searched = self.buffer.len();
        None
    }

    fn fail(&mut self, offset: usize, kind: ParseErrorKind) -> FramingError {
        self.failed = true;
        let offset = self.consumed + offset as u64;
        FramingError { offset, kind, head: std::mem::take(&mut self.buffer).freeze() }
    }

    /// Reads the head at the buffer's start; returns the length of the whole message.
    fn measure(&mut self, body_start: usize) -> Result<usize, FramingError> {
        let head = self.buffer.get(..body_start).unwrap_or_default();
        let content_length = match body_length(head) {
            Ok(length) => length,
            Err(error) => return Err(self.fail(error.offset, error.kind)),
        };
        match body_start.checked_add(content_length) {
            Some(length) if length <= self.limits.message_size => Ok(length),
            _ => Err(self.fail(0, ParseErrorKind::MessageTooLarge)),
        }
    }
}

impl Iterator for StreamFramer {
    type Item = Result<Frame, FramingError>;

    /// The next frame; `None` until more bytes are pushed.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let length = if let Some(length) = self.length {
            length
        } else {
            if self.searched == 0 && matches!(self.buffer.first(), Some(b'\r' | b'\n')) {
                if let Some(frame) = self.keep_alive() {
                    return Some(Ok(frame));
                }
                if self.buffer.len() < 2 || line_break(&self.buffer).is_some() {
                    return None;
                }
            }
            let Some(body_start) = self.find_body() else {
                return (self.buffer.len() >= self.limits.message_size)
                    .then(|| Err(self.fail(0, ParseErrorKind::MessageTooLarge)));
            };
            match self.measure(body_start) {
                Ok(length) => length,
                Err(error) => return Some(Err(error)),
            }
        };
        self.length = Some(length);
        if self.buffer.len() < length {
            return None;
        }
        Some(Ok(Frame::Message(self.take(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = "OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc";

    fn frames(chunks: &[&str]) -> Vec<Result<Frame, ParseErrorKind>> {
        let mut framer = StreamFramer::new(Limits::default());
        let mut out = Vec::new();
        for chunk in chunks {
            framer.push(chunk.as_bytes());
            out.extend(framer.by_ref().map(|frame| frame.map_err(|error| error.kind)));
        }
        out
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands among results")]
    fn message(text: &'static str) -> Result<Frame, ParseErrorKind> {
        Ok(Frame::Message(Bytes::from_static(text.as_bytes())))
    }

    #[test]
    fn messages_and_keep_alives_come_in_order() {
        let stream = format!("\r\n\r\n{OPTIONS}\r\n{OPTIONS}{OPTIONS}\r\n\r\n\r\n");
        assert_eq!(
            frames(&[&stream]),
            [
                Ok(Frame::Ping),
                message(OPTIONS),
                Ok(Frame::Pong),
                message(OPTIONS),
                message(OPTIONS),
                Ok(Frame::Ping),
                Ok(Frame::Pong)
            ]
        );
    }

    #[test]
    fn line_ends_that_come_apart_are_not_joined() {
        assert_eq!(frames(&["\r\n", "\r\n"]), [Ok(Frame::Pong), Ok(Frame::Pong)]);
        assert_eq!(frames(&["\r", "\n\r", "\n"]), [Ok(Frame::Ping)]);
        assert_eq!(frames(&["\r\n\r"]), []);
    }

    #[test]
    fn hostile_lengths_end_the_connection() {
        for (lengths, kind) in [
            ("Content-Length: -1", ParseErrorKind::MalformedContentLength),
            ("Content-Length: five", ParseErrorKind::MalformedContentLength),
            ("Content-Length: 99999999999999999999999", ParseErrorKind::MalformedContentLength),
            ("Content-Length: 18446744073709551615", ParseErrorKind::MessageTooLarge),
            ("Content-Length: 65536", ParseErrorKind::MessageTooLarge),
            ("Content-Length: 1\r\nl: 2", ParseErrorKind::ConflictingContentLength),
            ("Content-Length:", ParseErrorKind::MalformedContentLength),
            ("Subject: none", ParseErrorKind::MissingContentLength),
        ] {
            let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{lengths}\r\n\r\n{OPTIONS}");
            assert_eq!(frames(&[&text]), [Err(kind)], "{lengths}");
        }
        // Where somebody else might see another length, none is sure.
        for line in
            [" l: 9", "X: y\rl: 9", "Content Length: 9", "Content-length", "\rl: 9", "Content-Length; 9: 9"]
        {
            for head in [format!("{line}\r\nl: 3"), format!("l: 3\r\n{line}")] {
                // Behind another line, white space begins a fold.
                if head.starts_with("l: 3\r\n ") {
                    continue;
                }
                let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{head}\r\n\r\nabc");
                assert_eq!(frames(&[&text]), [Err(ParseErrorKind::MalformedHeader)], "{head:?}");
            }
        }
        let text = format!("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc{OPTIONS}");
        assert_eq!(frames(&[&text]), [Err(ParseErrorKind::MalformedStartLine)]);
    }

    #[test]
    fn a_malformed_message_whose_end_is_sure_is_handed_on_and_the_next_one_too() {
        let long = "x".repeat(20_000);
        for head in [
            "OPTIONS  sip:a@b  SIP/2.0\r\nl: 3",
            "OPTIONS sip:a@b SIP/2.0 \r\nl: 3",
            "SIP/2.0 9999 no\r\nl: 3",
            "OPTIONS sip:a@b SIP/2.0\r\nX Odd: y\r\nl: 3",
            "OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\nno colon",
            "OPTIONS sip:a@b SIP/2.0\r\n: no name\r\nl:\r\n 3",
            &format!("OPTIONS sip:a@b SIP/2.0\r\n{}l: 3", "a: b\r\n".repeat(300)),
            &format!("OPTIONS sip:a@b SIP/2.0\r\nx: {long}\r\nl: 3"),
            &format!("OPTIONS sip:{long}@b SIP/2.0\r\nl: 3"),
        ] {
            let text = format!("{head}\r\n\r\nabc");
            assert!(crate::Message::parse(text.as_bytes()).is_err(), "{head:.80}");
            let whole = Ok(Frame::Message(Bytes::from(text.clone().into_bytes())));
            assert_eq!(frames(&[&format!("{text}{OPTIONS}")]), [whole, message(OPTIONS)], "{head:.80}");
        }
    }

    #[test]
    fn what_never_becomes_a_head_is_refused_at_the_limit() {
        let mut framer = StreamFramer::new(Limits { message_size: 1_000, ..Limits::default() });
        let mut taken = 0;
        let error = loop {
            framer.push(b"x: y\r\n");
            taken += 6;
            if let Some(frame) = framer.next() {
                break frame.unwrap_err();
            }
            assert!(framer.buffered() <= 1_000);
        };
        assert_eq!(error.kind, ParseErrorKind::MessageTooLarge);
        assert!(taken < 1_010);
        framer.push(OPTIONS.as_bytes());
        assert_eq!(framer.next(), None);
        assert_eq!(framer.buffered(), 0);
    }

    #[test]
    fn an_error_names_its_place_in_the_stream() {
        let mut framer = StreamFramer::new(Limits::default());
        framer.push(format!("{OPTIONS}OPTIONS sip:a@b SIP/2.0\r\n bad\r\n\r\n").as_bytes());
        assert!(framer.next().unwrap().is_ok());
        let error = framer.next().unwrap().unwrap_err();
        assert_eq!((error.kind, error.offset), (ParseErrorKind::MalformedHeader, OPTIONS.len() as u64 + 25));
        assert!(error.head.starts_with(b"OPTIONS"));
    }
}
