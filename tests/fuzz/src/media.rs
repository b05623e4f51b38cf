//! Targets of what a call's media is described and carried by.

use rvoip_rtp_core::event::TelephoneEvent;
use rvoip_rtp_core::rtcp::{RtcpPacket, compound, reduced};
use rvoip_rtp_core::{RtpPacket, looks_like_rtcp};
use rvoip_sdp_core::SessionDescription;

/// A session description: what is printed reads back as the same.
pub fn sdp(bytes: &[u8]) {
    let Ok(description) = SessionDescription::parse_bytes(bytes) else { return };
    for media in &description.media {
        let _ = (
            media.direction(&description),
            media.rtp_address(&description),
            media.rtcp_address(&description),
        );
        let _ = (media.rtpmaps().count(), media.fmtps().count(), media.ptime(), media.rtcp());
    }
    let printed = description.to_string();
    let again = SessionDescription::parse(&printed).expect("what was printed is read");
    assert_eq!(again.to_string(), printed);
}

/// An RTP packet: its parts lie within it, and its header is written as it was read.
pub fn rtp(bytes: &[u8]) {
    let _ = looks_like_rtcp(bytes);
    let _ = TelephoneEvent::parse(bytes);
    let Ok(packet) = RtpPacket::parse(bytes) else { return };
    let extension: usize =
        packet.extension.iter().flat_map(rvoip_rtp_core::Extension::elements).map(|e| e.data.len()).sum();
    assert!(extension + packet.csrcs.len() * 4 + packet.payload.len() + 12 <= bytes.len());
    let mut written = Vec::new();
    packet.header().write(packet.payload, &mut written);
    let again = RtpPacket::parse(&written).expect("what was written is read");
    assert_eq!(again.header(), packet.header());
    assert_eq!(again.payload, packet.payload);
}

/// A compound RTCP packet: everything in it can be walked through and ends.
pub fn rtcp(bytes: &[u8]) {
    let whole = compound(bytes);
    let Ok(packets) = reduced(bytes) else {
        assert!(whole.is_err());
        return;
    };
    let mut count = 0;
    for packet in packets {
        count += 1;
        match packet {
            RtcpPacket::SenderReport { reports, .. } | RtcpPacket::ReceiverReport { reports, .. } => {
                assert!(reports.count() <= 31);
            }
            RtcpPacket::SourceDescription(chunks) => {
                for chunk in chunks {
                    let _ = chunk.cname();
                    assert!(chunk.items.map(|item| item.text.len()).sum::<usize>() <= bytes.len());
                }
            }
            RtcpPacket::Bye { ssrcs, .. } => assert!(ssrcs.count() <= 31),
            RtcpPacket::Application { .. } | RtcpPacket::Other { .. } => {}
        }
    }
    assert!(count > 0 && count * 4 <= bytes.len());
    if let Ok(whole) = whole {
        assert_eq!(whole.count(), count);
    }
}
