//! The address at which a peer reaches our media.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rvoip_sdp_core::{MediaKind, SessionDescription};
use rvoip_sip_transport::local_address_towards;

/// Addresses of documentation (RFC 5737, RFC 3849): they follow the default routes, and nothing is sent to them.
const FAR: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// The address to bind and to show: the configured one if it leads to the peer, else the one on the way to that peer, else
/// that of the default route, else the loopback.
pub(super) fn media_address(configured: Option<IpAddr>, peer: Option<IpAddr>) -> IpAddr {
    let peer = peer.filter(|peer| !peer.is_unspecified());
    let leads = |address: &IpAddr| {
        peer.is_none_or(|peer| {
            address.is_ipv4() == peer.is_ipv4() && (peer.is_loopback() || !address.is_loopback())
        })
    };
    configured
        .filter(|address| !address.is_unspecified())
        .filter(leads)
        .or_else(|| local_address_towards(peer?))
        .or_else(|| FAR.into_iter().find_map(local_address_towards))
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Where an offer wants its audio.
pub(super) fn audio_address(offer: &str) -> Option<IpAddr> {
    let description = SessionDescription::parse(offer).ok()?;
    let audio = description.media.iter().find(|media| media.kind == MediaKind::Audio && media.port != 0)?;
    audio.connection(&description)?.ip().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn offer(address: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n\
             c=IN IP4 {address}\r\n"
        )
    }

    #[test]
    fn the_address_leads_to_the_peer() {
        let lan: IpAddr = [10, 1, 2, 3].into();
        let any: IpAddr = Ipv4Addr::UNSPECIFIED.into();
        assert_eq!(media_address(None, Some(HERE)), HERE);
        assert_eq!(media_address(Some(lan), Some(HERE)), lan);
        assert_eq!(media_address(Some(lan), Some(any)), lan);
        assert_eq!(media_address(Some(HERE), None), HERE);
        assert!(!media_address(Some(any), None).is_unspecified());
        let six: IpAddr = Ipv6Addr::LOCALHOST.into();
        assert_eq!(media_address(Some(six), Some(HERE)), HERE);
        assert_eq!(media_address(None, Some(six)), six);
    }

    #[test]
    fn an_offer_says_where_its_peer_is() {
        assert_eq!(audio_address(&offer("127.0.0.1")), Some(HERE));
        assert_eq!(audio_address("nonsense"), None);
    }

    #[test]
    fn the_loopback_is_not_shown_to_a_peer_elsewhere() {
        // Where nothing but the loopback is, there is nothing else to show.
        let elsewhere = local_address_towards([192, 0, 2, 9].into()).unwrap_or(HERE);
        assert_eq!(media_address(Some(HERE), Some([192, 0, 2, 9].into())), elsewhere);
    }
}
