//! The browser's platform: WebSocket, timer and RTCPeerConnection, by web-sys.

mod js;
mod media;
mod timer;

use std::task::{Context, Poll};

use rvoip_sans_io::{Instant, Machine};
use rvoip_sip_transport::{TransportConfig, Transports};

use crate::carrier::Carrier;
use crate::drive::{Io, IoInput, IoOutput, MediaBackend, drive};
use crate::hub::{Driving, Hosted};
use crate::wire::WireTap;
pub use media::{MediaPlatform, WebMedia};
use timer::Timer;

type Backend<M> = Box<dyn MediaBackend<<M as Machine>::MediaRequest, <M as Machine>::MediaReport>>;

/// The browser's platform of one machine.
pub struct WebIo<M: Machine> {
    carrier: Carrier,
    media: Backend<M>,
    timer: Timer,
}

impl<M: Machine> std::fmt::Debug for WebIo<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebIo").field("transports", &self.carrier.transports).finish_non_exhaustive()
    }
}

impl<M: Machine> WebIo<M> {
    /// A platform without connections.
    pub fn new(media: Backend<M>, tap: Option<WireTap>) -> Self {
        let carrier = Carrier::new(Transports::new(TransportConfig::default()), tap);
        Self { carrier, media, timer: Timer::default() }
    }
}

impl<M: Machine> Io<M> for WebIo<M> {
    fn apply(&mut self, output: IoOutput<M>) {
        if let Some(request) = self.carrier.apply(output) {
            self.media.request(request);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<IoInput<M>> {
        if self.timer.poll(cx, timeout).is_ready() {
            return Poll::Ready(IoInput::Timeout);
        }
        if let Poll::Ready(input) = self.carrier.poll_transports(cx) {
            return Poll::Ready(input);
        }
        if let Poll::Ready(input) = self.carrier.poll_resolver(cx) {
            return Poll::Ready(input);
        }
        self.media.poll(cx).map(IoInput::Media)
    }
}

/// Starts the loop of a machine as a task of the page.
pub fn launch<M: Hosted + 'static>(driving: Driving<M>, io: WebIo<M>) {
    wasm_bindgen_futures::spawn_local(drive(driving, io));
}
