//! A session, and a peer that is played by the test.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_media_core::{Lane, LocalMedia, MediaConfig, MediaEvent, MediaOutput, MediaSession};
use rvoip_rtp_core::rtcp::{Report, write_report};
use rvoip_rtp_core::{RtpHeader, RtpPacket};
use rvoip_sans_io::{Now, Random};
use rvoip_sdp_core::Direction;

pub(super) const PEER: &str = "192.0.2.2:4000";
pub(super) const PEER_RTCP: &str = "192.0.2.2:4001";
pub(super) const STRANGER: &str = "198.51.100.7:9999";

pub(super) type Sent = (Lane, SocketAddr, Vec<u8>);

pub(super) struct Phone {
    pub(super) session: MediaSession,
    pub(super) millis: u64,
    pub(super) events: Vec<MediaEvent>,
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn description(version: u32, lines: &str) -> String {
    format!(
        "v=0\r\no=- 7 {version} IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n{lines}"
    )
}

impl Phone {
    pub(super) fn new(config: MediaConfig) -> Self {
        let local = LocalMedia { rtp: address("192.0.2.1:4000"), rtcp: address("192.0.2.1:4001") };
        let session = MediaSession::new(Now::at(Duration::ZERO), config, local, Random::from_number(5));
        Self { session, millis: 0, events: Vec::new() }
    }

    /// In a call that is answered.
    pub(super) fn agreed() -> Self {
        let mut phone = Self::new(MediaConfig::default());
        phone.offered("");
        phone.session.watch(phone.now());
        phone
    }

    pub(super) fn now(&self) -> Now {
        Now::at(Duration::from_millis(self.millis))
    }

    pub(super) fn offered(&mut self, lines: &str) -> String {
        self.takes(&description(1, lines))
    }

    /// Takes an offer of the peer.
    pub(super) fn takes(&mut self, offer: &str) -> String {
        self.session.create_answer(self.now(), offer, Direction::SendRecv).unwrap()
    }

    /// The packets that are to be sent now, and when to call again.
    fn drain(&mut self, sent: &mut Vec<Sent>) -> Option<rvoip_sans_io::Instant> {
        loop {
            match self.session.poll_output() {
                MediaOutput::Transmit { lane, destination, bytes } => sent.push((lane, destination, bytes)),
                MediaOutput::Event(event) => self.events.push(event),
                MediaOutput::Timeout(at) => return at,
            }
        }
    }

    /// Calls the session until it has caught up; gives the packets that are to be sent.
    pub(super) fn tick(&mut self) -> Vec<Sent> {
        let (mut sent, now) = (Vec::new(), self.now());
        loop {
            self.session.handle_timeout(now);
            if self.drain(&mut sent).is_none_or(|next| next > now.monotonic) {
                return sent;
            }
        }
    }

    /// Lets time pass in steps of 10 ms.
    pub(super) fn run(&mut self, millis: u64) -> Vec<Sent> {
        let end = self.millis + millis;
        let mut sent = Vec::new();
        while self.millis < end {
            self.millis += 10;
            sent.append(&mut self.tick());
        }
        sent
    }

    pub(super) fn receive(&mut self, source: &str, ssrc: u32, sequence: u16) {
        self.receive_of(source, ssrc, sequence, 0);
    }

    /// Takes a packet of a payload type.
    pub(super) fn receive_of(&mut self, source: &str, ssrc: u32, sequence: u16, payload_type: u8) {
        let mut bytes = Vec::new();
        let timestamp = u32::from(sequence) * 160;
        let header = RtpHeader { marker: false, payload_type, sequence, timestamp, ssrc };
        header.write(&[0x80; 160], &mut bytes);
        self.session.handle_packet(self.now(), Lane::Rtp, address(source), &bytes);
    }

    /// Lets packets come, one in 20 ms.
    pub(super) fn stream(&mut self, source: &str, ssrc: u32, sequences: std::ops::Range<u16>) -> Vec<Sent> {
        let mut sent = Vec::new();
        for sequence in sequences {
            self.receive(source, ssrc, sequence);
            sent.append(&mut self.run(20));
        }
        sent
    }

    pub(super) fn rtcp(&mut self, source: &str, ssrc: u32, bye: bool) {
        let mut bytes = Vec::new();
        write_report(&mut bytes, &Report { ssrc, sender: None, reports: &[], cname: "peer", bye });
        self.session.handle_packet(self.now(), Lane::Rtcp, address(source), &bytes);
    }

    pub(super) fn destination(&mut self) -> SocketAddr {
        self.rtp(40).last().unwrap().0
    }

    /// Destinations and timestamps of the RTP that is sent in so many milliseconds.
    pub(super) fn rtp(&mut self, millis: u64) -> Vec<(SocketAddr, u32, bool)> {
        let sent = self.run(millis);
        let rtp = sent.iter().filter(|(lane, ..)| *lane == Lane::Rtp);
        rtp.map(|(_, destination, bytes)| {
            let packet = RtpPacket::parse(bytes).unwrap();
            (*destination, packet.timestamp, packet.marker)
        })
        .collect()
    }

    /// What was heard since the last time.
    pub(super) fn heard(&mut self) -> Vec<i16> {
        let mut heard = Vec::new();
        self.session.take_audio(&mut heard);
        heard
    }
}
