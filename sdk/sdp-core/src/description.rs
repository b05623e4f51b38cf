//! The session part of a description.

use crate::{Connection, MediaDescription};

/// A session description (RFC 8866 §5): plain data in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// The protocol version (`v=`), always 0.
    pub version: u8,
    /// Who made the description (`o=`).
    pub origin: Origin,
    /// The name of the session (`s=`), `-` or empty where it has none.
    pub session_name: String,
    /// What the session is about (`i=`).
    pub information: Option<String>,
    /// Where to read more (`u=`).
    pub uri: Option<String>,
    /// Mail addresses (`e=`).
    pub emails: Vec<String>,
    /// Telephone numbers (`p=`).
    pub phones: Vec<String>,
    /// The address of all media that have none of their own (`c=`).
    pub connection: Option<Connection>,
    /// Bandwidths (`b=`).
    pub bandwidths: Vec<Bandwidth>,
    /// When the session is held (`t=`, `r=`); empty where the text has no `t=`.
    pub times: Vec<TimeDescription>,
    /// Time zone adjustments (`z=`).
    pub time_zones: Option<String>,
    /// An encryption key (`k=`, obsolete).
    pub key: Option<String>,
    /// Attributes of the session (`a=`).
    pub attributes: Vec<Attribute>,
    /// Lines of unknown type before the first media description.
    pub unknown: Vec<UnknownLine>,
    /// The media descriptions.
    pub media: Vec<MediaDescription>,
}

/// Who made a description, and which version it is (`o=`, RFC 8866 §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The user name, `-` where there is none.
    pub user_name: String,
    /// The number of the session, decimal digits of any length.
    pub session_id: String,
    /// The version of the description, decimal digits of any length; grows with every change.
    pub session_version: String,
    /// The address of the machine that made the description.
    pub connection: Connection,
}

/// A time at which the session is held (`t=`), with its repetitions (RFC 8866 §5.9 and §5.10).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeDescription {
    /// The begin in seconds since 1900, 0 where it is unbounded.
    pub start: u64,
    /// The end in seconds since 1900, 0 where it is unbounded.
    pub stop: u64,
    /// The values of the `r=` lines.
    pub repeats: Vec<String>,
}

/// A bandwidth (`b=`, RFC 8866 §5.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bandwidth {
    /// The kind, such as `AS` or `TIAS`.
    pub kind: String,
    /// The value, in kilobits per second unless the kind says otherwise.
    pub value: u64,
}

/// An attribute (`a=`, RFC 8866 §5.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, in front of the first colon.
    pub name: String,
    /// The value, behind the first colon.
    pub value: Option<String>,
}

/// A line of a type RFC 8866 does not define.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLine {
    /// The type, one ASCII letter.
    pub kind: char,
    /// The value.
    pub value: String,
}

impl Attribute {
    /// An attribute without value.
    pub fn flag(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: None }
    }

    /// An attribute with a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }
}

impl SessionDescription {
    /// A description without media and attributes, named `-`, for an unbounded time.
    pub fn new(origin: Origin) -> Self {
        Self {
            version: 0,
            origin,
            session_name: "-".to_owned(),
            information: None,
            uri: None,
            emails: Vec::new(),
            phones: Vec::new(),
            connection: None,
            bandwidths: Vec::new(),
            times: vec![TimeDescription::default()],
            time_zones: None,
            key: None,
            attributes: Vec::new(),
            unknown: Vec::new(),
            media: Vec::new(),
        }
    }

    /// The first session attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find_attribute(&self.attributes, name)
    }
}

pub(crate) fn find_attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name == name)
}
