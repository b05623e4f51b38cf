//! The browser's platform: nothing connects yet, and each attempt is told why.

use std::task::{Context, Poll};

use rvoip_sans_io::{Instant, Machine};
use rvoip_sip_transport::{Resolver, TransportConfig, TransportEvent, Transports};

use crate::drive::{Io, IoInput, IoOutput};

/// The browser's platform of one machine.
#[derive(Debug)]
pub struct WebIo {
    transports: Transports,
    resolver: Resolver,
}

impl Default for WebIo {
    fn default() -> Self {
        Self::new()
    }
}

impl WebIo {
    /// A platform without flows.
    pub fn new() -> Self {
        Self { transports: Transports::new(TransportConfig::default()), resolver: Resolver::new() }
    }
}

impl<M: Machine> Io<M> for WebIo {
    fn apply(&mut self, output: IoOutput<M>) {
        match output {
            IoOutput::Transmit(transmit) => self.transports.transmit(transmit),
            IoOutput::OpenFlow(open) => self.transports.open(&open),
            IoOutput::CloseFlow(flow) => self.transports.close(flow),
            IoOutput::Dns(id, question) => self.resolver.ask(id, question),
            IoOutput::Media(_) => {}
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, _timeout: Option<Instant>) -> Poll<IoInput<M>> {
        if let Poll::Ready(event) = self.transports.poll(cx) {
            return Poll::Ready(match event {
                TransportEvent::Received { flow, source, bytes } => IoInput::Received { flow, source, bytes },
                TransportEvent::Opened(opened) => IoInput::FlowOpened(opened),
                TransportEvent::Failed { flow, reason } => IoInput::FlowFailed { flow, reason },
            });
        }
        self.resolver.poll(cx).map(|(id, answer)| IoInput::Dns(id, answer))
    }
}
