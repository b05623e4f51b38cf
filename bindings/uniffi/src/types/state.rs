//! What a user sees of accounts and calls.

use rvoip::{
    AccountInfo, AccountKey, Answer, CallDirection, CallInfo, CallKey, CallState, Cause, Registration,
    RegistrationState,
};

/// Who placed a call.
#[uniffi::remote(Enum)]
pub enum CallDirection {
    /// The peer called.
    Incoming,
    /// We called.
    Outgoing,
}

/// The state of a call.
///
/// ```text
///  outgoing: Calling -> Ringing -> EarlyMedia --.
///  incoming:            Ringing ----------------+-> Connected <-> OnHold
///            any -------------------------------+-----------------------> Ended
/// ```
#[uniffi::remote(Enum)]
pub enum CallState {
    /// The INVITE is under way; the peer has not said anything.
    Calling,
    /// The phone rings, there or here.
    Ringing,
    /// The peer already sends audio, such as a ringing tone or an announcement.
    EarlyMedia,
    /// Both sides talk.
    Connected,
    /// One side or both put the call on hold.
    OnHold,
    /// The call is over; its cause says why.
    Ended,
}

/// Why a call ended.
#[uniffi::remote(Enum)]
pub enum Cause {
    /// We hung up, or cancelled before an answer.
    LocalHangUp,
    /// The peer hung up.
    RemoteHangUp,
    /// The caller gave up before we answered.
    Cancelled,
    /// The call was refused: by the peer (outgoing) or by us (incoming).
    Rejected {
        /// The SIP status code (300 to 699).
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// The server refused the credentials.
    AuthenticationFailed {
        /// The SIP status code (401, 403 or 407).
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// The peer did not answer in time.
    TimedOut,
    /// The peer's host is not known or cannot be reached.
    Unreachable {
        /// One line for people.
        reason: String,
    },
    /// The peer's audio stopped for longer than the media timeout.
    MediaTimeout,
    /// No media could be agreed on, or ours failed.
    MediaFailed {
        /// One line for people.
        reason: String,
    },
    /// The peer broke the protocol, or lost the call.
    ProtocolFailed {
        /// One line for people.
        reason: String,
    },
}

/// The state of an account's registration.
#[uniffi::remote(Enum)]
pub enum RegistrationState {
    /// Not asked for, or removed.
    Unregistered,
    /// The REGISTER that was asked for is under way.
    Registering,
    /// The registrar has our contact; it is refreshed in time.
    Registered,
    /// The registrar refused or cannot be reached; unless the credentials are wrong it is tried again, and is this until it
    /// is registered.
    Failed,
}

/// A call as it is now.
#[uniffi::remote(Record)]
pub struct CallInfo {
    /// Names the call.
    pub call: CallKey,
    /// The account that it belongs to; none if an incoming call matched no account.
    pub account: Option<AccountKey>,
    /// Who placed it.
    pub direction: CallDirection,
    /// The other party, as a URI.
    pub peer: String,
    /// The name that the other party shows, if any.
    pub peer_name: Option<String>,
    /// The state.
    pub state: CallState,
    /// Why it ended, once it has.
    pub cause: Option<Cause>,
    /// We put the peer on hold.
    pub held_by_us: bool,
    /// The peer put us on hold.
    pub held_by_peer: bool,
    /// Our audio is not sent.
    pub muted: bool,
}

/// An account as it is now.
#[uniffi::remote(Record)]
pub struct AccountInfo {
    /// Names the account.
    pub account: AccountKey,
    /// The address of record, as a URI.
    pub address: String,
    /// The state of its registration.
    pub registration: RegistrationState,
}

/// What a registrar granted.
#[uniffi::remote(Record)]
pub struct Registration {
    /// For how many seconds. It is refreshed in time.
    pub expires: u32,
    /// All contacts that the registrar has for the address of record.
    pub contacts: Vec<String>,
}

/// A peer's final answer to a request.
#[uniffi::remote(Record)]
pub struct Answer {
    /// The SIP status code (200 to 699).
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The methods that the peer allows, if it says so.
    pub allow: Vec<String>,
    /// The extensions that the peer supports, if it says so.
    pub supported: Vec<String>,
    /// What the peer calls itself (Server or User-Agent), if it does.
    pub agent: Option<String>,
}
