//! Offer and answer: the sockets are bound and the session made when the first description is asked for.

use std::net::SocketAddr;

use rvoip_media_core::codec::Codec;
use rvoip_media_core::{LocalMedia, MediaConfig, MediaError, MediaSession};
use rvoip_sans_io::Now;
use rvoip_session_core::{MediaAnswer, MediaQuestion, NegotiationId};
use rvoip_sip_core::StatusCode;

use super::{Media, Running, Tools};
use crate::media::address::media_address;
use crate::media::ports::bind_pair;
use crate::media::request::MediaReported;

impl Running {
    /// Answers a question of offer and answer.
    pub(in crate::media) fn ask(
        &mut self,
        now: Now,
        id: NegotiationId,
        question: MediaQuestion,
        tools: &mut Tools,
    ) {
        let answer = self.answer(now, question, tools).unwrap_or_else(|error| {
            let status = StatusCode::new(error.status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
            MediaAnswer::Refused { status, reason: error.reason }
        });
        self.report(MediaReported::Answered(id, answer));
    }

    fn answer(
        &mut self,
        now: Now,
        question: MediaQuestion,
        tools: &mut Tools,
    ) -> Result<MediaAnswer, MediaError> {
        match question {
            MediaQuestion::CreateOffer { direction, .. } => {
                let session = self.session(now, None, tools)?;
                session.create_offer(now, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                let session = self.session(now, Some(&offer), tools)?;
                session.create_answer(now, &offer, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::SetRemote { answer, .. } => {
                let session = self.session(now, None, tools)?;
                session.set_remote(now, &answer).map(|()| MediaAnswer::Applied)
            }
            MediaQuestion::Rollback => {
                if let Some(media) = &mut self.media {
                    media.session.rollback();
                }
                Ok(MediaAnswer::Applied)
            }
        }
    }

    /// The session, which keeps the address that it is made with for all negotiations of the call.
    fn session(
        &mut self,
        now: Now,
        offer: Option<&str>,
        tools: &mut Tools,
    ) -> Result<&mut MediaSession, MediaError> {
        if self.media.is_none() {
            let media = self.make(now, offer, tools)?;
            self.media = Some(media);
            if !self.options.statistics_interval.is_zero() {
                self.next_figures = Some(now.after(self.options.statistics_interval));
            }
            if !self.options.levels_interval.is_zero() {
                self.next_levels = Some(now.after(self.options.levels_interval));
            }
        }
        match &mut self.media {
            Some(media) => Ok(&mut media.session),
            None => Err(MediaError { status: 500, reason: "the call has no audio".to_owned() }),
        }
    }

    fn make(&mut self, now: Now, offer: Option<&str>, tools: &mut Tools) -> Result<Media, MediaError> {
        let local = media_address(self.options.local, offer);
        let pair = bind_pair(local, self.options.rtp_ports, &mut tools.random)
            .map_err(|reason| MediaError { status: 500, reason })?;
        let addresses = LocalMedia {
            rtp: SocketAddr::new(local, pair.port),
            rtcp: SocketAddr::new(local, pair.port.saturating_add(1)),
        };
        let known =
            |name: &String| Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name));
        let config = MediaConfig {
            codecs: self.options.codecs.iter().filter_map(known).collect(),
            ptime: self.options.ptime,
            timeout: Some(self.options.timeout).filter(|timeout| !timeout.is_zero()),
            cname: tools.random.token(16),
            ..MediaConfig::default()
        };
        let mut session = MediaSession::new(now, config, addresses, tools.random.fork());
        if let Some(source) = self.early_source.take() {
            session.set_source(source);
        }
        session.set_muted(self.muted);
        tools.last_socket += 2;
        let numbers = (tools.last_socket, tools.last_socket + 1);
        Ok(Media { session, pair, numbers, watched: false })
    }
}
