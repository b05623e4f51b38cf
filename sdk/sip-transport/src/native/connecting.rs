//! A connection that is being opened, by us or by a peer.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{OpenFlow, Protocol};
use rvoip_sip_core::Limits;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::handshake::{self, Destination, Socket};
use super::send_queue::SendQueue;
use super::tls::Tls;
use super::words::phrase;
use crate::TransportConfig;

/// A connection on which messages can travel.
#[derive(Debug)]
pub(super) enum Established {
    /// A stream of them.
    Stream(Connection),
    /// Frames of them.
    WebSocket(Socket),
}

/// What an attempt comes to: the connection with its local address, or one line for people.
type Outcome = Result<(Established, SocketAddr), String>;

type Attempt = Pin<Box<dyn Future<Output = Outcome> + Send + Sync>>;

pub(super) struct Connecting {
    attempt: Attempt,
    /// How the attempt ended, if it did when it began.
    result: Option<Outcome>,
    pub(super) protocol: Protocol,
    pub(super) remote: SocketAddr,
    /// What was sent before the connection was there.
    pub(super) queue: SendQueue<Bytes>,
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("queue", &self.queue).finish_non_exhaustive()
    }
}

impl Connecting {
    /// To a server, from a local address where one is given.
    pub(super) fn to(open: &OpenFlow, from: Option<IpAddr>, tls: &Tls, config: &TransportConfig) -> Self {
        let attempt = connect(open.clone(), from, tls.clone(), config.limits, config.connect_wait);
        Self::new(Box::pin(attempt), open.protocol, open.remote, config)
    }

    /// Of a client that was accepted.
    pub(super) fn of(
        stream: TcpStream,
        protocol: Protocol,
        remote: SocketAddr,
        tls: &Tls,
        config: &TransportConfig,
    ) -> Self {
        let (tls, limits, origins) = (tls.clone(), config.limits, config.origins.clone());
        let within = config.connect_wait;
        let attempt = async move {
            tokio::time::timeout(within, accept(stream, protocol, tls, limits, &origins))
                .await
                .unwrap_or_else(|_| Err("the handshake took too long".to_owned()))
        };
        Self::new(Box::pin(attempt), protocol, remote, config)
    }

    fn new(attempt: Attempt, protocol: Protocol, remote: SocketAddr, config: &TransportConfig) -> Self {
        let queue = SendQueue::new(config.send_queue, config.send_bytes);
        Self { attempt, result: None, protocol, remote, queue }
    }

    /// Begins at once, for the case that the next poll is late.
    pub(super) fn start(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(result) = self.attempt.as_mut().poll(cx) {
            self.result = Some(result);
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match self.result.take() {
            Some(result) => Poll::Ready(result),
            None => self.attempt.as_mut().poll(cx),
        }
    }
}

async fn connect(
    open: OpenFlow,
    from: Option<IpAddr>,
    tls: Tls,
    limits: Limits,
    within: Duration,
) -> Outcome {
    let deadline = Instant::now() + within;
    let stream = match timeout_at(deadline, connect_from(from, open.remote)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(cannot_reach(&open, &phrase(&error))),
        Err(_) => return Err(cannot_reach(&open, "nobody answers")),
    };
    match timeout_at(deadline, shake_hands(stream, &open, &tls, limits)).await {
        Ok(outcome) => outcome.map_err(|reason| cannot_reach(&open, &reason)),
        Err(_) => Err(cannot_reach(&open, "the handshake took too long")),
    }
}

async fn connect_from(local: Option<IpAddr>, remote: SocketAddr) -> io::Result<TcpStream> {
    let socket = if remote.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(local) = local {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    socket.connect(remote).await
}

async fn shake_hands(stream: TcpStream, open: &OpenFlow, tls: &Tls, limits: Limits) -> Outcome {
    without_delay(&stream);
    let local = stream.local_addr().map_err(|error| phrase(&error))?;
    let name = open.server_name.as_deref();
    let connection = if open.protocol.is_secure() {
        Connection::Tls(Box::new(tls.connect(stream, open.protocol, name, open.remote.ip()).await?))
    } else {
        Connection::Plain(stream)
    };
    let established = match open.protocol {
        Protocol::Ws | Protocol::Wss => {
            let to = Destination {
                name,
                remote: open.remote,
                default_port: open.protocol.default_port(),
                resource: open.resource.as_deref(),
            };
            Established::WebSocket(handshake::connect(connection, &to, limits).await?)
        }
        Protocol::Udp | Protocol::Tcp | Protocol::Tls => Established::Stream(connection),
    };
    Ok((established, local))
}

async fn accept(
    stream: TcpStream,
    protocol: Protocol,
    tls: Tls,
    limits: Limits,
    origins: &[String],
) -> Outcome {
    without_delay(&stream);
    let local = stream.local_addr().map_err(|error| phrase(&error))?;
    let connection = if protocol.is_secure() {
        Connection::Tls(Box::new(tls.accept(stream).await?))
    } else {
        Connection::Plain(stream)
    };
    let established = match protocol {
        Protocol::Ws | Protocol::Wss => {
            Established::WebSocket(handshake::accept(connection, origins, limits).await?)
        }
        Protocol::Udp | Protocol::Tcp | Protocol::Tls => Established::Stream(connection),
    };
    Ok((established, local))
}

fn without_delay(stream: &TcpStream) {
    // A message is written whole, so there is nothing to gather; a socket that cannot do it still works.
    let _ = stream.set_nodelay(true);
}

/// Why there is no connection, as one line for people.
fn cannot_reach(open: &OpenFlow, reason: &str) -> String {
    format!("{} cannot be reached over {}: {reason}", open.remote, open.protocol)
}
