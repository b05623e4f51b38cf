//! The media part of a description, and what its attributes say.

use std::net::SocketAddr;

use crate::description::find_attribute;
use crate::parse::number;
use crate::payload::split_payload_type;
use crate::{
    AddressError, Attribute, Bandwidth, Connection, Direction, RtcpAttribute, Rtpmap, SessionDescription,
    UnknownLine,
};

/// The kind of a medium (RFC 8866 §5.14).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Text, such as RFC 4103.
    Text,
    /// Application data, such as a WebRTC data channel.
    Application,
    /// Messages, such as MSRP.
    Message,
    /// Facsimile pictures.
    Image,
    /// Any other token.
    Other(String),
}

impl MediaKind {
    /// Reads the token of an `m=` line.
    pub fn from_token(token: &str) -> Self {
        match token {
            "audio" => Self::Audio,
            "video" => Self::Video,
            "text" => Self::Text,
            "application" => Self::Application,
            "message" => Self::Message,
            "image" => Self::Image,
            _ => Self::Other(token.to_owned()),
        }
    }

    /// The token of the `m=` line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Text => "text",
            Self::Application => "application",
            Self::Message => "message",
            Self::Image => "image",
            Self::Other(token) => token,
        }
    }
}

/// A media description (`m=` and the lines below it, RFC 8866 §5.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDescription {
    /// The kind of the medium.
    pub kind: MediaKind,
    /// The port; 0 where the stream is rejected or removed (RFC 3264 §6 and §8.2).
    pub port: u16,
    /// The number of ports, where it is given.
    pub port_count: Option<u32>,
    /// The transport protocol, such as `RTP/AVP`.
    pub protocol: String,
    /// The formats in order of preference: payload types where the protocol is RTP.
    pub formats: Vec<String>,
    /// A title (`i=`).
    pub information: Option<String>,
    /// The addresses (`c=`); empty where that of the session holds.
    pub connections: Vec<Connection>,
    /// Bandwidths (`b=`).
    pub bandwidths: Vec<Bandwidth>,
    /// An encryption key (`k=`, obsolete).
    pub key: Option<String>,
    /// Attributes of the medium (`a=`).
    pub attributes: Vec<Attribute>,
    /// Lines of unknown type.
    pub unknown: Vec<UnknownLine>,
}

impl MediaDescription {
    /// A media description of one `m=` line.
    pub fn new(kind: MediaKind, port: u16, protocol: impl Into<String>, formats: Vec<String>) -> Self {
        Self {
            kind,
            port,
            port_count: None,
            protocol: protocol.into(),
            formats,
            information: None,
            connections: Vec::new(),
            bandwidths: Vec::new(),
            key: None,
            attributes: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// The first attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find_attribute(&self.attributes, name)
    }

    /// The encoding of a payload type: what `a=rtpmap` says, else what RFC 3551 §6 assigns.
    pub fn rtpmap(&self, payload_type: u8) -> Option<Rtpmap<'_>> {
        self.rtpmaps()
            .find_map(|(number, map)| (number == payload_type).then_some(map))
            .or(Rtpmap::of_static(payload_type))
    }

    /// All well-formed `a=rtpmap` attributes, in order, with their payload types.
    pub fn rtpmaps(&self) -> impl Iterator<Item = (u8, Rtpmap<'_>)> {
        self.values("rtpmap").filter_map(Rtpmap::parse)
    }

    /// The format parameters of a payload type (`a=fmtp`, RFC 8866 §6.15).
    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        self.fmtps().find_map(|(number, parameters)| (number == payload_type).then_some(parameters))
    }

    /// All well-formed `a=fmtp` attributes, in order, with their payload types.
    pub fn fmtps(&self) -> impl Iterator<Item = (u8, &str)> {
        self.values("fmtp").filter_map(split_payload_type)
    }

    /// The preferred length of a packet in milliseconds, at least 1 (`a=ptime`, RFC 8866 §6.4).
    pub fn ptime(&self) -> Option<u16> {
        self.milliseconds("ptime")
    }

    /// The longest acceptable packet in milliseconds, at least 1 (`a=maxptime`, RFC 8866 §6.5).
    pub fn maxptime(&self) -> Option<u16> {
        self.milliseconds("maxptime")
    }

    /// The direction: that of the medium, else that of the session, else both ways (RFC 8866 §6.7).
    pub fn direction(&self, session: &SessionDescription) -> Direction {
        stated_direction(&self.attributes)
            .or_else(|| stated_direction(&session.attributes))
            .unwrap_or_default()
    }

    /// The connection data: the first of the medium, else that of the session (RFC 8866 §5.7).
    pub fn connection<'a>(&'a self, session: &'a SessionDescription) -> Option<&'a Connection> {
        self.connections.first().or(session.connection.as_ref())
    }

    /// Where RTP is received.
    pub fn rtp_address(&self, session: &SessionDescription) -> Result<SocketAddr, AddressError> {
        let connection = self.connection(session).ok_or(AddressError::Missing)?;
        Ok(SocketAddr::new(connection.ip()?, self.port))
    }

    /// The `a=rtcp` attribute, where it is present and well-formed (RFC 3605 §2.1).
    pub fn rtcp(&self) -> Option<RtcpAttribute> {
        self.values("rtcp").find_map(RtcpAttribute::parse)
    }

    /// Where RTCP is received when it is not multiplexed: `a=rtcp`, else the port above that of RTP.
    pub fn rtcp_address(&self, session: &SessionDescription) -> Result<SocketAddr, AddressError> {
        let rtp = self.rtp_address(session)?;
        if let Some(rtcp) = self.rtcp() {
            let ip = rtcp.connection.map_or(Ok(rtp.ip()), |connection| connection.ip())?;
            return Ok(SocketAddr::new(ip, rtcp.port));
        }
        let port = rtp.port().checked_add(1).ok_or(AddressError::NoRtcpPort)?;
        Ok(SocketAddr::new(rtp.ip(), port))
    }

    /// Whether RTP and RTCP share a port (`a=rtcp-mux`, RFC 5761 §5.1.1).
    pub fn rtcp_mux(&self) -> bool {
        self.attribute("rtcp-mux").is_some()
    }

    fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name == name)
            .filter_map(|a| a.value.as_deref())
    }

    fn milliseconds(&self, name: &'static str) -> Option<u16> {
        let value = self.values(name).next()?.trim();
        // The grammar allows fractions; packets are cut in whole milliseconds.
        let whole = value.split_once('.').map_or(value, |(whole, _)| whole);
        number(whole).filter(|time| *time != 0)
    }
}

fn stated_direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes
        .iter()
        .filter(|attribute| attribute.value.is_none())
        .find_map(|a| Direction::from_name(&a.name))
}
