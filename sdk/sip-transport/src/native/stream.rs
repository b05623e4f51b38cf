//! A connection as a flow of messages behind each other: TCP, under TLS or not.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rvoip_sans_io::FlowId;
use rvoip_sip_core::{Frame, PING, PONG, StreamFramer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection::Connection;
use super::send_queue::SendQueue;
use super::transports::Step;
use super::words::phrase;
use crate::{TransportConfig, TransportEvent};

/// How much one turn may read: a turn ends with its first frame, so this bounds what the framer holds.
const READ: usize = 16_384;

/// How much of what nobody reads any more is taken in one turn, in buffers.
const READS_WHILE_DRAINING: usize = 4;

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Closed by its owner: what is queued still leaves, then the end of the stream.
    Draining,
}

#[derive(Debug)]
pub(super) struct StreamFlow {
    flow: FlowId,
    remote: SocketAddr,
    stream: Connection,
    framer: StreamFramer,
    queue: SendQueue<Bytes>,
    /// Bytes of the queue's first message that are sent.
    sent: usize,
    /// The peer broke the framing: why, once what it sent was handed on.
    broken: Option<String>,
    /// TLS holds something back.
    unflushed: bool,
    phase: Phase,
    /// When something whole last passed.
    active: Instant,
    /// When the first byte of an incomplete message came.
    begun: Option<Instant>,
    drain_until: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl StreamFlow {
    pub(super) fn new(
        flow: FlowId,
        stream: Connection,
        remote: SocketAddr,
        queue: SendQueue<Bytes>,
        config: &TransportConfig,
    ) -> Self {
        let active = Instant::now();
        Self {
            flow,
            remote,
            stream,
            framer: StreamFramer::new(config.limits),
            queue,
            sent: 0,
            broken: None,
            unflushed: false,
            phase: Phase::Open,
            active,
            begun: None,
            drain_until: None,
            alarm: Box::pin(sleep_until(active + config.idle)),
        }
    }

    /// Sends a message, or as much of it as the system takes now. `Err` where the queue is full: the flow has failed.
    pub(super) fn transmit(&mut self, bytes: Bytes) -> Result<(), Bytes> {
        let sent = if self.queue.is_empty() { self.stream.send_now(&bytes) } else { 0 };
        if sent >= bytes.len() {
            self.active = Instant::now();
            return Ok(());
        }
        self.queue.push(bytes)?;
        if sent > 0 {
            self.sent = sent;
        }
        Ok(())
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.queue.is_empty() && !self.unflushed
    }

    fn is_draining(&self) -> bool {
        self.phase == Phase::Draining
    }

    /// Ends the flow after what is queued.
    pub(super) fn drain(&mut self, config: &TransportConfig) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining;
            if self.queue.is_empty() {
                // At once, for the case that nobody polls any more.
                self.stream.shut_now();
            }
            self.drain_until = Some(Instant::now() + config.linger);
        }
    }

    /// Sends what is queued.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(message) = self.queue.front() {
            let rest = message.get(self.sent..).unwrap_or_default();
            if !rest.is_empty() {
                match Pin::new(&mut self.stream).poll_write(cx, rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(written)) => {
                        self.sent += written;
                        self.unflushed = true;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            if self.queue.front().is_some_and(|message| self.sent >= message.len()) {
                self.sent = 0;
                self.queue.pop();
                self.active = Instant::now();
            }
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Fires when the flow has been silent, or one message under way, for too long.
    fn poll_alarm(&mut self, cx: &mut Context<'_>, config: &TransportConfig) -> Option<String> {
        loop {
            let idle = self.active + config.idle;
            let (at, reason) = match (self.drain_until, self.begun) {
                (Some(until), _) => (until, "what was queued could not be sent"),
                (None, Some(begun)) if begun + config.message_wait < idle => {
                    (begun + config.message_wait, "the peer did not complete its message in time")
                }
                (None, _) => (idle, "the connection was silent for too long"),
            };
            // Activity moves the deadline away without touching the timer; only a nearer one must.
            if at < self.alarm.deadline() {
                self.alarm.as_mut().reset(at);
            }
            match self.alarm.as_mut().poll(cx) {
                Poll::Pending => return None,
                Poll::Ready(()) if at <= self.alarm.deadline() => return Some(reason.to_owned()),
                Poll::Ready(()) => self.alarm.as_mut().reset(at),
            }
        }
    }

    fn received(&self, bytes: Bytes) -> Step {
        Step::Event(TransportEvent::Received { flow: self.flow, source: self.remote, bytes })
    }

    fn next_frame(&mut self) -> Option<Step> {
        let step = match self.framer.next()? {
            Ok(frame) => {
                self.active = Instant::now();
                self.begun = (self.framer.buffered() > 0).then_some(self.active);
                let bytes = match frame {
                    Frame::Message(bytes) => bytes,
                    Frame::Ping => Bytes::from_static(PING),
                    Frame::Pong => Bytes::from_static(PONG),
                };
                self.received(bytes)
            }
            Err(error) => {
                // It is answered, if it can be, before the connection ends.
                self.broken = Some(format!("the peer broke the framing: {error}"));
                self.received(error.head)
            }
        };
        Some(step)
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, buffer: &mut [u8], config: &TransportConfig) -> Step {
        if self.is_draining() {
            return self.poll_drain(cx, buffer, config);
        }
        if let Some(reason) = self.broken.take() {
            return Step::Drain(reason);
        }
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            return Step::End(Some(phrase(&error)));
        }
        loop {
            if let Some(step) = self.next_frame() {
                return step;
            }
            let buffer = buffer.get_mut(..READ).unwrap_or_default();
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Step::End(Some("the peer closed the connection".to_owned()));
                }
                Poll::Ready(Ok(())) => {
                    self.framer.push(read.filled());
                    if self.begun.is_none() {
                        self.begun = Some(Instant::now());
                    }
                }
                Poll::Ready(Err(error)) => {
                    return Step::End(Some(phrase(&error)));
                }
                Poll::Pending => break,
            }
        }
        self.poll_alarm(cx, config).map_or(Step::Pending, |reason| Step::End(Some(reason)))
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, buffer: &mut [u8], config: &TransportConfig) -> Step {
        match self.poll_write(cx) {
            Poll::Ready(Ok(())) => {
                // What TLS says at its end may wait; the alarm bounds it.
                let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
            }
            Poll::Ready(Err(_)) => return Step::End(None),
            Poll::Pending => {}
        }
        // Unread bytes would turn the end of the stream into a reset, which takes what was sent with it: the peer's end is
        // awaited, within the alarm.
        for _ in 0..READS_WHILE_DRAINING {
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {}
                Poll::Ready(_) => return Step::End(None),
                Poll::Pending => {
                    return if self.poll_alarm(cx, config).is_some() {
                        Step::End(None)
                    } else {
                        Step::Pending
                    };
                }
            }
        }
        cx.waker().wake_by_ref();
        if self.poll_alarm(cx, config).is_some() { Step::End(None) } else { Step::Pending }
    }
}
