//! Descriptions: writing offers and answers, taking the peer's.

use std::collections::BTreeMap;

use rvoip_sans_io::Now;
use rvoip_sdp_core::negotiation::{
    AnswerError, LocalAudio, LocalCodec, NegotiatedCodec, Refusal, Stream, accept_answer, answer,
    answer_again, offer, offer_again,
};
use rvoip_sdp_core::{Direction, SessionDescription};

use super::types::MediaError;
use super::{Agreed, MediaSession};
use crate::codec::Codec;

/// The dynamic payload type that we offer for telephone events; most of the field does.
const TELEPHONE_EVENT: u8 = 101;

impl MediaSession {
    fn local_audio(&self, direction: Direction) -> LocalAudio {
        let codecs = self
            .config
            .codecs
            .iter()
            .map(|codec| LocalCodec::new(codec.name(), codec.payload_type(), codec.clock_rate()))
            .collect();
        LocalAudio {
            rtcp_port: self.local.rtcp.port(),
            telephone_event: self.config.telephone_event.then_some(TELEPHONE_EVENT),
            ptime: self.config.ptime,
            rtcp_mux: self.config.rtcp_mux,
            direction,
            session_id: self.session_id,
            ..LocalAudio::new(self.local.rtp.ip(), self.local.rtp.port(), codecs)
        }
    }

    fn check_codecs(&self) -> Result<(), MediaError> {
        if self.config.codecs.is_empty() {
            return Err(MediaError { status: 500, reason: "no codec is enabled".to_owned() });
        }
        Ok(())
    }

    /// Writes an offer: the first of the session, or one that changes it.
    ///
    /// # Errors
    /// No codec is enabled.
    pub fn create_offer(&mut self, _now: Now, direction: Direction) -> Result<String, MediaError> {
        self.check_codecs()?;
        let local = self.local_audio(direction);
        let written = match &self.described {
            None => offer(&local),
            Some(previous) => offer_again(&local, previous),
        };
        let text = written.to_string();
        self.offered = Some(written);
        Ok(text)
    }

    /// Takes an offer and writes the answer, which holds at once.
    ///
    /// # Errors
    /// 400 for what is no description, 488 for one that cannot be agreed on.
    pub fn create_answer(
        &mut self,
        now: Now,
        offer: &str,
        direction: Direction,
    ) -> Result<String, MediaError> {
        self.check_codecs()?;
        let local = self.local_audio(direction);
        let offer = parse(offer)?;
        let answered = match &self.described {
            None => answer(&offer, &local),
            Some(previous) => answer_again(&offer, &local, previous),
        };
        let answered = answered.map_err(|refusal| refused(&refusal))?;
        let text = answered.description.to_string();
        self.described = Some(answered.description);
        self.offered = None;
        self.apply(now, answered.stream);
        Ok(text)
    }

    /// Takes the answer to our offer.
    ///
    /// # Errors
    /// No offer is open, or the answer does not fit it.
    pub fn set_remote(&mut self, now: Now, answer: &str) -> Result<(), MediaError> {
        // An answer that comes again, as from a provisional response and then from the 2xx, meets what is agreed.
        let Some(offered) = self.offered.clone().or_else(|| self.described.clone()) else {
            return Err(MediaError { status: 500, reason: "there is no offer to answer".to_owned() });
        };
        let local = self.local_audio(Direction::SendRecv);
        let answer = parse(answer)?;
        let stream = accept_answer(&offered, &answer, &local).map_err(|error| unfit(&error))?;
        if stream.is_none() {
            return Err(MediaError { status: 488, reason: "the peer refused the audio".to_owned() });
        }
        self.described = Some(offered);
        self.offered = None;
        self.apply(now, stream);
        Ok(())
    }

    /// Forgets an open offer: what was agreed before holds.
    pub fn rollback(&mut self) {
        self.offered = None;
    }

    fn apply(&mut self, now: Now, stream: Option<Stream>) {
        let Some(stream) = stream else {
            self.agreed = None;
            return;
        };
        let known = |codec: &NegotiatedCodec| Codec::from_name(&codec.name, codec.clock_rate);
        let Some((first, codec)) = stream.codecs.iter().find_map(|one| Some((one, known(one)?))) else {
            self.agreed = None;
            return;
        };
        let mut decoders = BTreeMap::new();
        let mut previous = self.agreed.take();
        for one in &stream.codecs {
            let Some(codec) = known(one) else { continue };
            // A decoder in use goes on, so that nobody hears the negotiation.
            let kept = previous.as_mut().and_then(|agreed| agreed.decoders.remove(&one.receive_payload_type));
            decoders.insert(one.receive_payload_type, kept.unwrap_or_else(|| codec.decoder()));
        }
        let moved = self.remote_rtp.is_none()
            || previous.as_ref().is_none_or(|agreed| agreed.stream.remote_rtp != stream.remote_rtp);
        if moved {
            self.remote_rtp = Some(stream.remote_rtp);
            self.remote_rtcp = Some(stream.remote_rtcp);
            self.latched = false;
        }
        // Whoever was held begins to be listened to anew.
        self.last_received = self.last_received.map(|_| now.monotonic);
        self.timed_out = false;
        self.next_frame.get_or_insert(now.monotonic);
        self.agreed = Some(Agreed {
            payload_type: first.payload_type,
            codec,
            encoder: codec.encoder(),
            decoders,
            stream,
        });
    }
}

fn parse(text: &str) -> Result<SessionDescription, MediaError> {
    SessionDescription::parse(text).map_err(|error| MediaError {
        status: 400,
        reason: format!("the session description is malformed: {error}"),
    })
}

fn refused(refusal: &Refusal) -> MediaError {
    let reason = match &refusal.warning {
        Some((_, text)) => text.clone(),
        None => "the peer's offer cannot be accepted".to_owned(),
    };
    MediaError { status: refusal.status, reason }
}

fn unfit(error: &AnswerError) -> MediaError {
    MediaError { status: 488, reason: format!("the peer's answer does not fit: {error}") }
}
