//! The media side in a page: RTCPeerConnection does the media, session-core decides, this carries out.

mod call;
mod descriptions;
mod figures;
mod gathering;
mod keys;
mod lane;
mod microphone;
mod peer;
mod platform;
mod presses;
mod sound;

use rvoip_sans_io::Map;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::{Closure, JsCast as _};
use wasm_bindgen_futures::spawn_local;

use crate::drive::MediaBackend;
use crate::media::{MediaAction, MediaKey, MediaReport, MediaReported, MediaRequest};
use call::Call;
pub use platform::MediaPlatform;

/// Reports on their way to the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports(Rc<RefCell<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    reports: VecDeque<MediaReport>,
    waker: Option<Waker>,
}

impl Reports {
    pub(super) fn send(&self, session: MediaKey, report: MediaReported) {
        let waker = {
            let mut waiting = self.0.borrow_mut();
            waiting.reports.push_back(MediaReport { session, report });
            waiting.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<MediaReport> {
        let mut waiting = self.0.borrow_mut();
        if let Some(report) = waiting.reports.pop_front() {
            return Poll::Ready(report);
        }
        waiting.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The media of a client's calls, by the peer connections of the browser.
#[derive(Debug)]
pub struct WebMedia {
    platform: MediaPlatform,
    reports: Reports,
    calls: Calls,
    /// What the page calls when it has another microphone.
    _devices_changed: Closure<dyn FnMut()>,
}

type Calls = Rc<RefCell<Map<MediaKey, Rc<Call>>>>;

impl WebMedia {
    /// No calls yet; `platform` is what the page does for them.
    pub fn new(platform: MediaPlatform) -> Self {
        let calls = Calls::default();
        let of = Rc::downgrade(&calls);
        let devices_changed = Closure::<dyn FnMut()>::new(move || {
            let Some(calls) = of.upgrade() else { return };
            for call in calls.borrow().values() {
                spawn_local(Rc::clone(call).reopen_input());
            }
        });
        platform.set_devices_changed(Some(devices_changed.as_ref().unchecked_ref()));
        Self { platform, reports: Reports::default(), calls, _devices_changed: devices_changed }
    }
}

impl WebMedia {
    fn remove(&self, session: MediaKey) -> Option<Rc<Call>> {
        self.calls.borrow_mut().remove(&session)
    }
}

impl MediaBackend<MediaRequest, MediaReport> for WebMedia {
    fn request(&mut self, request: MediaRequest) {
        let MediaRequest { session, action } = request;
        match action {
            MediaAction::Open(options) => {
                let call = Call::new(session, options, self.platform.clone(), self.reports.clone());
                self.calls.borrow_mut().insert(session, call);
            }
            MediaAction::Close => match self.remove(session) {
                Some(call) => call.close(),
                None => self.reports.send(session, MediaReported::Closed),
            },
            action @ (MediaAction::Ask(..)
            | MediaAction::Watch
            | MediaAction::Control(..)
            | MediaAction::Withdraw(_)) => {
                if let Some(call) = self.calls.borrow().get(&session) {
                    call.order(action);
                }
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<MediaReport> {
        self.reports.poll(cx)
    }
}

impl Drop for WebMedia {
    fn drop(&mut self) {
        // The client is gone: no microphone stays open.
        self.platform.set_devices_changed(None);
        for call in std::mem::take(&mut *self.calls.borrow_mut()).into_values() {
            call.close();
        }
    }
}
