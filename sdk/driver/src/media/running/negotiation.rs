//! Offer and answer: the sockets are bound and the session made when the first description is asked for.

use std::net::{IpAddr, SocketAddr};

use rvoip_media_core::codec::Codec;
use rvoip_media_core::{LocalMedia, MediaConfig, MediaError, MediaSession};
use rvoip_sans_io::Now;
use rvoip_session_core::{MediaAnswer, MediaQuestion, NegotiationId, NextHop};
use rvoip_sip_core::StatusCode;

use super::{Media, Running, Tools};
use crate::media::address::{audio_address, media_address};
use crate::media::ports::{Pair, bind_pair};
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
            MediaQuestion::CreateOffer { direction, restart, toward } => {
                if restart {
                    self.move_sockets(tools);
                }
                // Names were looked up before.
                let peer = match toward {
                    Some(NextHop::Address(address)) => Some(address),
                    Some(NextHop::Name(_) | NextHop::Nowhere) | None => None,
                };
                let session = self.session(now, peer, tools)?;
                session.create_offer(now, direction).map(MediaAnswer::Description)
            }
            MediaQuestion::CreateAnswer { offer, direction } => {
                let session = self.session(now, audio_address(&offer), tools)?;
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

    /// The session, which keeps the address on the way to `peer` that it is made with, until the call moves.
    fn session(
        &mut self,
        now: Now,
        peer: Option<IpAddr>,
        tools: &mut Tools,
    ) -> Result<&mut MediaSession, MediaError> {
        if self.media.is_none() {
            let media = self.make(now, peer, tools)?;
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

    /// The way to the peer may be another one by now: if it begins at another address of ours, the sockets move there. Where
    /// that cannot be, they stay, and the call with them.
    fn move_sockets(&mut self, tools: &mut Tools) {
        let Some(media) = &mut self.media else { return };
        let Some(peer) = media.session.peer() else { return };
        let local = media_address(self.options.local, Some(peer.ip()));
        if local == media.pair.address {
            return;
        }
        match bind_pair(local, self.options.rtp_ports, &mut tools.random) {
            Ok(pair) => {
                media.session.set_local(addresses(&pair));
                media.pair = pair;
                media.numbers = tools.numbers();
                media.watched = false;
            }
            Err(reason) => tracing::warn!(reason, "the audio stays where it is"),
        }
    }

    fn make(&mut self, now: Now, peer: Option<IpAddr>, tools: &mut Tools) -> Result<Media, MediaError> {
        let local = media_address(self.options.local, peer);
        let pair = bind_pair(local, self.options.rtp_ports, &mut tools.random)
            .map_err(|reason| MediaError { status: 500, reason })?;
        let known =
            |name: &String| Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name));
        let config = MediaConfig {
            codecs: self.options.codecs.iter().filter_map(known).collect(),
            ptime: self.options.ptime,
            timeout: Some(self.options.timeout).filter(|timeout| !timeout.is_zero()),
            ..MediaConfig::default()
        };
        let mut session = MediaSession::new(now, config, addresses(&pair), tools.random.fork());
        if let Some(source) = self.early_source.take() {
            session.set_source(source);
        }
        session.set_muted(self.muted);
        if self.watching {
            session.watch(now);
        }
        Ok(Media { session, pair, numbers: tools.numbers(), watched: false })
    }
}

fn addresses(pair: &Pair) -> LocalMedia {
    let address = |port| SocketAddr::new(pair.address, port);
    LocalMedia { rtp: address(pair.port), rtcp: address(pair.port.saturating_add(1)) }
}
