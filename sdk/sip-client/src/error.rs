//! What can go wrong, one variant a kind.

use serde::{Deserialize, Serialize};

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Why a call of this library failed. `reason` is one line for people; `status` is the SIP status code, if a peer gave one.
        ///
        /// Which kind is caused by whom (caller, peer, network, media, us) is a table in ARCHITECTURE.md.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Error {
            $(
                $(#[$doc])*
                #[error("{reason}{}", with_status(*status))]
                $name {
                    /// One line for people.
                    reason: String,
                    /// The SIP status code, if a peer gave one (100 to 699).
                    status: Option<u16>,
                },
            )+
        }

        /// The kind of an [`Error`], without its details.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorKind {
            $($(#[$doc])* $name,)+
        }

        impl ErrorKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// An error of this kind without a SIP status code.
            pub fn error(self, reason: impl Into<String>) -> Error {
                self.with_status(reason, None)
            }

            /// An error of this kind.
            pub fn with_status(self, reason: impl Into<String>, status: Option<u16>) -> Error {
                let reason = reason.into();
                match self {
                    $(Self::$name => Error::$name { reason, status },)+
                }
            }
        }

        impl Error {
            /// The kind of this error.
            pub fn kind(&self) -> ErrorKind {
                match self {
                    $(Self::$name { .. } => ErrorKind::$name,)+
                }
            }

            /// The SIP status code that a peer gave, if one did.
            pub fn status(&self) -> Option<u16> {
                match self {
                    $(Self::$name { status, .. } => *status,)+
                }
            }

            /// One line for people.
            pub fn reason(&self) -> &str {
                match self {
                    $(Self::$name { reason, .. } => reason,)+
                }
            }
        }
    };
}

errors! {
    /// The caller passed something that cannot be used, such as a URI that is none.
    InvalidArgument,
    /// The caller asked for something that the present state does not allow, such as answering an outgoing call.
    InvalidState,
    /// This platform or build cannot do it; see `Client::capabilities`.
    Unsupported,
    /// The client was closed.
    Closed,
    /// Too many commands or calls are under way.
    Busy,
    /// The server refused the credentials, or asked for some where there are none.
    AuthenticationFailed,
    /// The peer said no.
    Rejected,
    /// Nobody answered in time.
    TimedOut,
    /// The peer's host is not known or cannot be reached.
    Unreachable,
    /// A local address or port could not be used.
    BindFailed,
    /// The call is over.
    CallEnded,
    /// No media could be agreed on, or a media device, socket or stream failed.
    MediaFailed,
    /// A file could not be read or written.
    FileFailed,
    /// A fault of this library.
    Internal,
}

fn with_status(status: Option<u16>) -> String {
    status.map(|status| format!(" ({status})")).unwrap_or_default()
}

/// The result of a call of this library.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_makes_an_error_of_that_kind() {
        for kind in ErrorKind::ALL {
            let error = kind.with_status("no", Some(403));
            assert_eq!((error.kind(), error.status(), error.reason()), (*kind, Some(403), "no"));
            assert_eq!(error.to_string(), "no (403)");
            assert_eq!(kind.error("no").to_string(), "no");
        }
    }

    #[test]
    fn the_serde_form_is_tagged_by_kind() {
        let error = ErrorKind::AuthenticationFailed.with_status("wrong password", Some(401));
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(json, r#"{"type":"authentication_failed","reason":"wrong password","status":401}"#);
        assert_eq!(serde_json::from_str::<Error>(&json).unwrap(), error);
    }
}
