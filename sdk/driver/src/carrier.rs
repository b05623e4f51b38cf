//! The signalling's way to its transports and back, as the wire log sees it.

use std::task::{Context, Poll};

use rvoip_sans_io::{FlowOpened, Machine};
use rvoip_sip_transport::{Resolver, TransportEvent, Transports};

use crate::drive::{IoInput, IoOutput};
use crate::wire::{Wire, WireTap};

pub(crate) struct Carrier {
    pub(crate) transports: Transports,
    resolver: Resolver,
    wire: Wire,
}

impl Carrier {
    pub(crate) fn new(transports: Transports, tap: Option<WireTap>) -> Self {
        Self { transports, resolver: Resolver::new(), wire: Wire::new(tap) }
    }

    /// A flow is there.
    pub(crate) fn opened<M: Machine>(&mut self, opened: FlowOpened) -> IoInput<M> {
        self.wire.opened(&opened);
        IoInput::FlowOpened(opened)
    }

    /// Carries out an output; gives what is for the media side.
    pub(crate) fn apply<M: Machine>(&mut self, output: IoOutput<M>) -> Option<M::MediaRequest> {
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
            IoOutput::Media(request) => return Some(request),
        }
        None
    }

    pub(crate) fn poll_transports<M: Machine>(&mut self, cx: &mut Context<'_>) -> Poll<IoInput<M>> {
        self.transports.poll(cx).map(|event| match event {
            TransportEvent::Received { flow, source, bytes } => {
                self.wire.record(true, flow, source, &bytes);
                IoInput::Received { flow, source, bytes }
            }
            TransportEvent::Opened(opened) => self.opened(opened),
            TransportEvent::Failed { flow, reason } => {
                self.wire.closed(flow);
                IoInput::FlowFailed { flow, reason }
            }
        })
    }

    pub(crate) fn poll_resolver<M: Machine>(&mut self, cx: &mut Context<'_>) -> Poll<IoInput<M>> {
        self.resolver.poll(cx).map(|(id, answer)| IoInput::Dns(id, answer))
    }
}
