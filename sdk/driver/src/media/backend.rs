//! The media backend of one machine: its line to the media thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use super::frames::Frames;
use super::names::Names;
use super::reports::Reports;
use super::request::{MediaReport, MediaRequest};
use super::thread::{MediaThread, Order};
use crate::drive::MediaBackend;

/// What a machine shares with the media thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub(super) reports: Reports,
    pub(super) frames: Frames,
}

/// The native media side: RTP sockets, files and the media thread that all machines of a process share.
#[derive(Debug)]
pub struct NativeMedia {
    id: u64,
    thread: &'static MediaThread,
    link: Link,
    names: Names,
}

impl NativeMedia {
    /// A line to the media thread, which is started by the first.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new() -> std::io::Result<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let id = LAST.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, thread: MediaThread::shared()?, link: Link::default(), names: Names::default() })
    }
}

impl MediaBackend<MediaRequest, MediaReport> for NativeMedia {
    fn request(&mut self, request: MediaRequest) {
        if let Some(request) = self.names.take(request) {
            self.order(request);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<MediaReport> {
        while let Poll::Ready(request) = self.names.poll(cx) {
            self.order(request);
        }
        self.link.reports.poll(cx)
    }
}

impl NativeMedia {
    fn order(&self, request: MediaRequest) {
        self.thread.order(Order::Request { backend: self.id, request, link: self.link.clone() });
    }
}

impl Drop for NativeMedia {
    fn drop(&mut self) {
        self.thread.order(Order::Gone { backend: self.id });
    }
}
