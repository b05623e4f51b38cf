//! A connection that is there, of whichever protocol.

use std::net::SocketAddr;
use std::task::Context;

use bytes::Bytes;
use rvoip_sans_io::FlowId;

use super::connecting::Established;
use super::send_queue::SendQueue;
use super::stream::StreamFlow;
use super::transports::Step;
use super::websocket::WebSocketFlow;
use crate::TransportConfig;

#[derive(Debug)]
pub(super) enum Connected {
    Stream(Box<StreamFlow>),
    WebSocket(Box<WebSocketFlow>),
}

impl Connected {
    pub(super) fn new(
        flow: FlowId,
        established: Established,
        remote: SocketAddr,
        queue: SendQueue<Bytes>,
        config: &TransportConfig,
    ) -> Self {
        match established {
            Established::Stream(connection) => {
                Self::Stream(Box::new(StreamFlow::new(flow, connection, remote, queue, config)))
            }
            Established::WebSocket(socket) => {
                Self::WebSocket(Box::new(WebSocketFlow::new(flow, socket, remote, queue, config)))
            }
        }
    }

    /// Sends a message, or queues it. `Err` where the queue is full: the flow has failed.
    pub(super) fn transmit(&mut self, bytes: Bytes) -> Result<(), Bytes> {
        match self {
            Self::Stream(stream) => stream.transmit(bytes),
            Self::WebSocket(socket) => socket.transmit(bytes),
        }
    }

    pub(super) fn is_flushed(&self) -> bool {
        match self {
            Self::Stream(stream) => stream.is_flushed(),
            Self::WebSocket(socket) => socket.is_flushed(),
        }
    }

    /// Ends the flow after what is queued.
    pub(super) fn drain(&mut self, config: &TransportConfig) {
        match self {
            Self::Stream(stream) => stream.drain(config),
            Self::WebSocket(socket) => socket.drain(config),
        }
    }

    /// Sends what the system takes now, whatever becomes of the rest.
    pub(super) fn send_now(&mut self, cx: &mut Context<'_>) {
        let _ = match self {
            Self::Stream(stream) => stream.poll_write(cx).is_ready(),
            Self::WebSocket(socket) => socket.poll_write(cx).is_ready(),
        };
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, buffer: &mut [u8], config: &TransportConfig) -> Step {
        match self {
            Self::Stream(stream) => stream.poll(cx, buffer, config),
            Self::WebSocket(socket) => socket.poll(cx, config),
        }
    }
}
