//! The session itself: its parts, its time and its outputs.

use std::collections::VecDeque;
use std::fmt;

use rvoip_sans_io::{Counters, Instant, Now, Random};

use super::activity::Activity;
use super::digits::Digits;
use super::negotiation::{Agreed, Negotiation};
use super::playout::Player;
use super::receiving::Receiving;
use super::reports::Reports;
use super::sending::Sending;
use super::{LocalMedia, MediaConfig, MediaEvent, MediaOutput};

/// The media of one call: offer and answer, RTP and RTCP, digits, playing and hearing, sans-IO.
///
/// It makes and reads session descriptions; what they agree on takes effect at once. Datagrams and the
/// time go in, datagrams, events and the next deadline come out:
///
/// ```
/// use rvoip_media_core::{LocalMedia, MediaConfig, MediaEvent, MediaOutput, MediaSession, Source};
/// use rvoip_media_core::tone::Tone;
/// use rvoip_sans_io::{Now, Random};
/// use rvoip_sdp_core::Direction;
/// use std::time::Duration;
///
/// let at = |port: u16| LocalMedia {
///     rtp: ([127, 0, 0, 1], port).into(),
///     rtcp: ([127, 0, 0, 1], port + 1).into(),
/// };
/// let now = Now::at(Duration::ZERO);
/// let mut alice = MediaSession::new(now, MediaConfig::default(), at(4000), Random::from_number(1));
/// let mut bob = MediaSession::new(now, MediaConfig::default(), at(5000), Random::from_number(2));
/// let offer = alice.create_offer(now, Direction::SendRecv)?;
/// let answer = bob.create_answer(now, &offer, Direction::SendRecv)?;
/// alice.set_remote(now, &answer)?;
/// alice.set_source(Source::Tone(Tone::dial_europe()));
/// for now in [0, 20].map(|millis| Now::at(Duration::from_millis(millis))) {
///     alice.handle_timeout(now);
///     while let MediaOutput::Transmit { lane, bytes, .. } = alice.poll_output() {
///         bob.handle_packet(now, lane, at(4000).rtp, &bytes);
///     }
/// }
/// assert_eq!(bob.poll_output(), MediaOutput::Event(MediaEvent::FirstPacket));
/// # Ok::<(), rvoip_media_core::MediaError>(())
/// ```
///
///
/// Every packet time, from the first agreement on, one packet is sent: audio, silence if there is none, or a digit.
/// While this side may not send, or the peer describes no address, the media clock goes on without packets. Who calls
/// [`handle_timeout`](Self::handle_timeout) late catches up, and after more than a second leaves out what was missed.
///
/// Packets are taken from the address that the peer described. Two in sequence from elsewhere move the stream there, once
/// in a negotiation, because many peers sit behind address translators (RFC 4961); after packets were heard, only the
/// same SSRC can move. The described address can always take the stream back. A new SSRC from an address that is
/// accepted is a new source. A peer that reflects packets under our own SSRC is heard like any other.
///
/// Implemented: RFC 3264 sections 5 to 8 on top of `rvoip-sdp-core`; RFC 3550 sections 6.2, 6.3, 6.4, 6.5.1, 6.6 and
/// appendix A.1; RFC 3551 section 4.1 (marker); RFC 4733 (digits); RFC 4961; RFC 5761 (a shared port); RFC 7022 section
/// 4.2. Not: a new SSRC after a collision (RFC 3550 section 8.2).
pub struct MediaSession {
    pub(super) random: Random,
    pub(super) negotiation: Negotiation,
    pub(super) agreed: Option<Agreed>,
    pub(super) sending: Sending,
    pub(super) receiving: Receiving,
    pub(super) player: Player,
    pub(super) digits: Digits,
    pub(super) reports: Reports,
    pub(super) activity: Activity,
    pub(super) outbox: VecDeque<MediaOutput>,
    pub(super) counters: Counters,
    pub(super) closed: bool,
}

impl MediaSession {
    /// A session that has agreed on nothing; it says silence until [`set_source`](Self::set_source).
    pub fn new(_now: Now, config: MediaConfig, local: LocalMedia, mut random: Random) -> Self {
        Self {
            negotiation: Negotiation::new(&config, local, &mut random),
            agreed: None,
            sending: Sending::new(&mut random),
            receiving: Receiving::default(),
            player: Player::new(config.jitter_min, config.jitter_max),
            digits: Digits::new(),
            reports: Reports::new(config.cname, &mut random),
            activity: Activity::new(config.timeout),
            outbox: VecDeque::new(),
            counters: Counters::default(),
            closed: false,
            random,
        }
    }

    /// Plays, sends and reports all that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.closed {
            return;
        }
        let audible = self.agreed.as_ref().is_some_and(|agreed| agreed.direction.receives());
        self.player.run(now.monotonic, audible, &mut self.sending.feed, &mut self.counters);
        self.digits.handle_timeout(now, &mut self.counters);
        self.report_digits();
        self.send_due(now);
        self.report_due(now);
        if self.must_hear() && self.activity.is_out(now) {
            self.emit(MediaEvent::TimedOut);
        }
    }

    /// The next output; after an input, call this until it gives [`MediaOutput::Timeout`].
    pub fn poll_output(&mut self) -> MediaOutput {
        self.outbox.pop_front().unwrap_or_else(|| MediaOutput::Timeout(self.deadline()))
    }

    fn deadline(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let silence = if self.must_hear() { self.activity.deadline() } else { None };
        let reports = self.agreed.as_ref().and_then(|_| self.reports.next());
        [self.player.next(), self.digits.timeout(), self.sending.next(), reports, silence]
            .into_iter()
            .flatten()
            .min()
    }

    fn must_hear(&self) -> bool {
        self.agreed.as_ref().is_some_and(Agreed::must_hear)
    }

    pub(super) fn emit(&mut self, event: MediaEvent) {
        self.outbox.push_back(MediaOutput::Event(event));
    }
}

impl fmt::Debug for MediaSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaSession")
            .field("agreed", &self.agreed)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
