//! RTCP: what we report, and what the peer does (RFC 3550 section 6).

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_rtp_core::Members;
use rvoip_rtp_core::rtcp::{
    NtpTime, Report, ReportBlock, ReportBlocks, RtcpPacket, compound, reduced, write_report,
};
use rvoip_sans_io::Now;

use super::types::{Lane, MediaEvent, MediaOutput};
use super::{MediaSession, RATE};

/// A longer way there and back is a lie of the peer's clock.
const ROUND_TRIP: Duration = Duration::from_secs(30);

/// What the peer said of what it receives from us.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PeerReport {
    pub(super) lost: Option<u32>,
    pub(super) fraction_lost: Option<u8>,
    pub(super) jitter: Option<Duration>,
    pub(super) round_trip: Option<Duration>,
}

impl MediaSession {
    fn members(&self, now: Now) -> Members {
        let recent = |at: rvoip_sans_io::Instant| {
            now.monotonic.checked_duration_since(at).is_none_or(|ago| ago < Duration::from_secs(10))
        };
        let we_sent = self.sender.last_sent().is_some_and(recent);
        let peer = self.reception.is_some();
        let peer_sends = self.last_received.is_some_and(recent);
        Members { all: 1 + u32::from(peer), senders: u32::from(we_sent) + u32::from(peer_sends), we_sent }
    }

    pub(super) fn report_if_due(&mut self, now: Now) {
        let members = self.members(now);
        if self.schedule.next() > now.monotonic || !self.schedule.is_due(now, members) {
            return;
        }
        let octets = self.send_report(now, false);
        self.schedule.sent(now, octets, members);
    }

    pub(super) fn send_bye(&mut self, now: Now) {
        if self.agreed.is_some() && self.sender.packets() > 0 {
            self.send_report(now, true);
        }
    }

    fn send_report(&mut self, now: Now, bye: bool) -> usize {
        let mux = self.agreed.as_ref().is_some_and(|agreed| agreed.stream.rtcp_mux);
        let (lane, destination) =
            if mux { (Lane::Rtp, self.remote_rtp) } else { (Lane::Rtcp, self.remote_rtcp) };
        let mut bytes = Vec::with_capacity(128);
        let members = self.members(now);
        let blocks: Vec<ReportBlock> = self
            .reception
            .iter_mut()
            .filter(|reception| reception.is_valid() && reception.heard_since_report())
            .map(|reception| reception.report(now))
            .collect();
        let report = Report {
            ssrc: self.sender.ssrc(),
            sender: self.sender.info(now).filter(|_| members.we_sent),
            reports: &blocks,
            cname: &self.config.cname,
            bye,
        };
        write_report(&mut bytes, &report);
        let octets = bytes.len();
        if let Some(destination) = destination.filter(|destination| !destination.ip().is_unspecified()) {
            self.outputs.push_back(MediaOutput::Transmit { lane, destination, bytes });
        }
        octets
    }

    pub(super) fn handle_rtcp(&mut self, now: Now, source: SocketAddr, bytes: &[u8]) {
        let Some(agreed) = &self.agreed else {
            return self.counters.count("RTCP before an agreement");
        };
        // As for RTP, the address from which it comes is where ours goes; here the host must be known already.
        let known =
            [self.remote_rtp, self.remote_rtcp].into_iter().flatten().any(|one| one.ip() == source.ip());
        if !known {
            return self.counters.count("RTCP from another address");
        }
        if !agreed.stream.rtcp_mux {
            self.remote_rtcp = Some(source);
        }
        let Ok(packets) = compound(bytes).or_else(|_| reduced(bytes)) else {
            return self.counters.count("malformed RTCP");
        };
        self.schedule.received(bytes.len());
        let theirs = self.reception.as_ref().map(rvoip_rtp_core::Reception::ssrc);
        for packet in packets {
            match packet {
                RtcpPacket::SenderReport { ssrc, ntp, reports, .. } => {
                    if let Some(reception) = self.reception.as_mut().filter(|_| theirs == Some(ssrc)) {
                        reception.sender_report(now, ntp);
                    }
                    self.take_reports(now, reports);
                }
                RtcpPacket::ReceiverReport { reports, .. } => self.take_reports(now, reports),
                RtcpPacket::Bye { mut ssrcs, .. } => {
                    if ssrcs.any(|ssrc| theirs == Some(ssrc)) {
                        self.tell(MediaEvent::PeerBye);
                    }
                }
                RtcpPacket::SourceDescription(_)
                | RtcpPacket::Application { .. }
                | RtcpPacket::Other { .. } => {}
            }
        }
    }

    fn take_reports(&mut self, now: Now, reports: ReportBlocks<'_>) {
        for report in reports {
            if report.ssrc != self.sender.ssrc() {
                continue;
            }
            self.peer.lost = u32::try_from(report.cumulative_lost.max(0)).ok();
            self.peer.fraction_lost = Some(report.fraction_lost);
            self.peer.jitter = Some(Duration::from_secs(report.jitter.into()) / RATE);
            let round_trip = report.round_trip(NtpTime::new(now)).filter(|time| *time < ROUND_TRIP);
            self.peer.round_trip = round_trip.or(self.peer.round_trip);
        }
    }
}
