//! RTCP: reports at their intervals, and what the peer reports (RFC 3550 section 6).

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_rtp_core::rtcp::{
    NtpTime, Report, ReportBlock, ReportBlocks, RtcpPacket, compound, reduced, write_report,
};
use rvoip_rtp_core::{Members, RtcpSchedule};
use rvoip_sans_io::{Instant, Now, Random};

use super::machine::Came;
use super::{Lane, MediaEvent, MediaOutput, MediaSession};

/// What G.711 takes with headers of 40 octets in packets of 20 ms, in bits a second.
const BANDWIDTH: u32 = 80_000;
/// A longer way there and back is a lie of the peer's clock.
const ROUND_TRIP: Duration = Duration::from_secs(30);
/// Characters of a name drawn at random: 100 bits (RFC 7022 section 4.2 asks for 96).
const CNAME: usize = 20;

/// The RTCP of a session.
#[derive(Debug)]
pub(super) struct Reports {
    schedule: Option<RtcpSchedule>,
    cname: String,
    /// Something was sent, so that a goodbye is due.
    sent: bool,
    peer_left: bool,
    pub(super) last: Option<ReportBlock>,
    pub(super) round_trip: Option<Duration>,
}

impl Reports {
    pub(super) fn new(cname: String, random: &mut Random) -> Self {
        let cname = if cname.is_empty() { random.token(CNAME) } else { cname };
        Self { schedule: None, cname, sent: false, peer_left: false, last: None, round_trip: None }
    }

    pub(super) fn start(&mut self, now: Now, random: &mut Random) {
        self.schedule.get_or_insert_with(|| RtcpSchedule::new(now, BANDWIDTH, random.fork()));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.schedule.as_ref().map(RtcpSchedule::next)
    }

    /// Another source speaks for the peer, or it speaks again.
    pub(super) fn peer_returned(&mut self) {
        self.peer_left = false;
    }
}

impl MediaSession {
    fn members(&mut self, now: Now) -> Members {
        let peer = self.receiving.ssrc().is_some() && !self.reports.peer_left;
        let peer_sends = peer && self.receiving.reception().is_some_and(|peer| peer.heard_since_report());
        let mut members = Members {
            all: 1 + u32::from(peer),
            senders: u32::from(peer_sends),
            we_sent: self.sending.rtp.last_sent().is_some(),
        };
        let interval = self.reports.schedule.as_ref().map(|schedule| schedule.mean_interval(members));
        let recently = self.sending.rtp.last_sent().zip(interval).is_some_and(|(at, interval)| {
            now.monotonic.saturating_duration_since(at) <= interval.saturating_mul(2)
        });
        members.we_sent = recently;
        members.senders += u32::from(recently);
        members
    }

    /// Sends a report if one is due.
    pub(super) fn report_due(&mut self, now: Now) {
        let members = self.members(now);
        let Some(schedule) = self.reports.schedule.as_mut() else { return };
        if !schedule.is_due(now, members) {
            return;
        }
        let octets = self.send_report(now, members.we_sent, false);
        if let Some(schedule) = self.reports.schedule.as_mut() {
            schedule.sent(now, octets, members);
        }
    }

    /// Sends a report and gives its length, zero if there is nowhere to send it to.
    fn send_report(&mut self, now: Now, we_sent: bool, bye: bool) -> usize {
        let Some(agreed) = self.agreed.as_ref().filter(|agreed| agreed.path.is_reachable()) else { return 0 };
        let (lane, destination) =
            if agreed.rtcp_mux { (Lane::Rtp, agreed.path.rtp()) } else { (Lane::Rtcp, agreed.path.rtcp()) };
        let peer = self.receiving.reception().filter(|peer| peer.heard_since_report());
        let block = peer.map(|peer| peer.report(now));
        let report = Report {
            ssrc: self.sending.rtp.ssrc(),
            sender: if we_sent { self.sending.rtp.info(now) } else { None },
            reports: block.as_slice(),
            cname: &self.reports.cname,
            bye,
        };
        let mut bytes = Vec::new();
        write_report(&mut bytes, &report);
        let octets = bytes.len();
        self.outbox.push_back(MediaOutput::Transmit { lane, destination, bytes });
        self.reports.sent = true;
        octets
    }

    /// Says goodbye by RTCP (RFC 3550 section 6.3.7), unless nothing was ever sent, and stops: nothing is sent, played
    /// or reported from now on.
    pub fn hang_up(&mut self, now: Now) {
        if self.closed {
            return;
        }
        let now = self.at(now.monotonic);
        if self.reports.sent || self.sending.rtp.packets() > 0 {
            let members = self.members(now);
            self.send_report(now, members.we_sent, true);
        }
        if !self.digits.clear().is_empty() {
            self.counters.count("digits that were not sent");
        }
        self.closed = true;
        self.sending.stop();
        self.player.stop();
    }

    pub(super) fn handle_rtcp(&mut self, came: Came, source: SocketAddr, bytes: &[u8]) {
        let now = self.at(came.latest);
        if self.heard().is_none_or(|heard| !heard.path.expects_rtcp(source)) {
            self.counters.count("RTCP from another address");
            return;
        }
        let Ok(packets) = compound(bytes).or_else(|_| reduced(bytes)) else {
            self.counters.count("malformed RTCP");
            return;
        };
        if let Some(schedule) = self.reports.schedule.as_mut() {
            schedule.received(bytes.len());
        }
        let peer = self.receiving.ssrc();
        for packet in packets {
            match packet {
                RtcpPacket::SenderReport { ssrc, ntp, reports, .. } => {
                    // The way there and back is measured by reports of which it is known when they came.
                    if Some(ssrc) == peer
                        && came.is_exact()
                        && let Some(reception) = self.receiving.reception()
                    {
                        reception.sender_report(now, ntp);
                    }
                    self.sending_reported(came, source, ssrc, reports);
                }
                RtcpPacket::ReceiverReport { ssrc, reports } => {
                    self.sending_reported(came, source, ssrc, reports);
                }
                RtcpPacket::Bye { mut ssrcs, .. } => {
                    // A peer that never spoke leaves under a name that is not known.
                    let known = |peer| ssrcs.any(|ssrc| ssrc == peer);
                    if peer.is_none_or(known) {
                        self.peer_left(now);
                    } else {
                        self.counters.count("RTCP goodbye of another source");
                    }
                }
                RtcpPacket::SourceDescription(_)
                | RtcpPacket::Application { .. }
                | RtcpPacket::Other { .. } => {}
            }
        }
    }

    /// Takes what `reporter` says of the packets that were sent.
    fn sending_reported(&mut self, came: Came, source: SocketAddr, reporter: u32, reports: ReportBlocks<'_>) {
        if self.receiving.ssrc() == Some(reporter)
            && let Some(heard) = self.agreed.as_mut().or(self.offered.as_mut())
        {
            heard.path.latch_rtcp(source);
        }
        let own = self.sending.rtp.ssrc();
        let now = NtpTime::new(self.at(came.latest));
        for block in reports.filter(|block| block.ssrc == own) {
            let round_trip = block.round_trip(now).filter(|time| *time < ROUND_TRIP && came.is_exact());
            self.reports.round_trip = round_trip.or(self.reports.round_trip);
            self.reports.last = Some(block);
        }
    }

    fn peer_left(&mut self, now: Now) {
        if std::mem::replace(&mut self.reports.peer_left, true) {
            return;
        }
        if let Some(schedule) = self.reports.schedule.as_mut() {
            schedule.left(now, 1);
        }
        self.emit(MediaEvent::PeerBye);
    }
}
