//! A WebSocket as a flow (RFC 7118): one message a frame.

use std::future::Future as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::{Sink as _, Stream as _};
use rvoip_sans_io::FlowId;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_websockets::{Error, Message};

use super::handshake::Socket;
use super::send_queue::SendQueue;
use super::transports::Step;
use super::words::ending;
use crate::{TransportConfig, TransportEvent};

/// Pings of a peer that does not take the answers; it is not read further until it does.
const UNANSWERED: usize = 16;

/// Frames without a message that one turn takes.
const FRAMES: usize = 64;

#[derive(Debug)]
pub(super) struct WebSocketFlow {
    flow: FlowId,
    remote: SocketAddr,
    socket: Socket,
    queue: SendQueue<Bytes>,
    /// What is in the socket's own queue.
    unflushed: bool,
    /// Pings that were answered since everything was sent.
    answers: usize,
    /// When the last frame came.
    heard: Instant,
    /// When a ping was sent that is not answered.
    asked: Option<Instant>,
    /// The peer wants to end: when its closing frame is answered, the flow does.
    closed: Option<String>,
    drain_until: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

/// How long a peer may be silent before it is asked, or given up where nobody is asked.
fn patience(config: &TransportConfig) -> Duration {
    if config.ping_interval.is_zero() { config.idle } else { config.ping_interval }
}

impl WebSocketFlow {
    pub(super) fn new(
        flow: FlowId,
        socket: Socket,
        remote: SocketAddr,
        queue: SendQueue<Bytes>,
        config: &TransportConfig,
    ) -> Self {
        let heard = Instant::now();
        Self {
            flow,
            remote,
            socket,
            queue,
            unflushed: false,
            answers: 0,
            heard,
            asked: None,
            closed: None,
            drain_until: None,
            alarm: Box::pin(sleep_until(heard + patience(config))),
        }
    }

    /// Queues a message. `Err` where the queue is full: the flow has failed.
    pub(super) fn transmit(&mut self, bytes: Bytes) -> Result<(), Bytes> {
        self.queue.push(bytes)
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.queue.is_empty() && !self.unflushed
    }

    /// Ends the flow after what is queued.
    pub(super) fn drain(&mut self, config: &TransportConfig) {
        if self.drain_until.is_none() {
            self.drain_until = Some(Instant::now() + config.linger);
            // The closing frame.
            self.unflushed = true;
        }
    }

    /// Sends what is queued.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some(bytes) = self.queue.front() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            let message = if std::str::from_utf8(bytes).is_ok() {
                Message::text(bytes.clone())
            } else {
                Message::binary(bytes.clone())
            };
            Pin::new(&mut self.socket).start_send(message)?;
            self.unflushed = true;
            self.queue.pop();
        }
        if self.unflushed || self.answers > 0 {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = false;
            self.answers = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Asks a silent peer whether it lives; gives a reason where it did not answer in time.
    fn poll_alarm(&mut self, cx: &mut Context<'_>, config: &TransportConfig) -> Option<String> {
        loop {
            let at = match (self.drain_until, self.asked) {
                (Some(until), _) => until,
                (None, Some(asked)) => asked + config.ping_wait,
                (None, None) => self.heard + patience(config),
            };
            if at < self.alarm.deadline() {
                self.alarm.as_mut().reset(at);
            }
            match self.alarm.as_mut().poll(cx) {
                Poll::Pending => return None,
                Poll::Ready(()) if at > self.alarm.deadline() => self.alarm.as_mut().reset(at),
                Poll::Ready(()) if self.drain_until.is_some() => {
                    return Some("what was queued could not be sent".to_owned());
                }
                Poll::Ready(()) if self.asked.is_some() => {
                    return Some("the peer did not answer a ping".to_owned());
                }
                Poll::Ready(()) if config.ping_interval.is_zero() => {
                    return Some("the connection was silent for too long".to_owned());
                }
                Poll::Ready(()) => {
                    self.asked = Some(Instant::now());
                    // A socket that takes nothing shows at the deadline; the answer is read in a later turn.
                    if Pin::new(&mut self.socket).start_send(Message::ping(Bytes::new())).is_ok() {
                        self.unflushed = true;
                        let _ = self.poll_write(cx);
                    }
                }
            }
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, config: &TransportConfig) -> Step {
        if self.drain_until.is_some() {
            return self.poll_drain(cx, config);
        }
        let written = self.poll_write(cx);
        if let Poll::Ready(Err(error)) = written {
            return Step::End(Some(self.closed.take().unwrap_or_else(|| ending(&error))));
        }
        for _ in 0..FRAMES {
            if written.is_pending() && self.answers >= UNANSWERED {
                return self.poll_alarm(cx, config).map_or(Step::Pending, |reason| Step::End(Some(reason)));
            }
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    self.heard = Instant::now();
                    if let Some(step) = self.take(message) {
                        return step;
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    // The peer is told why, if it listens.
                    let _ = Pin::new(&mut self.socket).poll_next(cx);
                    return Step::End(Some(ending(&error)));
                }
                Poll::Ready(None) => {
                    let reason = self.closed.take();
                    return Step::End(Some(
                        reason.unwrap_or_else(|| "the peer closed the connection".to_owned()),
                    ));
                }
                Poll::Pending => {
                    return self
                        .poll_alarm(cx, config)
                        .map_or(Step::Pending, |reason| Step::End(Some(reason)));
                }
            }
        }
        cx.waker().wake_by_ref();
        Step::Pending
    }

    /// Takes a frame; what carries a message is an event.
    fn take(&mut self, message: Message) -> Option<Step> {
        if message.is_text() || message.is_binary() {
            let bytes = Bytes::from(message.into_payload());
            return Some(Step::Event(TransportEvent::Received {
                flow: self.flow,
                source: self.remote,
                bytes,
            }));
        }
        if message.is_ping() {
            self.answers += 1;
        } else if message.is_pong() {
            self.asked = None;
        } else if let Some((code, _)) = message.as_close() {
            self.closed = Some(match u16::from(code) {
                1000 | 1001 | 1005 => "the peer closed the connection".to_owned(),
                code => format!("the peer closed the connection (code {code})"),
            });
        }
        None
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, config: &TransportConfig) -> Step {
        let written = if self.queue.is_empty() { Poll::Ready(Ok(())) } else { self.poll_write(cx) };
        match written {
            Poll::Ready(Ok(())) => {
                // Sends the closing frame and awaits the peer's.
                let closed = Pin::new(&mut self.socket).poll_close(cx);
                self.unflushed = false;
                if closed.is_ready() {
                    return Step::End(None);
                }
            }
            Poll::Ready(Err(_)) => return Step::End(None),
            Poll::Pending => {}
        }
        if self.poll_alarm(cx, config).is_some() { Step::End(None) } else { Step::Pending }
    }
}
