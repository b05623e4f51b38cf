//! What a description of the peer says about its end of the stream.

use std::net::{IpAddr, SocketAddr};

use super::LocalAudio;
use crate::{AddressError, MediaDescription, SessionDescription};

/// The longest packet every receiver of audio should take, in milliseconds (RFC 3551 §4.2).
const LONGEST_PACKET: u16 = 200;

/// Where the peer receives.
pub(super) struct Remote {
    pub(super) rtp: SocketAddr,
    pub(super) rtcp: SocketAddr,
    /// The address is unspecified: hold as RFC 2543 had it (RFC 3264 §8.4).
    pub(super) nowhere: bool,
}

impl Remote {
    pub(super) fn read(
        session: &SessionDescription,
        media: &MediaDescription,
        mux: bool,
        local: IpAddr,
    ) -> Result<Self, AddressError> {
        let media_address = media.rtp_address(session)?;
        let nowhere = media_address.ip().is_unspecified();
        let control_address = if mux { media_address } else { media.rtcp_address(session)? };
        let foreign = |address: &SocketAddr| address.is_ipv4() != local.is_ipv4();
        if !nowhere && (foreign(&media_address) || foreign(&control_address)) {
            return Err(AddressError::OtherFamily);
        }
        Ok(Self { rtp: media_address, rtcp: control_address, nowhere })
    }
}

/// The length of the packets to send: what the peer prefers, else ours, within what both take.
pub(super) fn packet_time(peer: &MediaDescription, local: &LocalAudio) -> u16 {
    let longest = local.max_ptime.unwrap_or(LONGEST_PACKET).min(peer.maxptime().unwrap_or(LONGEST_PACKET));
    peer.ptime().unwrap_or(local.ptime).min(longest).max(1)
}
