//! A URI that owns its text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::syntax::SyntaxError;
use crate::uri::{AbsoluteUri, Uri};

/// A URI that owns its text, which was checked once; cheap to clone. `==` compares the text, [`UriBuf::equivalent`] the
/// meaning.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UriBuf(Arc<str>);

impl UriBuf {
    /// Reads a URI and keeps a copy of its text.
    ///
    /// # Errors
    /// As [`Uri::parse`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Uri::parse(text).map(|_| Self(text.into()))
    }

    /// Owns what is known to be a URI.
    pub(super) fn of_checked(text: String) -> Self {
        Self(text.into())
    }

    /// The same as it may stand in a request line; see [`SipUri::to_target`](crate::SipUri::to_target).
    #[must_use]
    pub fn to_target(&self) -> Self {
        self.as_uri().as_sip().map_or_else(|| self.clone(), super::SipUri::to_target)
    }

    /// The URI, borrowed.
    pub fn as_uri(&self) -> Uri<'_> {
        // The text was read when this was made, so the other arm is never taken; it keeps the text if it were.
        Uri::parse(&self.0).unwrap_or(Uri::Absolute(AbsoluteUri { scheme: "unknown", rest: &self.0 }))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are equivalent; see [`Uri::equivalent`].
    pub fn equivalent(&self, other: &UriBuf) -> bool {
        self.as_uri().equivalent(&other.as_uri())
    }
}

impl From<&Uri<'_>> for UriBuf {
    fn from(uri: &Uri<'_>) -> Self {
        Self(uri.to_string().into())
    }
}

impl From<Uri<'_>> for UriBuf {
    fn from(uri: Uri<'_>) -> Self {
        Self::from(&uri)
    }
}

impl FromStr for UriBuf {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}

impl fmt::Display for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_no_headers_and_no_method() {
        for (uri, target) in [
            ("sip:b@h?x=y", "sip:b@h"),
            (
                "sips:b:p@h:5070;transport=tcp;method=BYE;lr;x=%20?Route=z&body=1",
                "sips:b:p@h:5070;transport=tcp;lr;x=%20",
            ),
            ("sip:[2001:db8::1];ob", "sip:[2001:db8::1];ob"),
            ("tel:+1;x=y", "tel:+1;x=y"),
        ] {
            let found = UriBuf::parse(uri).unwrap().to_target();
            assert_eq!(found.as_str(), target);
            assert_eq!(UriBuf::parse(found.as_str()), Ok(found.clone()), "it is a URI");
        }
    }
}
