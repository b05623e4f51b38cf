//! Where packets go to and come from: symmetric RTP (RFC 4961) behind address translators.

use std::net::SocketAddr;

/// The addresses of the peer: those that it described, and those that it was seen to use.
///
/// A packet from elsewhere than described can move RTP there once in a negotiation, and RTCP from the same host follows.
/// From then on others are strangers, but the described address always remains welcome: who comes first with forged
/// packets is thrown out by the real ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    described_rtp: SocketAddr,
    described_rtcp: SocketAddr,
    rtp: SocketAddr,
    rtcp: SocketAddr,
    latched: bool,
}

impl Path {
    pub(super) fn new(media: SocketAddr, control: SocketAddr) -> Self {
        Self { described_rtp: media, described_rtcp: control, rtp: media, rtcp: control, latched: false }
    }

    /// Another negotiation: what was seen holds as long as the peer describes the same address.
    pub(super) fn renegotiate(&mut self, media: SocketAddr, control: SocketAddr) {
        if media == self.described_rtp && control == self.described_rtcp {
            self.latched = false;
        } else {
            *self = Self::new(media, control);
        }
    }

    /// Where RTP goes.
    pub(super) fn rtp(&self) -> SocketAddr {
        self.rtp
    }

    /// Where RTCP goes, if it has a port of its own.
    pub(super) fn rtcp(&self) -> SocketAddr {
        self.rtcp
    }

    /// Whether the peer described an address at all.
    pub(super) fn is_reachable(&self) -> bool {
        !self.described_rtp.ip().is_unspecified()
    }

    /// Whether RTP from `source` is expected.
    pub(super) fn expects(&self, source: SocketAddr) -> bool {
        source == self.described_rtp || source == self.rtp
    }

    /// Whether RTP may still move to another address.
    pub(super) fn may_latch(&self) -> bool {
        !self.latched
    }

    /// The peer was seen to send RTP from `source`; gives whether that is new.
    pub(super) fn latch(&mut self, source: SocketAddr) -> bool {
        if source == self.rtp {
            return false;
        }
        if source == self.described_rtp {
            self.rtcp = self.described_rtcp;
        } else {
            self.latched = true;
        }
        self.rtp = source;
        true
    }

    /// Whether RTCP from `source` is expected: the address described, that of RTP, or another port of its host.
    pub(super) fn expects_rtcp(&self, source: SocketAddr) -> bool {
        source == self.described_rtcp || self.expects(source) || source.ip() == self.rtp.ip()
    }

    /// The peer was seen to send RTCP from `source`, with the SSRC of its RTP; RTCP follows RTP to another host only.
    pub(super) fn latch_rtcp(&mut self, source: SocketAddr) {
        if source.ip() == self.rtp.ip() && self.rtp.ip() != self.described_rtp.ip() {
            self.rtcp = source;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_stranger_moves_rtp_once_and_the_described_address_takes_it_back() {
        let (media, control) = (address("192.0.2.1:4000"), address("192.0.2.1:4001"));
        let mut path = Path::new(media, control);
        let (first, second) = (address("198.51.100.1:9"), address("198.51.100.2:9"));
        assert!(path.may_latch() && !path.expects(first));
        path.latch(first);
        path.latch_rtcp(address("198.51.100.1:10"));
        assert!(path.expects(first) && path.expects(media) && !path.expects(second) && !path.may_latch());
        assert_eq!((path.rtp(), path.rtcp()), (first, address("198.51.100.1:10")));
        path.latch(media);
        assert_eq!((path.rtp(), path.rtcp()), (media, control));
        assert!(!path.may_latch() && !path.expects(first));
    }

    #[test]
    fn a_negotiation_keeps_what_was_seen_unless_the_peer_moves() {
        let (media, control) = (address("192.0.2.1:4000"), address("192.0.2.1:4001"));
        let seen = address("198.51.100.1:9");
        let mut path = Path::new(media, control);
        path.latch(seen);
        path.renegotiate(media, control);
        assert!(path.rtp() == seen && path.may_latch());
        path.renegotiate(address("192.0.2.1:5000"), address("192.0.2.1:5001"));
        assert_eq!(path.rtp(), address("192.0.2.1:5000"));
    }
}
