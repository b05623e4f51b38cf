//! The headers of authentication (RFC 3261 §20.7, §20.27, §20.28, §20.44; RFC 7616 §3.5) as typed views.

use std::fmt;

use super::parse::{AuthScheme, schemes};
use super::{AuthenticationInfo, Challenge, DigestCredentials};
use crate::error::{HeaderError, HeaderErrorKind};
use crate::header::value::encode_by_display;
use crate::header::{EncodeHeader, Header};
use crate::name::HeaderName;
use crate::syntax::SyntaxError;

macro_rules! challenge_header {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// The challenges of one field, of whichever schemes; at least one. A server may also send one field each.
            pub challenges: Vec<AuthScheme<'a>>,
        }

        impl $type<'_> {
            /// The Digest challenges that can be answered, in the server's order of preference.
            pub fn digest(&self) -> impl Iterator<Item = Challenge> {
                self.challenges.iter().filter_map(|scheme| Challenge::read(scheme).ok().flatten())
            }
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = false;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                match schemes(value) {
                    Ok(challenges) => Ok(Self { challenges }),
                    Err(error) => Err(error.of(Self::NAME)),
                }
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (index, challenge) in self.challenges.iter().enumerate() {
                    f.write_str(if index > 0 { ", " } else { "" })?;
                    challenge.fmt(f)?;
                }
                Ok(())
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

macro_rules! credentials_header {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// The credentials, of whichever scheme. Those of several realms are in several fields (RFC 3261 §7.3.1).
            pub credentials: AuthScheme<'a>,
        }

        impl $type<'_> {
            /// The Digest credentials; `None` if they are of another scheme.
            ///
            /// # Errors
            /// Digest credentials that lack something or are of an algorithm that we do not know.
            pub fn digest(&self) -> Result<Option<DigestCredentials>, HeaderError> {
                DigestCredentials::read(&self.credentials).map_err(|error| error.of(Self::NAME))
            }
        }

        impl<'a> Header<'a> for $type<'a> {
            const NAME: HeaderName = HeaderName::$type;
            const LIST: bool = false;

            fn decode(value: &'a str) -> Result<Self, HeaderError> {
                let mut found = schemes(value).map_err(|error| error.of(Self::NAME))?.into_iter();
                match (found.next(), found.next()) {
                    (Some(credentials), None) => Ok(Self { credentials }),
                    _ => Err(SyntaxError::new(0, HeaderErrorKind::TrailingCharacters).of(Self::NAME)),
                }
            }
        }

        impl fmt::Display for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.credentials.fmt(f)
            }
        }

        encode_by_display!($type<'_> => $type);
    };
}

challenge_header!(
    /// What a user agent server or registrar wants to be told (RFC 3261 §20.44).
    WwwAuthenticate
);
challenge_header!(
    /// What a proxy wants to be told (RFC 3261 §20.27).
    ProxyAuthenticate
);
credentials_header!(
    /// Credentials for a user agent server or registrar (RFC 3261 §20.7).
    Authorization
);
credentials_header!(
    /// Credentials for a proxy (RFC 3261 §20.28).
    ProxyAuthorization
);

impl<'a> Header<'a> for AuthenticationInfo {
    const NAME: HeaderName = HeaderName::AuthenticationInfo;
    const LIST: bool = false;

    fn decode(value: &'a str) -> Result<Self, HeaderError> {
        Self::read(value).map_err(|error| error.of(Self::NAME))
    }
}

encode_by_display!(AuthenticationInfo => AuthenticationInfo);

/// Challenges and credentials are written by the header under which they are sent.
#[derive(Clone, Copy, Debug)]
pub struct AuthField<'v, T> {
    name: &'v HeaderName,
    value: &'v T,
}

impl Challenge {
    /// The challenge as a WWW-Authenticate field, or as a Proxy-Authenticate field of a proxy.
    pub fn field(&self, by_proxy: bool) -> AuthField<'_, Self> {
        let name = if by_proxy { &HeaderName::ProxyAuthenticate } else { &HeaderName::WwwAuthenticate };
        AuthField { name, value: self }
    }
}

impl DigestCredentials {
    /// The credentials as an Authorization field, or as a Proxy-Authorization field for a proxy.
    pub fn field(&self, for_proxy: bool) -> AuthField<'_, Self> {
        let name = if for_proxy { &HeaderName::ProxyAuthorization } else { &HeaderName::Authorization };
        AuthField { name, value: self }
    }
}

impl<T: fmt::Display> EncodeHeader for AuthField<'_, T> {
    fn name(&self) -> HeaderName {
        self.name.clone()
    }

    fn encode(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{}", self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn challenges_in_one_field_and_in_several_are_all_found() {
        let text = "SIP/2.0 401 Unauthorized\r\n\
            WWW-Authenticate: Digest realm=\"a, \\\"b\\\"\", nonce=\"1\", algorithm=SHA-256, new=x,\r\n \
            Digest realm=\"a\", nonce=\"2\", Bearer authz_server=\"https://a/\"\r\n\
            www-authenticate: Digest realm=\"c\", nonce=\"3\", algorithm=MD5-sess\r\n\r\n";
        let message = Message::parse(text.as_bytes()).unwrap();
        let fields: Vec<_> = message.get_all::<WwwAuthenticate<'_>>().map(Result::unwrap).collect();
        let nonces: Vec<String> =
            fields.iter().flat_map(WwwAuthenticate::digest).map(|one| one.nonce).collect();
        assert_eq!(nonces, ["1", "2", "3"]);
        assert_eq!(fields[0].challenges[0].params.get("new").as_deref(), Some("x"));
        assert_eq!(fields[0].challenges[2].scheme, "Bearer");
        let written = fields[0].to_string();
        assert_eq!(WwwAuthenticate::decode(&written).unwrap(), fields[0]);
    }

    #[test]
    fn credentials_stand_alone_in_their_field() {
        let text = "Digest username=\"a\", realm=\"r\", nonce=\"n\", uri=\"sip:b\", response=\"0f\", x=y";
        let header = Authorization::decode(text).unwrap();
        assert_eq!(header.digest().unwrap().unwrap().username, "a");
        assert_eq!(header.to_string(), text);
        let proxy = ProxyAuthorization::decode("Digest username=\"a\"").unwrap();
        assert_eq!(proxy.digest().unwrap_err().kind, HeaderErrorKind::MissingParameter);
        let kind = |text| Authorization::decode(text).unwrap_err().kind;
        assert_eq!(kind("Basic a, Digest realm=x"), HeaderErrorKind::TrailingCharacters);
        assert_eq!(kind(""), HeaderErrorKind::Empty);
        assert_eq!(Authorization::decode("Basic a").unwrap().digest(), Ok(None));
    }
}
