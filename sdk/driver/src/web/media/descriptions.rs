//! Offers and answers: what the browser writes and reads passes through sdp-core.

use std::rc::Rc;

use rvoip_sdp_core::SessionDescription;
use rvoip_sdp_core::negotiation::restrict;
use rvoip_session_core::Direction;
use rvoip_sip_core::StatusCode;
use wasm_bindgen::prelude::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RtcOfferOptions, RtcRtpTransceiver, RtcSdpType, RtcSessionDescriptionInit};

use super::call::Call;
use super::peer::{Peer, Refusal, watch_keys};
use crate::web::js::{Throwing, describe, string};

impl Peer {
    /// Writes an offer; with `restart` the way to the peer is looked for anew (ICE restart, RFC 8445 §9).
    pub(super) async fn offer(
        &self,
        call: &Rc<Call>,
        direction: Direction,
        restart: bool,
    ) -> Result<String, Refusal> {
        let failed = |error: JsValue| Refusal::ours("the browser cannot offer audio", &error);
        if self.transceiver.borrow().is_none() {
            let Some(track) = self.microphone.track() else { return Err(no_track()) };
            let connection: &Throwing = self.connection.unchecked_ref();
            let transceiver = connection.add_transceiver(&track).map_err(failed)?;
            watch_keys(call, &transceiver.receiver());
            *self.transceiver.borrow_mut() = Some(transceiver);
        }
        self.set_direction(direction).map_err(failed)?;
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
        let mut ours = self.transceiver.borrow_mut();
        // What was rejected has none, or one that is stopped.
        let lives = |transceiver: &RtcRtpTransceiver| {
            string(transceiver, "direction").is_none_or(|direction| direction != "stopped")
        };
        if !ours.as_ref().is_some_and(lives) {
            let all = self.connection.get_transceivers();
            *ours = all.iter().map(JsCast::unchecked_into).find(lives);
        }
        if ours.is_some() { Ok(()) } else { Err(Refusal::theirs("the peer offers no audio")) }
    }

    /// Writes the answer to the offer that was taken.
    pub(super) async fn answer(&self, codecs: &[String], direction: Direction) -> Result<String, Refusal> {
        let (Some(sender), Some(track)) = (self.sender(), self.microphone.track()) else {
            return Err(no_track());
        };
        let failed = |error: JsValue| Refusal::ours("the browser cannot answer with audio", &error);
        if sender.track().is_none() {
            JsFuture::from(sender.replace_track(Some(&track))).await.map_err(failed)?;
        }
        self.set_direction(direction).map_err(failed)?;
        let answer = JsFuture::from(self.connection.create_answer()).await.map_err(failed)?;
        self.describe_ourselves(&answer, codecs).await
    }

    /// Takes the peer's answer. True if another peer was the first to answer provisionally, where the call was forked: the
    /// browser has found its way to that one, and has to look for another.
    pub(super) async fn take_answer(&self, answer: &str, provisional: bool) -> Result<bool, Refusal> {
        let parsed = SessionDescription::parse(answer).map_err(|error| Refusal::theirs(error.to_string()))?;
        let name = user_name(answer).to_owned();
        let kind = if provisional { RtcSdpType::Pranswer } else { RtcSdpType::Answer };
        self.take(kind, &parsed.to_string()).await?;
        let mut early = self.early.borrow_mut();
        if provisional {
            early.get_or_insert(name);
            return Ok(false);
        }
        Ok(early.take().is_some_and(|early| early != name))
    }

    /// Forgets an offer, ours or the peer's.
    pub(super) async fn rollback(&self) {
        let description = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
        let promise = match string(&self.connection, "signalingState").as_deref() {
            Some("have-local-offer") => self.connection.set_local_description(&description),
            Some("have-remote-offer") => self.connection.set_remote_description(&description),
            _ => return,
        };
        // What cannot be undone is no worse than before.
        let _ = JsFuture::from(promise).await;
    }

    fn set_direction(&self, direction: Direction) -> Result<(), JsValue> {
        match self.transceiver.borrow().as_ref() {
            Some(transceiver) => transceiver.unchecked_ref::<Throwing>().set_direction(direction.name()),
            None => Ok(()),
        }
    }

    async fn take(&self, kind: RtcSdpType, description: &str) -> Result<(), Refusal> {
        let init = RtcSessionDescriptionInit::new(kind);
        init.set_sdp(description);
        let refused = |error: JsValue| {
            Refusal::theirs(format!("the browser refused the description: {}", describe(&error)))
        };
        JsFuture::from(self.connection.set_remote_description(&init)).await.map(drop).map_err(refused)
    }

    /// Takes what the browser wrote as its own description, and gives it with its candidates.
    async fn describe_ourselves(&self, written: &JsValue, codecs: &[String]) -> Result<String, Refusal> {
        let failed = |error: JsValue| Refusal::ours("the browser refused its own description", &error);
        self.gathering.begin();
        let promise = self.connection.set_local_description(written.unchecked_ref());
        JsFuture::from(promise).await.map_err(failed)?;
        let mut description = self.local_description();
        if self.gathering.gather(&description).await {
            description = self.local_description();
        }
        through(&description, codecs)
    }

    fn local_description(&self) -> String {
        self.connection.local_description().map(|description| description.sdp()).unwrap_or_default()
    }
}

/// Whose candidates a description has (`ice-ufrag`, RFC 8839 §5.4).
pub(super) fn user_name(description: &str) -> &str {
    description.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap_or_default()
}

fn no_track() -> Refusal {
    Refusal::new(StatusCode::SERVER_INTERNAL_ERROR, "the call has no audio track")
}

/// Reads a description and writes it again with the wanted codecs alone.
fn through(description: &str, codecs: &[String]) -> Result<String, Refusal> {
    let mut parsed =
        SessionDescription::parse(description).map_err(|error| Refusal::theirs(error.to_string()))?;
    if !restrict(&mut parsed, codecs) {
        return Err(Refusal::theirs("there is no audio with a codec in common"));
    }
    Ok(parsed.to_string())
}
