//! The session itself: its parts, its time and its outputs.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use rvoip_sans_io::{Counters, Instant, Now, Random};
use rvoip_sdp_core::negotiation::Negotiation;

use super::activity::Activity;
use super::digits::Digits;
use super::negotiation::{Agreed, local_audio};
use super::playout::Player;
use super::receiving::Receiving;
use super::reports::Reports;
use super::sending::Sending;
use super::{LocalMedia, MediaConfig, MediaEvent, MediaOutput};

/// So much of what was missed is made up for in one call: less than a packet time.
const STEP: Duration = Duration::from_millis(10);
/// Who is less late than this knows when a packet came.
const LATE: Duration = Duration::from_millis(5);

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
/// While this side may not send, or the peer describes no address, the media clock goes on without packets, but for an empty
/// datagram every 15 seconds that keeps the way to the peer open (RFC 6263), unless RTCP shares the port. Who calls
/// [`handle_timeout`](Self::handle_timeout) late catches up step by step, and after more than a second leaves out what was
/// missed.
///
/// Packets are taken from the address that the peer described. Two in sequence from elsewhere move the stream there, once
/// in a negotiation, because many peers sit behind address translators (RFC 4961); after packets were heard, only the
/// same SSRC can move, until the peer describes another address, and again when nothing came from where it was for two seconds,
/// since a translator may give it another address in the middle of a call. The described address can always take the stream back. A new
/// SSRC from an address that is accepted is a new source. A peer that reflects packets under our own SSRC is heard like any
/// other. What comes before the first offer is answered is heard too, wherever it comes from (RFC 3264 section 5.1).
///
/// Implemented: RFC 3264 sections 5 to 8 on top of `rvoip-sdp-core`; RFC 3550 sections 6.2, 6.3, 6.4, 6.5.1, 6.6 and
/// appendix A.1; RFC 3551 section 4.1 (marker); RFC 4733 (digits); RFC 4961; RFC 5761 (a shared port); RFC 7022 section
/// 4.2; RFC 6263 section 7. Not: a new SSRC after a collision (RFC 3550 section 8.2), and timing out a member that left without
/// goodbye (6.3.5), of which there is one at most.
pub struct MediaSession {
    /// The clock of the wall is read once: it may be set while a call lasts, and round trips are measured on it.
    start: Now,
    /// The last moment at which nothing was overdue.
    on_time: Instant,
    pub(super) random: Random,
    pub(super) negotiation: Negotiation,
    pub(super) agreed: Option<Agreed>,
    /// What the peer may send before it has answered the first offer.
    pub(super) offered: Option<Agreed>,
    pub(super) sending: Sending,
    pub(super) receiving: Receiving,
    pub(super) player: Player,
    pub(super) digits: Digits,
    pub(super) reports: Reports,
    pub(super) activity: Activity,
    pub(super) outbox: VecDeque<MediaOutput>,
    pub(super) counters: Counters,
    /// Whether a silent peer is one that is gone.
    watching: bool,
    pub(super) closed: bool,
}

/// The moments between which a packet came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    pub(super) earliest: Instant,
    pub(super) latest: Instant,
}

impl Came {
    /// Whether that is one moment.
    pub(super) fn is_exact(self) -> bool {
        self.earliest == self.latest
    }
}

impl MediaSession {
    /// A session that has agreed on nothing; it says silence until [`set_source`](Self::set_source).
    pub fn new(now: Now, config: MediaConfig, local: LocalMedia, mut random: Random) -> Self {
        Self {
            start: now,
            on_time: now.monotonic,
            negotiation: Negotiation::new(local_audio(&config, local, &mut random)),
            agreed: None,
            offered: None,
            sending: Sending::new(&mut random),
            receiving: Receiving::default(),
            player: Player::new(config.jitter_min, config.jitter_max),
            digits: Digits::new(),
            reports: Reports::new(config.cname, &mut random),
            activity: Activity::new(config.timeout),
            outbox: VecDeque::new(),
            counters: Counters::default(),
            watching: false,
            closed: false,
            random,
        }
    }

    /// Plays, sends and reports what is due.
    ///
    /// For who calls late, only a step of what was missed: the timeout that follows is past as well, until all is caught up.
    /// In between the platform looks at its sockets, where there may be what others sent who were late together with us, on
    /// the same thread. So what all of them have missed is made up for as if nobody had been late.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.closed {
            return;
        }
        self.skip_stall(now.monotonic);
        let real = now.monotonic;
        self.player.set_now(real);
        let now = self.at(self.step(real));
        let audible = self.heard().is_some_and(|heard| heard.direction.receives());
        self.player.run(now.monotonic, audible, &mut self.sending.feed, &mut self.counters);
        self.digits.handle_timeout(now, &mut self.counters);
        self.report_digits();
        self.send_due(now);
        self.report_due(now);
        if self.must_hear() && self.activity.is_out(now) {
            self.emit(MediaEvent::TimedOut);
        }
        if !self.is_overdue(real) {
            self.on_time = real;
        }
    }

    /// A moment of the monotonic clock, with the time of the wall by the clock that was read at the beginning.
    pub(super) fn at(&self, moment: Instant) -> Now {
        self.start.when(moment)
    }

    /// Until when time passes in one call.
    fn step(&self, now: Instant) -> Instant {
        self.deadline().and_then(|due| due.checked_add(STEP)).map_or(now, |end| end.min(now))
    }

    /// Leaves out what was missed in a stall of more than a second.
    fn skip_stall(&mut self, now: Instant) {
        let played = self.player.skip_stall(now, &mut self.counters);
        let sent = self.sending_skips_stall(now);
        if played || sent {
            // Nobody listened meanwhile, so that the peer's silence says nothing.
            self.activity.restarted(now);
        }
    }

    fn is_overdue(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|due| due <= now)
    }

    /// When a packet came that is handed in now: just now, unless we are late. Then it may have waited since we last were not.
    pub(super) fn came(&mut self, now: Instant) -> Came {
        let late = self.deadline().and_then(|due| due.checked_add(LATE)).is_some_and(|limit| limit < now);
        if !late {
            self.on_time = now;
        }
        Came { earliest: self.on_time.min(now), latest: now }
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
        self.watching && self.agreed.as_ref().is_some_and(Agreed::must_hear)
    }

    /// What may be heard: what was agreed on, or was offered first.
    pub(super) fn heard(&self) -> Option<&Agreed> {
        self.agreed.as_ref().or(self.offered.as_ref())
    }

    /// From now on the peer must be heard again and again, once it was: the call is answered. Before, whoever rings may be
    /// silent for as long as it wants.
    pub fn watch(&mut self, now: Now) {
        self.watching = true;
        self.activity.restarted(now.monotonic);
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
