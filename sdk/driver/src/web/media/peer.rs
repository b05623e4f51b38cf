//! One peer connection of the browser, and what it tells by itself.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Array;
use rvoip_session_core::Direction;
use rvoip_sip_core::StatusCode;
use wasm_bindgen::prelude::{Closure, JsCast as _, JsValue};
use web_sys::{
    MediaStream, RtcPeerConnection, RtcRtpReceiver, RtcRtpSender, RtcRtpTransceiver, RtcTrackEvent,
};

use super::call::Call;
use super::gathering::Gathering;
use super::keys;
use super::microphone::Microphone;
use crate::media::MediaHappened;
use crate::web::js::{describe, string};

/// Why a question cannot be answered.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    /// The browser or the page failed.
    pub(super) fn ours(what: &str, error: &JsValue) -> Self {
        Self::new(StatusCode::SERVER_INTERNAL_ERROR, format!("{what}: {}", describe(error)))
    }

    /// The peer's description cannot be used.
    pub(super) fn theirs(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE_HERE, reason)
    }
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) connection: RtcPeerConnection,
    pub(super) microphone: Microphone,
    pub(super) transceiver: RefCell<Option<RtcRtpTransceiver>>,
    pub(super) gathering: Gathering,
    /// The ICE user name of the peer that was the first to answer provisionally.
    pub(super) early: RefCell<Option<String>>,
    /// Seconds that samples were in the jitter buffer, and how many samples, when somebody looked last.
    pub(super) buffered: Cell<(f64, f64)>,
    _on_track: Closure<dyn FnMut(RtcTrackEvent)>,
    _on_state: Closure<dyn FnMut()>,
}

impl Peer {
    pub(super) fn new(call: &Rc<Call>) -> Result<Self, Refusal> {
        let no_media = |error: JsValue| Refusal::ours("the browser has no media for the call", &error);
        let configuration = call.platform.configuration().map_err(no_media)?;
        let connection = RtcPeerConnection::new_with_configuration(&configuration).map_err(no_media)?;

        let of = Rc::downgrade(call);
        let on_track = Closure::<dyn FnMut(RtcTrackEvent)>::new(move |event: RtcTrackEvent| {
            if let Some(call) = of.upgrade()
                && event.track().kind() == "audio"
            {
                attach(&call, &event);
                watch_keys(&call, &event.receiver());
            }
        });
        connection.set_ontrack(Some(on_track.as_ref().unchecked_ref()));

        let (of, watched, connected) = (Rc::downgrade(call), connection.clone(), Cell::new(false));
        let on_state = Closure::<dyn FnMut()>::new(move || state_changed(&of, &watched, &connected));
        connection.set_onconnectionstatechange(Some(on_state.as_ref().unchecked_ref()));

        Ok(Self {
            gathering: Gathering::of(&connection),
            connection,
            microphone: Microphone::default(),
            transceiver: RefCell::default(),
            early: RefCell::default(),
            buffered: Cell::default(),
            _on_track: on_track,
            _on_state: on_state,
        })
    }

    pub(super) fn sender(&self) -> Option<RtcRtpSender> {
        self.transceiver.borrow().as_ref().map(RtcRtpTransceiver::sender)
    }

    /// What was agreed on last.
    pub(super) fn direction(&self) -> Direction {
        let agreed = self.transceiver.borrow().as_ref().and_then(|of| string(of, "currentDirection"));
        agreed.and_then(|name| Direction::from_name(&name)).unwrap_or(Direction::SendRecv)
    }

    /// Whether the peer is to be heard: neither side holds the other, and there is a way.
    pub(super) fn must_hear(&self) -> bool {
        self.direction() == Direction::SendRecv && !has_failed(&self.connection)
    }

    pub(super) fn close(&self, call: &Call) {
        self.connection.set_ontrack(None);
        self.connection.set_onconnectionstatechange(None);
        self.connection.set_onicegatheringstatechange(None);
        self.connection.close();
        self.microphone.close(call);
    }
}

/// Watches for key presses, once for a call and before any audio has come.
pub(super) fn watch_keys(call: &Rc<Call>, receiver: &RtcRtpReceiver) {
    let mut keys = call.keys.borrow_mut();
    if keys.is_none() {
        *keys = keys::watch(call, receiver);
    }
}

fn attach(call: &Call, event: &RtcTrackEvent) {
    let stream = match event.streams().get(0).dyn_into::<MediaStream>() {
        Ok(stream) => stream,
        Err(_) => match MediaStream::new_with_tracks(&Array::of1(&event.track())) {
            Ok(stream) => stream,
            Err(_) => return,
        },
    };
    if let Err(error) = call.platform.attach(call.key.0, &stream) {
        tracing::warn!(call = call.key.0, reason = describe(&error), "the page cannot play the peer's audio");
    }
}

fn has_failed(connection: &RtcPeerConnection) -> bool {
    string(connection, "connectionState").as_deref() == Some("failed")
}

fn state_changed(call: &Weak<Call>, connection: &RtcPeerConnection, connected: &Cell<bool>) {
    let Some(call) = call.upgrade() else { return };
    if has_failed(connection) {
        let reason = "the browser finds no way to the peer's media".to_owned();
        call.happened(if connected.get() {
            MediaHappened::PathLost { reason }
        } else {
            MediaHappened::Failed { reason }
        });
    } else if string(connection, "connectionState").as_deref() == Some("connected") && connected.replace(true)
    {
        call.happened(MediaHappened::PathRestored);
    }
}
