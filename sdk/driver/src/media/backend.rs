//! The media backend of one machine: its line to the media thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};

use super::request::{MediaReport, MediaRequest};
use super::thread::{MediaThread, Order};
use crate::drive::MediaBackend;

/// The native media side: RTP sockets, files and the media thread that all machines of a process share.
#[derive(Debug)]
pub struct NativeMedia {
    id: u64,
    thread: &'static MediaThread,
    /// Kept so that the stream of reports never ends.
    sender: UnboundedSender<MediaReport>,
    reports: UnboundedReceiver<MediaReport>,
}

impl NativeMedia {
    /// A line to the media thread, which is started by the first.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new() -> std::io::Result<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let (sender, reports) = unbounded();
        let id = LAST.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, thread: MediaThread::shared()?, sender, reports })
    }
}

impl MediaBackend<MediaRequest, MediaReport> for NativeMedia {
    fn request(&mut self, request: MediaRequest) {
        let reports = self.sender.clone();
        self.thread.order(Order::Request { backend: self.id, request, reports });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<MediaReport> {
        match self.reports.poll_next_unpin(cx) {
            Poll::Ready(Some(report)) => Poll::Ready(report),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for NativeMedia {
    fn drop(&mut self) {
        self.thread.order(Order::Gone { backend: self.id });
    }
}
