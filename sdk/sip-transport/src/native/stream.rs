//! A TCP connection: one task reads, cuts and passes on, and writes what is queued.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, FlowOpened, Protocol};
use rvoip_sip_core::{Frame, Limits, PING, PONG, StreamFramer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{TransportConfig, TransportEvent};

/// Our end of a connection's task. When it is dropped the task sends what is queued and closes the connection.
#[derive(Debug)]
pub(super) struct Connection {
    queue: mpsc::Sender<Bytes>,
}

impl Connection {
    pub(super) fn connect(
        flow: FlowId,
        remote: SocketAddr,
        config: &TransportConfig,
        events: mpsc::Sender<TransportEvent>,
    ) -> Self {
        let (queue, outgoing) = mpsc::channel(config.send_queue);
        let config = config.clone();
        tokio::spawn(async move {
            let connected = match timeout(config.connect_wait, TcpStream::connect(remote)).await {
                Ok(connected) => connected,
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "nobody answers")),
            };
            let opened = connected.and_then(|stream| {
                let local = stream.local_addr()?;
                Ok((stream, FlowOpened { flow, protocol: Protocol::Tcp, local, remote: Some(remote) }))
            });
            match opened {
                Ok((stream, opened)) => {
                    if events.send(TransportEvent::Opened(opened)).await.is_ok() {
                        run(flow, stream, remote, &config, events, outgoing).await;
                    }
                }
                Err(error) => {
                    let reason = format!("{remote} cannot be reached over TCP: {}", describe(&error));
                    // Nobody listens any more when the transports are gone.
                    let _ = events.send(TransportEvent::Failed { flow, reason }).await;
                }
            }
        });
        Self { queue }
    }

    pub(super) fn accepted(
        flow: FlowId,
        stream: TcpStream,
        remote: SocketAddr,
        config: &TransportConfig,
        events: mpsc::Sender<TransportEvent>,
    ) -> Self {
        let (queue, outgoing) = mpsc::channel(config.send_queue);
        let config = config.clone();
        tokio::spawn(async move { run(flow, stream, remote, &config, events, outgoing).await });
        Self { queue }
    }

    /// Queues a message; false if the queue is full or the connection gone.
    pub(super) fn send(&self, bytes: Bytes) -> bool {
        match self.queue.try_send(bytes) {
            // That the connection is gone is told by its own event.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => false,
        }
    }
}

async fn run(
    flow: FlowId,
    stream: TcpStream,
    remote: SocketAddr,
    config: &TransportConfig,
    events: mpsc::Sender<TransportEvent>,
    outgoing: mpsc::Receiver<Bytes>,
) {
    // Messages are small and wait for answers; without it each may wait for an acknowledgement first.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let reason = tokio::select! {
        reason = read(flow, reader, remote, config, &events) => reason,
        reason = write(writer, outgoing) => reason,
    };
    let _ = events.send(TransportEvent::Failed { flow, reason }).await;
}

async fn read(
    flow: FlowId,
    mut reader: OwnedReadHalf,
    remote: SocketAddr,
    config: &TransportConfig,
    events: &mpsc::Sender<TransportEvent>,
) -> String {
    let limits: Limits = config.limits;
    let mut framer = StreamFramer::new(limits);
    let mut buffer = vec![0; 16_384];
    loop {
        let length = match timeout(config.idle, reader.read(&mut buffer)).await {
            Err(_) => return "the connection was silent for too long".to_owned(),
            Ok(Ok(0)) => return "the peer closed the connection".to_owned(),
            Ok(Ok(length)) => length,
            Ok(Err(error)) => return describe(&error),
        };
        framer.push(buffer.get(..length).unwrap_or_default());
        for frame in framer.by_ref() {
            let bytes = match frame {
                Ok(Frame::Message(bytes)) => bytes,
                Ok(Frame::Ping) => Bytes::from_static(PING),
                Ok(Frame::Pong) => Bytes::from_static(PONG),
                Err(error) => return format!("the peer broke the framing: {error}"),
            };
            // Full: the loop is behind, and this peer waits until it is not.
            if events.send(TransportEvent::Received { flow, source: remote, bytes }).await.is_err() {
                return "closed".to_owned();
            }
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, mut outgoing: mpsc::Receiver<Bytes>) -> String {
    while let Some(bytes) = outgoing.recv().await {
        if let Err(error) = writer.write_all(&bytes).await {
            return describe(&error);
        }
    }
    // Closed by its owner, after everything was sent.
    let _ = writer.shutdown().await;
    "closed".to_owned()
}

/// An error as one line for people.
fn describe(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        "connection refused".to_owned()
    } else if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) {
        "the peer ended the connection".to_owned()
    } else {
        error.to_string()
    }
}
