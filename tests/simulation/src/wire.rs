//! What a connection makes of bytes, and who changes them on their way.

use std::collections::VecDeque;

use bytes::Bytes;
use rvoip_hostile::mutation::{below, mutate};
use rvoip_hostile::torture;
use rvoip_sans_io::{Protocol, Random};
use rvoip_sip_core::{Frame, Limits, PING, PONG, StreamFramer};

/// One direction of a connection.
#[derive(Debug)]
pub enum Wire {
    /// What is sent arrives as it was sent: a WebSocket.
    Frames,
    /// What is sent arrives as bytes behind each other: TCP, under TLS or not.
    Stream(StreamFramer),
}

impl Wire {
    /// A new connection of a protocol.
    pub fn new(protocol: Protocol) -> Self {
        if protocol.is_stream() { Self::Stream(StreamFramer::new(Limits::default())) } else { Self::Frames }
    }

    /// Takes bytes; gives the messages and keep-alives that are whole, as a transport hands them on. False if the connection
    /// is to end.
    pub fn take(&mut self, bytes: &[u8]) -> (Vec<Bytes>, bool) {
        let Self::Stream(framer) = self else { return (vec![Bytes::copy_from_slice(bytes)], true) };
        framer.push(bytes);
        let mut whole = Vec::new();
        for frame in framer {
            match frame {
                Ok(Frame::Message(bytes)) => whole.push(bytes),
                Ok(Frame::Ping) => whole.push(Bytes::from_static(PING)),
                Ok(Frame::Pong) => whole.push(Bytes::from_static(PONG)),
                Err(error) => {
                    whole.push(error.head);
                    return (whole, false);
                }
            }
        }
        (whole, true)
    }

    /// Whether part of a message is there: what a transport ends a connection for if the rest does not follow.
    pub fn is_waiting(&self) -> bool {
        match self {
            Self::Frames => false,
            Self::Stream(framer) => framer.buffered() > 0,
        }
    }
}

/// Messages that are remembered to make mutants of.
const HEARD: usize = 48;

/// Somebody on all wires, who changes messages and makes up others.
#[derive(Debug)]
pub struct Tamper {
    random: Random,
    /// The share of messages that are changed on their way.
    share: f64,
    seeds: Vec<Vec<u8>>,
    heard: VecDeque<Vec<u8>>,
    /// Mutants so far.
    pub mutants: u64,
}

impl Tamper {
    /// Somebody who changes a share of all messages; what else is sent is made of the torture messages, of these seeds, and
    /// of what was heard.
    pub fn new(random: Random, share: f64, mut seeds: Vec<Vec<u8>>) -> Self {
        seeds.extend(torture::messages().into_iter().map(|message| message.bytes));
        Self { random, share, seeds, heard: VecDeque::new(), mutants: 0 }
    }

    /// Hears a message, and may change it.
    pub fn pass(&mut self, bytes: &mut Vec<u8>) {
        if self.heard.len() == HEARD {
            self.heard.pop_front();
        }
        self.heard.push_back(bytes.clone());
        if self.random.chance(self.share) {
            self.change(bytes);
        }
    }

    /// A message that nobody sent: half of them begin something new, the others speak of what is there.
    pub fn make_up(&mut self) -> Vec<u8> {
        let mut bytes = self.some();
        if self.random.chance(0.5) {
            bytes = renamed(&bytes, self.random.u64());
        }
        self.change(&mut bytes);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let other = self.some();
        mutate(bytes, &other, &mut self.random);
        bytes.truncate(65_000);
        self.mutants += 1;
    }

    fn some(&mut self) -> Vec<u8> {
        let heard = self.random.chance(0.7);
        let from: &[Vec<u8>] = if heard { self.heard.make_contiguous() } else { &self.seeds };
        let from = if from.is_empty() { &self.seeds } else { from };
        from.get(below(&mut self.random, from.len())).cloned().unwrap_or_default()
    }
}

/// The message as one of another transaction and call.
fn renamed(message: &[u8], name: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(message).replace("z9hG4bK", &format!("z9hG4bK{name:x}"));
    text.replace("Call-ID: ", &format!("Call-ID: {name:x}")).into_bytes()
}
