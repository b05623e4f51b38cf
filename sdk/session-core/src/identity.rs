//! Who we are: an address of record, its credentials and its servers.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use rvoip_sans_io::Protocol;
use rvoip_sip_core::{NameAddrBuf, UriBuf};

/// Names an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityId(pub(crate) u32);

/// Names a session: one call. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u32);

/// Names a request outside of the state machines. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u32);

/// Names a question to the media side. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NegotiationId(pub u32);

/// An address of record, its credentials and its servers.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The address of record, with the display name that others see.
    pub aor: NameAddrBuf,
    /// What challenges are answered with.
    pub credentials: Option<Credentials>,
    /// The registrar, where it is not the domain of the address of record.
    pub registrar: Option<UriBuf>,
    /// A proxy that every request passes (RFC 3261 §8.1.2).
    pub outbound_proxy: Option<UriBuf>,
    /// A server that every request is sent to, whatever its route says, and that is not named in a Route: the WebSocket
    /// server of a page (RFC 7118), or an edge that routes by itself.
    pub server: Option<UriBuf>,
    /// The user part of our Contact, not escaped.
    pub contact_user: String,
    /// For how long to register.
    pub expires: Duration,
    /// The transport to use where a URI does not say.
    pub protocol: Option<Protocol>,
}

/// A user name and its password.
#[derive(Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: rvoip_sip_core::Password,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// A body and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The value of Content-Type.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

impl Body {
    /// A body of that type.
    pub fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), bytes: bytes.into() }
    }
}

impl Identity {
    /// An identity without credentials, whose registrar is its domain.
    pub fn new(aor: NameAddrBuf) -> Self {
        let contact_user = aor
            .uri()
            .as_sip()
            .and_then(|uri| uri.user_unescaped().map(std::borrow::Cow::into_owned))
            .filter(|user| !user.is_empty())
            .unwrap_or_else(|| "phone".to_owned());
        Self {
            aor,
            credentials: None,
            registrar: None,
            outbound_proxy: None,
            server: None,
            contact_user,
            expires: Duration::from_secs(600),
            protocol: None,
        }
    }
}
