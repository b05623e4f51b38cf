//! A server and a client of one test, and what they tell.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::{FlowId, FlowOpened, OpenFlow, Protocol};
use rvoip_sip_transport::{TransportConfig, TransportEvent, Transports};
use tokio::time::timeout;

pub(crate) const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nSubject: x\r\nContent-Length: 5\r\n\r\nhello";

pub(crate) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

pub(crate) fn to(number: u64, protocol: Protocol, remote: SocketAddr, name: Option<&str>) -> OpenFlow {
    let server_name = name.map(str::to_owned);
    OpenFlow { flow: FlowId::from_machine(number), protocol, remote, server_name, resource: None }
}

pub(crate) async fn next(transports: &mut Transports) -> TransportEvent {
    timeout(Duration::from_secs(60), poll_fn(|cx| transports.poll(cx))).await.expect("an event")
}

/// Lets time pass in leaps, for ever: what waits for a time-out sees it, whenever it began to wait. Between two leaps the
/// clock goes on, so that the sockets are waited for.
pub(crate) async fn leaps(by: Duration) {
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        tokio::time::pause();
        tokio::time::advance(by).await;
        tokio::time::resume();
    }
}

/// The next event of `transports`, while `other` lives too and has nothing to tell.
pub(crate) async fn next_beside(transports: &mut Transports, other: &mut Transports) -> TransportEvent {
    tokio::select! {
        event = next(transports) => event,
        event = poll_fn(|cx| other.poll(cx)) => panic!("the other side told {event:?}"),
    }
}

/// The next events of both sides.
pub(crate) async fn both(one: &mut Transports, other: &mut Transports) -> (TransportEvent, TransportEvent) {
    tokio::join!(next(one), next(other))
}

pub(crate) fn received(event: TransportEvent) -> Bytes {
    match event {
        TransportEvent::Received { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failed(event: TransportEvent) -> String {
    match event {
        TransportEvent::Failed { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn opened(event: TransportEvent) -> FlowOpened {
    match event {
        TransportEvent::Opened(opened) => opened,
        other => panic!("{other:?}"),
    }
}

/// What becomes of a connection to a listening side, which must have nothing to tell of it.
pub(crate) async fn refused(server: &mut Transports, client: TransportConfig, open: &OpenFlow) -> String {
    let mut client = Transports::new(client).unwrap();
    client.open(open);
    failed(next_beside(&mut client, server).await)
}
