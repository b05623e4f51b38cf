//! A bound UDP socket as a flow.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{Counters, FlowId};
use socket2::SockRef;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::send_queue::SendQueue;
use super::transports::Step;
use crate::{TransportConfig, TransportEvent};

/// Larger than any datagram.
pub(super) const DATAGRAM: usize = 65_536;

/// Errors in a row, with no datagram between them and none long after the one before, after which a socket is given up.
const MOST_ERRORS: u32 = 64;
/// Errors further apart than this are not of one fault.
const APART: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Datagram {
    destination: SocketAddr,
    bytes: Bytes,
}

impl AsRef<[u8]> for Datagram {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[derive(Debug)]
pub(super) struct UdpFlow {
    flow: FlowId,
    socket: UdpSocket,
    queue: SendQueue<Datagram>,
    errors: u32,
    /// When the last of them came.
    failed: Option<Instant>,
}

impl UdpFlow {
    pub(super) fn new(flow: FlowId, socket: UdpSocket, config: &TransportConfig) -> Self {
        let queue = SendQueue::new(config.send_queue, config.send_bytes);
        Self { flow, socket, queue, errors: 0, failed: None }
    }

    /// Sends at once where it can; returns whether the flow wants a turn to send the rest.
    pub(super) fn transmit(
        &mut self,
        destination: SocketAddr,
        bytes: Bytes,
        counters: &mut Counters,
    ) -> bool {
        if self.queue.is_empty() {
            // Past tokio, which on a new socket would have to hear first that it is writable.
            match SockRef::from(&self.socket).send_to(&bytes, &destination.into()) {
                Ok(_) => return false,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    not_sent(self.flow, &error, counters);
                    return false;
                }
            }
        }
        let fits = self.queue.push(Datagram { destination, bytes }).is_ok();
        if !fits {
            counters.count("datagram dropped: queue full");
        }
        fits
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.queue.is_empty()
    }

    fn send(&mut self, cx: &mut Context<'_>, counters: &mut Counters) {
        while let Some(Datagram { destination, bytes }) = self.queue.front() {
            match self.socket.poll_send_to(cx, bytes, *destination) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => not_sent(self.flow, &error, counters),
                Poll::Pending => return,
            }
            self.queue.pop();
        }
    }

    /// Whether an error is one too many.
    fn is_over(&mut self, error: &io::Error, now: Instant) -> bool {
        // What an ICMP message said about one peer is no fault of the socket, and other peers go on. Windows tells so of each
        // datagram to a port that nobody has.
        if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused) {
            return false;
        }
        let before = self.failed.replace(now);
        if before.is_none_or(|before| now.duration_since(before) > APART) {
            self.errors = 0;
        }
        self.errors += 1;
        self.errors >= MOST_ERRORS
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, buffer: &mut [u8], counters: &mut Counters) -> Step {
        self.send(cx, counters);
        loop {
            let mut read = ReadBuf::new(buffer);
            match self.socket.poll_recv_from(cx, &mut read) {
                Poll::Ready(Ok(source)) => {
                    self.errors = 0;
                    let bytes = Bytes::copy_from_slice(read.filled());
                    return Step::Event(TransportEvent::Received { flow: self.flow, source, bytes });
                }
                Poll::Ready(Err(error)) => {
                    counters.count("error while receiving datagrams");
                    if self.is_over(&error, Instant::now()) {
                        return Step::End(Some(format!("cannot receive: {}", error.kind())));
                    }
                }
                Poll::Pending => return Step::Pending,
            }
        }
    }
}

fn not_sent(flow: FlowId, error: &io::Error, counters: &mut Counters) {
    counters.count("datagram not sent");
    tracing::debug!(?flow, %error, "datagram not sent");
}

#[cfg(test)]
mod tests {
    use super::super::address;
    use super::*;

    #[tokio::test]
    async fn what_overflows_the_queue_is_dropped_and_counted() {
        let socket = address::bind_udp("127.0.0.1:0".parse().unwrap(), 65_536).unwrap();
        let local = socket.local_addr().unwrap();
        let config = TransportConfig { send_queue: 2, ..TransportConfig::default() };
        let mut udp = UdpFlow::new(FlowId::from_platform(1), socket, &config);
        let mut counters = Counters::default();
        // A socket of loopback is always writable: what is queued already stands for one that is not.
        let waiting = Datagram { destination: local, bytes: Bytes::from_static(b"1") };
        assert!(udp.queue.push(waiting).is_ok());
        assert!(udp.transmit(local, Bytes::from_static(b"2"), &mut counters));
        assert!(!udp.transmit(local, Bytes::from_static(b"3"), &mut counters));
        assert_eq!(counters.get("datagram dropped: queue full"), 1);
        let mut buffer = vec![0; DATAGRAM];
        for expected in [&b"1"[..], b"2"] {
            let step = std::future::poll_fn(|cx| match udp.poll(cx, &mut buffer, &mut counters) {
                Step::Pending => Poll::Pending,
                step @ (Step::Event(_) | Step::End(_) | Step::Drain(_)) => Poll::Ready(step),
            });
            let Step::Event(TransportEvent::Received { bytes, .. }) = step.await else {
                panic!("not received")
            };
            assert_eq!(bytes, expected);
        }
        assert!(udp.is_flushed());
    }

    #[tokio::test]
    async fn only_errors_of_the_socket_in_close_order_end_it() {
        let socket = address::bind_udp("127.0.0.1:0".parse().unwrap(), 65_536).unwrap();
        let mut udp = UdpFlow::new(FlowId::from_platform(1), socket, &TransportConfig::default());
        let now = Instant::now();
        let of = |kind: io::ErrorKind| io::Error::from(kind);
        for _ in 0..1_000 {
            assert!(!udp.is_over(&of(io::ErrorKind::ConnectionReset), now), "a port that nobody has");
        }
        for number in 0..1_000 {
            let later = now + APART * 2 * number;
            assert!(!udp.is_over(&of(io::ErrorKind::HostUnreachable), later), "now and then");
        }
        let last = now + APART * 2_000;
        let over = (0..MOST_ERRORS).position(|_| udp.is_over(&of(io::ErrorKind::NetworkDown), last));
        assert_eq!(over, Some(63));
    }
}
