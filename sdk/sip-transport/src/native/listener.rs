//! A socket that accepts connections.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rvoip_sans_io::{Counters, Protocol};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

/// How long nothing is accepted after the system ran out of descriptors or memory: the error would come back at once.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    /// What is spoken on what is accepted.
    pub(super) protocol: Protocol,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Listener {
    pub(super) fn new(socket: TcpListener, protocol: Protocol) -> Self {
        Self { socket, protocol, pause: None }
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        counters: &mut Counters,
    ) -> Poll<(TcpStream, SocketAddr)> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.socket.poll_accept(cx)) {
                Ok(accepted) => return Poll::Ready(accepted),
                Err(error) => {
                    counters.count("accept error");
                    tracing::debug!(%error, "connection not accepted");
                    let of_the_peer = matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted
                            | io::ErrorKind::ConnectionReset
                            | io::ErrorKind::ConnectionRefused
                            | io::ErrorKind::Interrupted
                    );
                    if !of_the_peer {
                        self.pause = Some(Box::pin(sleep(PAUSE)));
                    }
                }
            }
        }
    }
}
