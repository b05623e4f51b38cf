//! When RTCP packets are sent (RFC 3550 sections 6.2 and 6.3).

use std::time::Duration;

use rvoip_sans_io::{Instant, Now, Random};

/// The shortest mean interval (RFC 3550 section 6.2); the first one is half as long.
const MINIMUM: Duration = Duration::from_secs(5);
/// What the randomised interval is divided by, because reconsideration lengthens it (RFC 3550 section 6.3.1): e − 3/2.
const COMPENSATION: f64 = 1.218_281_828_459_045;
/// Octets of an IP and UDP header, which count as well (RFC 3550 section 6.2).
const LOWER_LAYERS: f64 = 28.0;

/// The members of a session, oneself included (RFC 3550 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Members {
    /// All members, at least 1.
    pub all: u32,
    /// Those that sent RTP within the last two intervals.
    pub senders: u32,
    /// Whether we are one of those senders.
    pub we_sent: bool,
}

/// The timer of the RTCP packets of one member.
#[derive(Clone, Debug)]
pub struct RtcpSchedule {
    /// Octets a second for the RTCP packets of all members.
    bandwidth: f64,
    average_size: f64,
    initial: bool,
    members: u32,
    previous: Instant,
    next: Instant,
    random: Random,
}

impl RtcpSchedule {
    /// A schedule that begins now, for a session of `session_bandwidth` bits a second, of which RTCP takes 5 %.
    pub fn new(now: Now, session_bandwidth: u32, random: Random) -> Self {
        let mut schedule = Self {
            bandwidth: (f64::from(session_bandwidth) / 8.0 * 0.05).max(1.0),
            average_size: 100.0 + LOWER_LAYERS,
            initial: true,
            members: 2,
            previous: now.monotonic,
            next: now.monotonic,
            random,
        };
        let interval = schedule.draw(Members { all: 2, senders: 1, we_sent: true });
        schedule.next = now.after(interval);
        schedule
    }

    /// When [`is_due`](Self::is_due) is to be asked again.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// The mean interval without randomisation (RFC 3550 section 6.3.1).
    pub fn mean_interval(&self, members: Members) -> Duration {
        let all = f64::from(members.all.max(1));
        let senders = f64::from(members.senders.min(members.all));
        let (count, bandwidth) = if senders > all / 4.0 {
            (all, self.bandwidth)
        } else if members.we_sent {
            (senders, self.bandwidth / 4.0)
        } else {
            (all - senders, self.bandwidth * 0.75)
        };
        let minimum = if self.initial { MINIMUM / 2 } else { MINIMUM };
        let seconds = (count * self.average_size / bandwidth).min(3600.0);
        Duration::from_secs_f64(seconds).max(minimum)
    }

    fn draw(&mut self, members: Members) -> Duration {
        let factor = 0.5 + f64::from(self.random.u32()) / 4_294_967_296.0;
        self.mean_interval(members).mul_f64(factor / COMPENSATION)
    }

    /// Whether a packet is to be sent now; if not, the timer is reconsidered (RFC 3550 section 6.3.6). After `true`,
    /// [`sent`](Self::sent) tells of the packet.
    pub fn is_due(&mut self, now: Now, members: Members) -> bool {
        self.members = members.all;
        if now.monotonic < self.next {
            return false;
        }
        let at = self.previous + self.draw(members);
        if at > now.monotonic {
            self.next = at;
            return false;
        }
        true
    }

    /// A packet of `octets` was sent: the next interval begins (RFC 3550 section 6.3.6).
    pub fn sent(&mut self, now: Now, octets: usize, members: Members) {
        self.count(octets);
        self.initial = false;
        self.members = members.all;
        self.previous = now.monotonic;
        self.next = now.after(self.draw(members));
    }

    /// A packet of `octets` was received (RFC 3550 section 6.3.3).
    pub fn received(&mut self, octets: usize) {
        self.count(octets);
    }

    fn count(&mut self, octets: usize) {
        // A datagram has at most 65535 octets.
        let size = f64::from(u16::try_from(octets).unwrap_or(u16::MAX)) + LOWER_LAYERS;
        self.average_size = size / 16.0 + self.average_size * 15.0 / 16.0;
    }

    /// Members left: the timer moves closer (reverse reconsideration, RFC 3550 section 6.3.4).
    pub fn left(&mut self, now: Now, members: u32) {
        if members < self.members {
            let ratio = f64::from(members.max(1)) / f64::from(self.members);
            let ahead = self.next.checked_duration_since(now.monotonic).unwrap_or_default();
            let since = now.monotonic.checked_duration_since(self.previous).unwrap_or_default();
            self.next = now.after(ahead.mul_f64(ratio));
            let back = since.mul_f64(ratio);
            self.previous += since.saturating_sub(back);
        }
        self.members = members;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Members = Members { all: 2, senders: 2, we_sent: true };

    #[test]
    fn intervals_of_a_call_stay_within_the_bounds() {
        let mut now = Now::at(Duration::ZERO);
        let mut schedule = RtcpSchedule::new(now, 64_000, Random::from_number(3));
        let mut intervals = Vec::new();
        let mut previous = now;
        while intervals.len() < 2000 {
            now = now.when(schedule.next());
            if schedule.is_due(now, CALL) {
                intervals.push((now.monotonic - previous.monotonic).as_secs_f64());
                schedule.sent(now, 80, CALL);
                previous = now;
            }
        }
        let first = intervals.remove(0);
        assert!((1.0..3.1).contains(&first), "{first}");
        let shortest = intervals.iter().copied().fold(f64::MAX, f64::min);
        let longest = intervals.iter().copied().fold(0.0, f64::max);
        assert!((2.5 / COMPENSATION..2.6).contains(&shortest), "{shortest}");
        assert!((5.9..=7.5 / COMPENSATION).contains(&longest), "{longest}");
        let mean = intervals.iter().sum::<f64>() / 1999.0;
        assert!((4.7..5.3).contains(&mean), "{mean}");
    }

    #[test]
    fn a_narrow_session_stretches_the_interval() {
        let now = Now::at(Duration::ZERO);
        let mut schedule = RtcpSchedule::new(now, 8_000, Random::from_number(3));
        schedule.sent(now, 100, CALL);
        // 50 octets a second; the senders are 2 of 20 and share a quarter.
        let senders = Members { all: 20, senders: 2, we_sent: true };
        let receivers = Members { we_sent: false, ..senders };
        assert_eq!(schedule.mean_interval(senders), Duration::from_secs_f64(2.0 * 128.0 / 12.5));
        assert_eq!(schedule.mean_interval(receivers), Duration::from_secs_f64(18.0 * 128.0 / 37.5));
        schedule.received(100_000);
        assert!(schedule.mean_interval(senders) > Duration::from_secs(600));
    }

    #[test]
    fn who_joins_delays_and_who_leaves_hastens() {
        let now = Now::at(Duration::ZERO);
        let mut schedule = RtcpSchedule::new(now, 8_000, Random::from_number(3));
        schedule.sent(now, 100, CALL);
        let crowd = Members { all: 1000, senders: 1, we_sent: false };
        let due = now.when(schedule.next());
        assert!(!schedule.is_due(due, crowd));
        assert!(schedule.next() > due.after(Duration::from_secs(100)));
        let before = schedule.next() - due.monotonic;
        schedule.left(due, 100);
        let after = schedule.next() - due.monotonic;
        assert!(after > before.mul_f64(0.0999) && after < before.mul_f64(0.1001), "{before:?} {after:?}");
    }

    #[test]
    fn nothing_is_due_early() {
        let now = Now::at(Duration::ZERO);
        let mut schedule = RtcpSchedule::new(now, 64_000, Random::from_number(3));
        assert!(!schedule.is_due(now.later(Duration::from_millis(900)), CALL));
    }
}
