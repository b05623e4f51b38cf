//! URI schemes.

use std::fmt;

use compact_str::CompactString;

use crate::extension::Extension;

/// The scheme of a URI: an open set, compared without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`
    Sips,
    /// `tel`
    Tel,
    /// Any other, in lower case.
    Extension(Extension),
}

impl Scheme {
    pub(crate) fn new(name: &str) -> Self {
        let mut name = CompactString::new(name);
        name.make_ascii_lowercase();
        match name.as_str() {
            "sip" => Self::Sip,
            "sips" => Self::Sips,
            "tel" => Self::Tel,
            _ => Self::Extension(Extension::new(name)),
        }
    }

    /// The scheme without its colon.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Extension(name) => name.as_str(),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The scheme of a SIP or SIPS URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SipScheme {
    /// `sip`
    Sip,
    /// `sips`: the resource is to be reached over TLS (RFC 3261 §19.1, RFC 5630).
    Sips,
}

impl SipScheme {
    /// The scheme without its colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
        }
    }
}

impl From<SipScheme> for Scheme {
    fn from(scheme: SipScheme) -> Self {
        match scheme {
            SipScheme::Sip => Self::Sip,
            SipScheme::Sips => Self::Sips,
        }
    }
}

impl fmt::Display for SipScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
