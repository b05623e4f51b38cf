//! One WebSocket of the browser (RFC 7118).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::task::Waker;

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use rvoip_sans_io::{FlowId, FlowOpened, OpenFlow, Protocol};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::{TransportConfig, TransportEvent};

/// Events that may wait for the loop, which takes them in the same turn of the browser.
const EVENTS: usize = 10_000;

/// What the sockets of a page have told.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    events: VecDeque<TransportEvent>,
    waker: Option<Waker>,
}

/// The way of the sockets' handlers to the loop.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox(Rc<RefCell<Inbox>>);

impl Mailbox {
    pub(super) fn put(&self, event: TransportEvent) {
        let waker = {
            let mut inbox = self.0.borrow_mut();
            // What is lost of messages comes again; that a flow is there or gone does not.
            if inbox.events.len() < EVENTS || !matches!(event, TransportEvent::Received { .. }) {
                inbox.events.push_back(event);
            }
            inbox.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next event, or none and a waker for it.
    pub(super) fn take(&self, waker: &Waker) -> Option<TransportEvent> {
        let mut inbox = self.0.borrow_mut();
        let event = inbox.events.pop_front();
        if event.is_none() {
            inbox.waker = Some(waker.clone());
        }
        event
    }

    /// Of a closed flow nothing more is heard.
    pub(super) fn forget(&self, flow: FlowId) {
        self.0.borrow_mut().events.retain(|event| match event {
            TransportEvent::Received { flow: of, .. } | TransportEvent::Failed { flow: of, .. } => {
                *of != flow
            }
            TransportEvent::Opened(opened) => opened.flow != flow,
        });
    }
}

/// A connection and its handlers, which end with it.
#[derive(Debug)]
pub(super) struct Socket {
    connection: WebSocket,
    _opened: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Begins to connect.
    ///
    /// # Errors
    /// The URL is none, or the page may not use it: one line for people.
    pub(super) fn open(open: &OpenFlow, config: &TransportConfig, mailbox: &Mailbox) -> Result<Self, String> {
        let (flow, remote) = (open.flow, open.remote);
        let url = url(open);
        let socket = WebSocket::new_with_str(&url, "sip").map_err(|_| {
            // A page under HTTPS may open secure connections alone.
            format!("the browser does not connect to {url}")
        })?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let (inbox, protocol) = (mailbox.clone(), open.protocol);
        let connected = Rc::new(RefCell::new(false));
        let is_connected = Rc::clone(&connected);
        let chosen = socket.clone();
        let opened = Closure::<dyn FnMut(Event)>::new(move |_| {
            if chosen.protocol() != "sip" {
                let reason = "the server does not speak SIP over WebSocket".to_owned();
                inbox.put(TransportEvent::Failed { flow, reason });
                let _ = chosen.close();
                return;
            }
            *is_connected.borrow_mut() = true;
            // The browser tells no local address.
            let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
            inbox.put(TransportEvent::Opened(FlowOpened { flow, protocol, local, remote: Some(remote) }));
        });

        let (inbox, limit, sender) = (mailbox.clone(), config.limits.message_size, socket.clone());
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // One that has failed is told of once, whatever still comes on it.
            if sender.ready_state() != WebSocket::OPEN {
                return;
            }
            let data = event.data();
            let bytes = match data.as_string() {
                Some(text) => Bytes::from(text),
                None => match data.dyn_into::<ArrayBuffer>() {
                    Ok(buffer) => Bytes::from(Uint8Array::new(&buffer).to_vec()),
                    Err(_) => return,
                },
            };
            if bytes.len() > limit {
                let reason = "the server sent a message that is too large".to_owned();
                inbox.put(TransportEvent::Failed { flow, reason });
                let _ = sender.close();
                return;
            }
            inbox.put(TransportEvent::Received { flow, source: remote, bytes });
        });

        let inbox = mailbox.clone();
        let closed = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            let what = if *connected.borrow() { "the connection was closed" } else { "cannot connect" };
            let reason = match event.reason() {
                said if said.is_empty() => format!("{what} ({url}, code {})", event.code()),
                said => format!("{what} ({url}, code {}): {said}", event.code()),
            };
            inbox.put(TransportEvent::Failed { flow, reason });
        });

        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Ok(Self { connection: socket, _opened: opened, _message: message, _closed: closed })
    }

    /// Sends one message as one frame.
    ///
    /// # Errors
    /// The server does not take what is sent, or the connection is gone.
    pub(super) fn send(&self, bytes: &[u8], limit: usize) -> Result<(), String> {
        let waiting = usize::try_from(self.connection.buffered_amount()).unwrap_or(usize::MAX);
        if waiting.saturating_add(bytes.len()) > limit {
            return Err("the server does not take what is sent to it".to_owned());
        }
        let sent = match std::str::from_utf8(bytes) {
            Ok(text) => self.connection.send_with_str(text),
            Err(_) => self.connection.send_with_u8_array(bytes),
        };
        sent.map_err(|_| "the connection is gone".to_owned())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.connection.set_onopen(None);
        self.connection.set_onmessage(None);
        self.connection.set_onclose(None);
        // What is queued still leaves: the closing handshake comes behind it.
        let _ = self.connection.close();
    }
}

/// The URL of a connection.
fn url(open: &OpenFlow) -> String {
    let scheme = if open.protocol == Protocol::Wss { "wss" } else { "ws" };
    let authority = match &open.server_name {
        Some(name) => format!("{name}:{}", open.remote.port()),
        None => open.remote.to_string(),
    };
    format!("{scheme}://{authority}{}", open.resource.as_deref().unwrap_or("/"))
}
