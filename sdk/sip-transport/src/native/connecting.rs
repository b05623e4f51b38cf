//! A connection that is being opened.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::OpenFlow;
use tokio::net::TcpStream;

use super::send_queue::SendQueue;
use crate::TransportConfig;

type Attempt = Pin<Box<dyn Future<Output = Result<TcpStream, String>> + Send + Sync>>;

pub(super) struct Connecting {
    attempt: Attempt,
    /// How the attempt ended, if it did when it began.
    result: Option<Result<TcpStream, String>>,
    pub(super) remote: SocketAddr,
    /// What was sent before the connection was there.
    pub(super) queue: SendQueue<Bytes>,
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("queue", &self.queue).finish_non_exhaustive()
    }
}

impl Connecting {
    pub(super) fn tcp(open: &OpenFlow, config: &TransportConfig) -> Self {
        Self {
            result: None,
            remote: open.remote,
            attempt: Box::pin(connect(open.remote, config.connect_wait)),
            queue: SendQueue::new(config.send_queue, config.send_bytes),
        }
    }

    /// Begins at once, for the case that the next poll is late.
    pub(super) fn start(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(result) = self.attempt.as_mut().poll(cx) {
            self.result = Some(result);
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<TcpStream, String>> {
        match self.result.take() {
            Some(result) => Poll::Ready(result),
            None => self.attempt.as_mut().poll(cx),
        }
    }
}

async fn connect(remote: SocketAddr, within: Duration) -> Result<TcpStream, String> {
    match tokio::time::timeout(within, TcpStream::connect(remote)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(cannot_reach(remote, &error)),
        Err(_) => Err(format!("{remote} cannot be reached over TCP: nobody answers")),
    }
}

/// Why there is no connection, as one line for people.
pub(super) fn cannot_reach(remote: SocketAddr, error: &io::Error) -> String {
    format!("{remote} cannot be reached over TCP: {}", phrase(error))
}

/// An error in words, without the number of the operating system where there are words.
pub(super) fn phrase(error: &io::Error) -> String {
    if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) {
        return "the peer ended the connection".to_owned();
    }
    let words = error.kind().to_string();
    if matches!(words.as_str(), "other error" | "uncategorized error") { error.to_string() } else { words }
}
