//! One peer connection of the browser: its descriptions pass through sdp-core, its track is the page's.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures::future::{Either, select};
use js_sys::{Array, Promise};
use rvoip_sdp_core::SessionDescription;
use rvoip_sdp_core::negotiation::restrict;
use rvoip_session_core::Direction;
use rvoip_sip_core::StatusCode;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStream, MediaStreamTrack, RtcIceGatheringState, RtcOfferOptions, RtcPeerConnection,
    RtcPeerConnectionState, RtcRtpReceiver, RtcRtpSender, RtcRtpTransceiver, RtcRtpTransceiverDirection,
    RtcSdpType, RtcSessionDescriptionInit, RtcSignalingState, RtcTrackEvent,
};

use super::call::Call;
use super::keys;
use crate::media::MediaHappened;
use crate::web::js::{describe, sleep};

/// How long candidates are gathered at most: what is there by then is offered.
const GATHERING: Duration = Duration::from_secs(3);

/// Why a question cannot be answered.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: String,
}

impl Refusal {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    /// The browser or the page failed.
    fn ours(what: &str, error: &JsValue) -> Self {
        Self::new(StatusCode::SERVER_INTERNAL_ERROR, format!("{what}: {}", describe(error)))
    }

    /// The peer's description cannot be used.
    fn theirs(error: &JsValue) -> Self {
        let reason = format!("the browser refused the description: {}", describe(error));
        Self::new(StatusCode::NOT_ACCEPTABLE_HERE, reason)
    }
}

#[derive(Debug)]
pub(super) struct Peer {
    connection: RtcPeerConnection,
    /// The page's track of this call, once it was opened.
    microphone: RefCell<Option<MediaStreamTrack>>,
    transceiver: RefCell<Option<RtcRtpTransceiver>>,
    last_answer: RefCell<Option<String>>,
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
            if let Some(call) = of.upgrade() {
                attach(&call, &event);
                watch_keys(&call, &event.receiver());
            }
        });
        connection.set_ontrack(Some(on_track.as_ref().unchecked_ref()));

        let (of, watched, connected) = (Rc::downgrade(call), connection.clone(), Cell::new(false));
        let on_state = Closure::<dyn FnMut()>::new(move || state_changed(&of, &watched, &connected));
        connection.set_onconnectionstatechange(Some(on_state.as_ref().unchecked_ref()));

        Ok(Self {
            connection,
            microphone: RefCell::default(),
            transceiver: RefCell::default(),
            last_answer: RefCell::default(),
            _on_track: on_track,
            _on_state: on_state,
        })
    }

    pub(super) fn connection(&self) -> &RtcPeerConnection {
        &self.connection
    }

    /// Opens the page's track, once for a call.
    pub(super) async fn send_from(&self, call: &Call) -> Result<(), Refusal> {
        if self.microphone.borrow().is_some() {
            return Ok(());
        }
        self.open_input(call).await
    }

    /// Takes the track that the page has now in place of the one that is sent.
    pub(super) async fn reopen_input(&self, call: &Call) -> Result<(), Refusal> {
        if self.microphone.borrow().is_none() {
            return Ok(());
        }
        self.open_input(call).await?;
        if call.playing.borrow().is_none()
            && let Some(sender) = self.sender()
        {
            let refused = |error: JsValue| Refusal::ours("the microphone cannot be used", &error);
            JsFuture::from(sender.replace_track(self.microphone().as_ref())).await.map_err(refused)?;
        }
        Ok(())
    }

    async fn open_input(&self, call: &Call) -> Result<(), Refusal> {
        let refused = |error: JsValue| Refusal::ours("the microphone cannot be used", &error);
        let promise = call.platform.open_input(call.key.0).map_err(refused)?;
        let track: MediaStreamTrack =
            JsFuture::from(promise).await.map_err(refused)?.dyn_into().map_err(|_| {
                Refusal::new(StatusCode::SERVER_INTERNAL_ERROR, "the page gave no audio track")
            })?;
        track.set_enabled(call.speaks());
        *self.microphone.borrow_mut() = Some(track);
        Ok(())
    }

    pub(super) fn microphone(&self) -> Option<MediaStreamTrack> {
        self.microphone.borrow().clone()
    }

    pub(super) fn sender(&self) -> Option<RtcRtpSender> {
        self.transceiver.borrow().as_ref().map(RtcRtpTransceiver::sender)
    }

    /// Whether the peer's audio may come.
    pub(super) fn receives(&self) -> bool {
        let transceiver = self.transceiver.borrow();
        let direction = transceiver.as_ref().and_then(RtcRtpTransceiver::current_direction);
        matches!(direction, Some(RtcRtpTransceiverDirection::Sendrecv | RtcRtpTransceiverDirection::Recvonly))
    }

    /// What was agreed on last.
    pub(super) fn direction(&self) -> Direction {
        let transceiver = self.transceiver.borrow();
        match transceiver.as_ref().and_then(RtcRtpTransceiver::current_direction) {
            Some(RtcRtpTransceiverDirection::Sendonly) => Direction::SendOnly,
            Some(RtcRtpTransceiverDirection::Recvonly) => Direction::RecvOnly,
            Some(RtcRtpTransceiverDirection::Inactive) => Direction::Inactive,
            _ => Direction::SendRecv,
        }
    }

    /// Writes an offer; with `restart` the way to the peer is looked for anew (ICE restart, RFC 8445 §9).
    pub(super) async fn offer(
        &self,
        call: &Rc<Call>,
        direction: Direction,
        restart: bool,
    ) -> Result<String, Refusal> {
        if self.transceiver.borrow().is_none() {
            let Some(track) = self.microphone() else { return Err(no_track()) };
            let transceiver = self.connection.add_transceiver_with_media_stream_track(&track);
            watch_keys(call, &transceiver.receiver());
            *self.transceiver.borrow_mut() = Some(transceiver);
        }
        self.set_direction(direction);
        let failed = |error: JsValue| Refusal::ours("the browser cannot offer audio", &error);
        let options = RtcOfferOptions::new();
        options.set_ice_restart(restart);
        let promise = self.connection.create_offer_with_rtc_offer_options(&options);
        let offer = JsFuture::from(promise).await.map_err(failed)?;
        self.describe_ourselves(&offer, &call.options.codecs).await
    }

    /// Takes the peer's offer.
    pub(super) async fn take_offer(&self, codecs: &[String], offer: &str) -> Result<(), Refusal> {
        let offer = through(offer, codecs)?;
        self.take(RtcSdpType::Offer, &offer).await?;
        if self.transceiver.borrow().is_none() {
            let mut transceivers = self
                .connection
                .get_transceivers()
                .into_iter()
                .map(JsCast::unchecked_into::<RtcRtpTransceiver>);
            let audio = transceivers.find(|transceiver| transceiver.receiver().track().kind() == "audio");
            *self.transceiver.borrow_mut() = audio;
        }
        Ok(())
    }

    /// Writes the answer to the offer that was taken.
    pub(super) async fn answer(&self, codecs: &[String], direction: Direction) -> Result<String, Refusal> {
        let (Some(sender), Some(track)) = (self.sender(), self.microphone()) else { return Err(no_track()) };
        let failed = |error: JsValue| Refusal::ours("the browser cannot answer with audio", &error);
        if sender.track().is_none() {
            JsFuture::from(sender.replace_track(Some(&track))).await.map_err(failed)?;
        }
        self.set_direction(direction);
        let answer = JsFuture::from(self.connection.create_answer()).await.map_err(failed)?;
        self.describe_ourselves(&answer, codecs).await
    }

    /// Takes the peer's answer; the same one again changes nothing.
    pub(super) async fn take_answer(&self, answer: &str) -> Result<(), Refusal> {
        let again = self.last_answer.borrow().as_deref() == Some(answer);
        if again && self.connection.signaling_state() == RtcSignalingState::Stable {
            return Ok(());
        }
        let parsed = SessionDescription::parse(answer)
            .map_err(|error| Refusal::new(StatusCode::NOT_ACCEPTABLE_HERE, error.to_string()))?;
        self.take(RtcSdpType::Answer, &parsed.to_string()).await?;
        *self.last_answer.borrow_mut() = Some(answer.to_owned());
        Ok(())
    }

    /// Forgets an offer, ours or the peer's.
    pub(super) async fn rollback(&self) {
        let description = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
        let state = self.connection.signaling_state();
        let promise = if state == RtcSignalingState::HaveLocalOffer {
            self.connection.set_local_description(&description)
        } else if state == RtcSignalingState::HaveRemoteOffer {
            self.connection.set_remote_description(&description)
        } else {
            return;
        };
        // What cannot be undone is no worse than before.
        let _ = JsFuture::from(promise).await;
    }

    pub(super) fn close(&self) {
        self.connection.set_ontrack(None);
        self.connection.set_onconnectionstatechange(None);
        self.connection.close();
    }

    fn set_direction(&self, direction: Direction) {
        let direction = match direction {
            Direction::SendRecv => RtcRtpTransceiverDirection::Sendrecv,
            Direction::SendOnly => RtcRtpTransceiverDirection::Sendonly,
            Direction::RecvOnly => RtcRtpTransceiverDirection::Recvonly,
            Direction::Inactive => RtcRtpTransceiverDirection::Inactive,
        };
        if let Some(transceiver) = self.transceiver.borrow().as_ref() {
            transceiver.set_direction(direction);
        }
    }

    async fn take(&self, kind: RtcSdpType, description: &str) -> Result<(), Refusal> {
        let init = RtcSessionDescriptionInit::new(kind);
        init.set_sdp(description);
        let promise = self.connection.set_remote_description(&init);
        JsFuture::from(promise).await.map_err(|error| Refusal::theirs(&error))?;
        Ok(())
    }

    /// Takes what the browser wrote as its own description, and gives it with its candidates.
    async fn describe_ourselves(&self, written: &JsValue, codecs: &[String]) -> Result<String, Refusal> {
        let promise = self.connection.set_local_description(written.unchecked_ref());
        let failed = |error: JsValue| Refusal::ours("the browser refused its own description", &error);
        JsFuture::from(promise).await.map_err(failed)?;
        self.gather().await;
        let Some(description) = self.connection.local_description() else {
            return Err(Refusal::new(
                StatusCode::SERVER_INTERNAL_ERROR,
                "the browser forgot its own description",
            ));
        };
        through(&description.sdp(), codecs)
    }

    /// Waits until all candidates are there, or long enough.
    async fn gather(&self) {
        let connection = &self.connection;
        if connection.ice_gathering_state() == RtcIceGatheringState::Complete {
            return;
        }
        let on_change = RefCell::new(None);
        let complete = Promise::new(&mut |resolve, _| {
            let watched = connection.clone();
            let closure = Closure::<dyn FnMut()>::new(move || {
                if watched.ice_gathering_state() == RtcIceGatheringState::Complete {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            });
            connection.set_onicegatheringstatechange(Some(closure.as_ref().unchecked_ref()));
            *on_change.borrow_mut() = Some(closure);
        });
        let long_enough = Box::pin(sleep(GATHERING));
        match select(JsFuture::from(complete), long_enough).await {
            Either::Left(_) | Either::Right(_) => connection.set_onicegatheringstatechange(None),
        }
    }
}

fn no_track() -> Refusal {
    Refusal::new(StatusCode::SERVER_INTERNAL_ERROR, "the call has no audio track")
}

/// Reads a description and writes it again with the wanted codecs alone.
fn through(description: &str, codecs: &[String]) -> Result<String, Refusal> {
    let refused = |reason: String| Refusal::new(StatusCode::NOT_ACCEPTABLE_HERE, reason);
    let mut parsed = SessionDescription::parse(description).map_err(|error| refused(error.to_string()))?;
    if !restrict(&mut parsed, codecs) {
        return Err(refused("there is no codec in common".to_owned()));
    }
    Ok(parsed.to_string())
}

/// Watches for key presses, once for a call and before any audio has come.
fn watch_keys(call: &Rc<Call>, receiver: &RtcRtpReceiver) {
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

fn state_changed(call: &Weak<Call>, connection: &RtcPeerConnection, connected: &Cell<bool>) {
    let Some(call) = call.upgrade() else { return };
    let state = connection.connection_state();
    if state == RtcPeerConnectionState::Connected {
        if connected.replace(true) {
            call.happened(MediaHappened::PathRestored);
        }
    } else if state == RtcPeerConnectionState::Failed {
        let reason = "the browser finds no way to the peer's media".to_owned();
        call.happened(if connected.get() {
            MediaHappened::PathLost { reason }
        } else {
            MediaHappened::Failed { reason }
        });
    }
}
