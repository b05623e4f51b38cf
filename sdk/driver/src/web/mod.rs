//! The browser's platform: WebSocket, timer and RTCPeerConnection, by web-sys.

mod js;
mod media;
mod timer;

use std::task::{Context, Poll};

use rvoip_sans_io::{Instant, Machine};
use rvoip_sip_transport::{Resolver, TransportConfig, TransportEvent, Transports};

use crate::drive::{Io, IoInput, IoOutput, MediaBackend, drive};
use crate::hub::{Driving, Hosted};
use crate::wire::{Wire, WireTap};
pub use media::{MediaPlatform, WebMedia};
use timer::Timer;

type Backend<M> = Box<dyn MediaBackend<<M as Machine>::MediaRequest, <M as Machine>::MediaReport>>;

/// The browser's platform of one machine.
pub struct WebIo<M: Machine> {
    transports: Transports,
    resolver: Resolver,
    media: Backend<M>,
    wire: Wire,
    timer: Timer,
}

impl<M: Machine> std::fmt::Debug for WebIo<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebIo").field("transports", &self.transports).finish_non_exhaustive()
    }
}

impl<M: Machine> WebIo<M> {
    /// A platform without connections.
    pub fn new(media: Backend<M>, tap: Option<WireTap>) -> Self {
        Self {
            transports: Transports::new(TransportConfig::default()),
            resolver: Resolver::new(),
            media,
            wire: Wire::new(tap),
            timer: Timer::default(),
        }
    }
}

impl<M: Machine> Io<M> for WebIo<M> {
    fn apply(&mut self, output: IoOutput<M>) {
        match output {
            IoOutput::Transmit(transmit) => {
                self.wire.record(false, transmit.flow, transmit.destination, &transmit.bytes);
                self.transports.transmit(transmit);
            }
            IoOutput::OpenFlow(open) => self.transports.open(&open),
            IoOutput::CloseFlow(flow) => {
                self.wire.closed(flow);
                self.transports.close(flow);
            }
            IoOutput::Dns(id, question) => self.resolver.ask(id, question),
            IoOutput::Media(request) => self.media.request(request),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> Poll<IoInput<M>> {
        if self.timer.poll(cx, timeout).is_ready() {
            return Poll::Ready(IoInput::Timeout);
        }
        if let Poll::Ready(event) = self.transports.poll(cx) {
            return Poll::Ready(match event {
                TransportEvent::Received { flow, source, bytes } => {
                    self.wire.record(true, flow, source, &bytes);
                    IoInput::Received { flow, source, bytes }
                }
                TransportEvent::Opened(opened) => {
                    self.wire.opened(&opened);
                    IoInput::FlowOpened(opened)
                }
                TransportEvent::Failed { flow, reason } => {
                    self.wire.closed(flow);
                    IoInput::FlowFailed { flow, reason }
                }
            });
        }
        if let Poll::Ready((id, answer)) = self.resolver.poll(cx) {
            return Poll::Ready(IoInput::Dns(id, answer));
        }
        self.media.poll(cx).map(IoInput::Media)
    }
}

/// Starts the loop of a machine as a task of the page.
pub fn launch<M: Hosted + 'static>(driving: Driving<M>, io: WebIo<M>) {
    wasm_bindgen_futures::spawn_local(drive(driving, io));
}
