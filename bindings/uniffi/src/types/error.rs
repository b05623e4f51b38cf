//! What can go wrong: an exception class for each kind in Kotlin, a case in Swift.

use rvoip::{Error as RvoipError, ErrorKind};

/// Why a call of this library failed, one class for each kind of failure.
///
/// `reason` is one line for people; `status` is the SIP status code, if a peer gave one.
#[uniffi::remote(Error)]
pub enum RvoipError {
    /// The caller passed something that cannot be used, such as a URI that is none.
    InvalidArgument {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// The caller asked for something that the present state does not allow, such as answering an outgoing call.
    InvalidState {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// This platform or build cannot do it; see `Client::capabilities`.
    Unsupported {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// The client was closed.
    Closed {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// Too many commands or calls are under way.
    Busy {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// The server refused the credentials, or asked for some where there are none.
    AuthenticationFailed {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// The peer said no.
    Rejected {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// Nobody answered in time.
    TimedOut {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// The peer's host is not known or cannot be reached.
    Unreachable {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// A local address or port could not be used.
    BindFailed {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// The call is over.
    CallEnded {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// No media could be agreed on, or a media device, socket or stream failed.
    MediaFailed {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// A file could not be read or written.
    FileFailed {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
    /// A fault of this library.
    Internal {
        /// One line for people.
        reason: String,
        /// The SIP status code, if a peer gave one (100 to 699).
        status: Option<u16>,
    },
}

/// The kind of a failure, without its details.
#[uniffi::remote(Enum)]
pub enum ErrorKind {
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

/// The kind of a failure.
#[uniffi::export]
pub fn kind_of(error: &RvoipError) -> ErrorKind {
    error.kind()
}
