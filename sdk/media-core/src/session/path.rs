//! Where packets go to and come from: symmetric RTP (RFC 4961) behind address translators.

use std::net::SocketAddr;

/// The addresses of the peer: those that it described, and those that it was seen to use.
///
/// A packet from elsewhere than described can move RTP there once in a negotiation, and RTCP from the same host follows.
/// From then on others are strangers, but the described address always remains welcome: who comes first with forged
/// packets is thrown out by the real ones. A peer that describes no address yet, because it has not answered, is wherever it
/// is heard.
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

    /// Another negotiation: what was seen holds as long as the peer describes the same address. Gives whether it describes
    /// another one: then what was seen says nothing of it.
    pub(super) fn renegotiate(&mut self, media: SocketAddr, control: SocketAddr) -> bool {
        if media == self.described_rtp && control == self.described_rtcp {
            self.latched = false;
            return false;
        }
        *self = Self::new(media, control);
        true
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
        let new = self.follow(source);
        self.settle();
        new
    }

    /// The same, of a source that may be the party of before: another may still follow.
    pub(super) fn follow(&mut self, source: SocketAddr) -> bool {
        if source == self.rtp {
            return false;
        }
        if source == self.described_rtp {
            self.rtcp = self.described_rtcp;
        }
        self.rtp = source;
        true
    }

    /// Nobody follows any more, unless the peer is where it said that it is.
    pub(super) fn settle(&mut self) {
        self.latched |= self.rtp != self.described_rtp;
    }

    /// Whether RTCP from `source` is expected: the address described, that of RTP, or another port of its host.
    pub(super) fn expects_rtcp(&self, source: SocketAddr) -> bool {
        source == self.described_rtcp || self.expects(source) || source.ip() == self.rtp.ip()
    }

    /// The peer was seen to send RTCP from `source`, with the SSRC of its RTP; RTCP follows RTP, and moves only with it.
    pub(super) fn latch_rtcp(&mut self, source: SocketAddr) {
        if source.ip() == self.rtp.ip() && self.rtp != self.described_rtp {
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
        assert!(!path.renegotiate(media, control));
        assert!(path.rtp() == seen && path.may_latch());
        assert!(path.renegotiate(address("192.0.2.1:5000"), address("192.0.2.1:5001")));
        assert_eq!(path.rtp(), address("192.0.2.1:5000"));
    }

    #[test]
    fn who_may_be_the_party_of_before_is_followed_until_another_comes() {
        let mut path = Path::new(address("10.0.0.1:4000"), address("10.0.0.1:4001"));
        let (before, after) = (address("198.51.100.1:9"), address("198.51.100.2:9"));
        assert!(path.follow(before) && path.may_latch());
        assert_eq!(path.rtp(), before);
        assert!(path.latch(after) && !path.may_latch());
        assert_eq!(path.rtp(), after);
    }

    #[test]
    fn rtcp_follows_rtp_to_another_port_of_the_same_host() {
        let mut path = Path::new(address("192.0.2.1:4000"), address("192.0.2.1:4001"));
        path.latch_rtcp(address("192.0.2.1:50001"));
        assert_eq!(path.rtcp(), address("192.0.2.1:4001"), "RTP is where it was described");
        path.latch(address("192.0.2.1:50000"));
        path.latch_rtcp(address("192.0.2.1:50001"));
        assert_eq!(path.rtcp(), address("192.0.2.1:50001"));
    }
}
