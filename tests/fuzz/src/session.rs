//! The target of a call's media: what a peer may send it, one thing after the other.

use std::net::SocketAddr;
use std::time::Duration;

use rvoip_media_core::tone::Tone;
use rvoip_media_core::{Lane, LocalMedia, MediaConfig, MediaOutput, MediaSession, Source};
use rvoip_rtp_core::rtcp::reduced;
use rvoip_rtp_core::{RtpHeader, RtpPacket, looks_like_rtcp};
use rvoip_sans_io::{Now, Random};
use rvoip_sdp_core::Direction;

const PEER: &str = "v=0\r\no=- 7 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
/// Samples that wait to be taken, at most.
const HEARD: usize = 16_000;
/// Outputs of one input at most: what is missed in a second, and what goes with it.
const OUTPUTS: usize = 1_000;

struct Call {
    session: MediaSession,
    now: Now,
}

impl Call {
    fn new() -> Self {
        let now = Now::at(Duration::ZERO);
        let local = LocalMedia { rtp: ([192, 0, 2, 1], 4_000).into(), rtcp: ([192, 0, 2, 1], 4_001).into() };
        let session = MediaSession::new(now, MediaConfig::default(), local, Random::from_number(1));
        Self { session, now }
    }

    /// Calls the session until it has caught up. What it sends is well formed, and neither it nor what it keeps is without
    /// bound.
    fn settle(&mut self) {
        let mut outputs = 0;
        loop {
            self.session.handle_timeout(self.now);
            let next = loop {
                outputs += 1;
                match self.session.poll_output() {
                    MediaOutput::Transmit { bytes, .. } if looks_like_rtcp(&bytes) => {
                        assert!(reduced(&bytes).is_ok(), "what was reported is read");
                    }
                    // What keeps a way open is empty.
                    MediaOutput::Transmit { bytes, .. } if bytes.is_empty() => {}
                    MediaOutput::Transmit { bytes, .. } => {
                        assert!(RtpPacket::parse(&bytes).is_ok(), "what was sent is read");
                    }
                    MediaOutput::Event(_) => {}
                    MediaOutput::Timeout(next) => break next,
                }
            };
            assert!(outputs < OUTPUTS, "it goes on without end");
            if next.is_none_or(|next| next > self.now.monotonic) {
                break;
            }
        }
        let mut heard = Vec::new();
        self.session.take_audio(&mut heard);
        assert!(heard.len() <= HEARD);
    }

    fn receive(&mut self, lane: Lane, source: [u8; 4], port: u16, bytes: &[u8]) {
        self.session.handle_packet(self.now, lane, SocketAddr::from((source, port)), bytes);
    }

    /// A packet as a peer sends it: where and by whom, sequence, marker and payload type, payload.
    fn receive_whole(&mut self, data: &[u8]) {
        let &[who, high, low, kind, ref payload @ ..] = data else { return };
        let sequence = u16::from_be_bytes([high, low]);
        let header = RtpHeader {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7f,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: u32::from(who >> 4),
        };
        let mut bytes = Vec::new();
        header.write(payload, &mut bytes);
        self.receive(Lane::Rtp, [192, 0, 2, who & 0x03], 4_000 + u16::from(who >> 2 & 0x03), &bytes);
    }

    /// What the user or the signalling does.
    fn act(&mut self, data: &[u8]) {
        let Some((what, data)) = data.split_first() else { return };
        match what % 8 {
            0 => self.session.set_source(Source::Echo),
            1 => self.session.set_source(Source::Tone(Tone::busy_europe())),
            2 => {
                self.session.set_source(Source::Frames);
                self.session
                    .push_frame(&data.iter().map(|octet| i16::from(*octet) * 100).collect::<Vec<_>>());
            }
            3 => drop(self.session.send_digits(&String::from_utf8_lossy(data))),
            4 => self.session.set_muted(!data.is_empty()),
            5 => self.session.rollback(),
            6 => self.session.watch(self.now),
            _ => self.session.hang_up(self.now),
        }
    }

    fn offer(&mut self, data: &[u8]) {
        let direction = match data.first().map(|octet| octet % 4) {
            None | Some(0) => Direction::SendRecv,
            Some(1) => Direction::SendOnly,
            Some(2) => Direction::RecvOnly,
            Some(_) => Direction::Inactive,
        };
        let _ = self.session.create_offer(self.now, direction);
    }
}

/// A script of what comes to a session: records of one octet that says what it is, two with a length, and the contents.
pub fn session(bytes: &[u8]) {
    let mut call = Call::new();
    let mut rest = bytes;
    while let &[what, high, low, ref more @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (data, after) = more.split_at(length.min(more.len()));
        rest = after;
        match what % 8 {
            0 => call.receive(Lane::Rtp, [192, 0, 2, 2], 4_000, data),
            1 => call.receive(Lane::Rtp, [198, 51, 100, 7], 9_999, data),
            2 => call.receive(Lane::Rtcp, [192, 0, 2, 2], 4_001, data),
            3 => {
                let milliseconds =
                    data.iter().fold(0_u64, |sum, octet| (sum << 8 | u64::from(*octet)) & 0xffff);
                call.now = call.now.later(Duration::from_millis(milliseconds));
            }
            4 => {
                let text = if data.is_empty() { PEER.into() } else { String::from_utf8_lossy(data) };
                let _ = call.session.create_answer(call.now, &text, Direction::SendRecv);
            }
            5 => call.offer(data),
            6 => {
                let text = if data.is_empty() { PEER.into() } else { String::from_utf8_lossy(data) };
                let _ = call.session.set_remote(call.now, &text);
            }
            _ => match data.split_first() {
                Some((0, data)) => call.act(data),
                _ => call.receive_whole(data),
            },
        }
        call.settle();
    }
    let statistics = call.session.statistics();
    assert!(statistics.mos_received.is_none_or(|mos| (1.0..=4.5).contains(&mos)), "{statistics:?}");
}
