//! A UDP socket and what waits to be sent on it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// Errors that a peer can cause by ICMP are reported on our socket, one for each of its datagrams at most; so many are
/// read over at once before the loop goes on.
const ERRORS: usize = 64;

#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    queue: VecDeque<(SocketAddr, Bytes)>,
    capacity: usize,
}

impl Datagrams {
    pub(super) fn new(socket: UdpSocket, capacity: usize) -> Self {
        Self { socket, queue: VecDeque::new(), capacity }
    }

    /// Sends a datagram now or later; false if it was dropped because too many wait.
    pub(super) fn send(&mut self, destination: SocketAddr, bytes: Bytes) -> bool {
        if self.queue.is_empty() {
            match self.socket.try_send_to(&bytes, destination) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Any other error is that of this datagram alone, and datagrams get lost.
                Ok(_) | Err(_) => return true,
            }
        }
        let fits = self.queue.len() < self.capacity;
        if fits {
            self.queue.push_back((destination, bytes));
        }
        fits
    }

    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        while let Some((destination, bytes)) = self.queue.front() {
            if self.socket.poll_send_to(cx, bytes, *destination).is_pending() {
                return;
            }
            self.queue.pop_front();
        }
    }

    pub(super) fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<(SocketAddr, Bytes)> {
        for _ in 0..ERRORS {
            let mut read = ReadBuf::new(buffer);
            match self.socket.poll_recv_from(cx, &mut read) {
                Poll::Ready(Ok(source)) => {
                    return Poll::Ready((source, Bytes::copy_from_slice(read.filled())));
                }
                Poll::Ready(Err(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
