//! All connections of one client in a page.

use std::task::{Context, Poll};

use rvoip_sans_io::{FlowId, Map, OpenFlow, Protocol, Transmit};

use super::socket::{Mailbox, Socket};
use crate::{TransportConfig, TransportEvent};

/// The WebSocket connections of a page.
#[derive(Debug)]
pub struct Transports {
    config: TransportConfig,
    sockets: Map<FlowId, Socket>,
    mailbox: Mailbox,
}

impl Transports {
    /// No connections yet.
    pub fn new(config: TransportConfig) -> Self {
        Self { config, sockets: Map::new(), mailbox: Mailbox::default() }
    }

    /// Opens a connection. [`TransportEvent::Opened`] or [`TransportEvent::Failed`] follows.
    pub fn open(&mut self, open: &OpenFlow) {
        if self.sockets.contains_key(&open.flow) {
            return;
        }
        match open.protocol {
            Protocol::Ws | Protocol::Wss => match Socket::open(open, &self.config, &self.mailbox) {
                Ok(socket) => {
                    self.sockets.insert(open.flow, socket);
                }
                Err(reason) => self.mailbox.put(TransportEvent::Failed { flow: open.flow, reason }),
            },
            Protocol::Udp | Protocol::Tcp | Protocol::Tls => {
                let reason = format!("a page can use WebSocket alone, not {}", open.protocol);
                self.mailbox.put(TransportEvent::Failed { flow: open.flow, reason });
            }
        }
    }

    /// Sends one message; a connection that does not take it has failed.
    pub fn transmit(&mut self, transmit: Transmit) {
        let Transmit { flow, bytes, .. } = transmit;
        let Some(socket) = self.sockets.get(&flow) else { return };
        if let Err(reason) = socket.send(&bytes, self.config.send_bytes) {
            self.sockets.remove(&flow);
            self.mailbox.put(TransportEvent::Failed { flow, reason });
        }
    }

    /// Closes a connection, of which nothing more is heard. What was sent still leaves.
    pub fn close(&mut self, flow: FlowId) {
        self.sockets.remove(&flow);
        self.mailbox.forget(flow);
    }

    /// The next event.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TransportEvent> {
        let Some(event) = self.mailbox.take(cx.waker()) else { return Poll::Pending };
        if let TransportEvent::Failed { flow, .. } = &event {
            self.sockets.remove(flow);
        }
        Poll::Ready(event)
    }
}
