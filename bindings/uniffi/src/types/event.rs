//! What listeners hear.

use rvoip::{AccountKey, CallDirection, CallKey, CallState, CallStatistics, Cause, Event, RegistrationState};

/// A fact about a client, an account or a call, in the past tense.
///
/// Its serde form (tag `type`, snake case) is what `rvoip --json` prints.
#[uniffi::remote(Enum)]
pub enum Event {
    /// The client takes SIP messages on this address.
    Listening {
        /// `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
        transport: String,
        /// Address and port.
        address: String,
    },
    /// The registration of an account changed.
    RegistrationChanged {
        /// The account.
        account: AccountKey,
        /// The new state.
        state: RegistrationState,
        /// The SIP status code of a failure, if the registrar gave one.
        status: Option<u16>,
        /// Why it failed, one line for people.
        reason: Option<String>,
        /// For how many seconds the registrar granted it.
        expires: Option<u32>,
        /// All contacts that the registrar has for the address of record.
        contacts: Vec<String>,
    },
    /// Somebody calls.
    IncomingCall {
        /// The new call.
        call: CallKey,
        /// The account that was called, if it is one of ours.
        account: Option<AccountKey>,
        /// The caller's URI.
        from: String,
        /// The caller's display name, if any.
        from_name: Option<String>,
        /// The called URI.
        to: String,
    },
    /// A call changed its state.
    CallStateChanged {
        /// The call.
        call: CallKey,
        /// Who placed it.
        direction: CallDirection,
        /// The new state.
        state: CallState,
        /// Why it ended, if it has.
        cause: Option<Cause>,
    },
    /// One side put the call on hold or resumed it.
    HoldChanged {
        /// The call.
        call: CallKey,
        /// We hold the peer.
        held_by_us: bool,
        /// The peer holds us.
        held_by_peer: bool,
    },
    /// The first audio packet of the peer arrived.
    AudioReceived {
        /// The call.
        call: CallKey,
    },
    /// The peer pressed a key.
    DigitReceived {
        /// The call.
        call: CallKey,
        /// One of `0` to `9`, `*`, `#`, `A` to `D`.
        digit: String,
    },
    /// A clip was played to its end.
    PlaybackFinished {
        /// The call.
        call: CallKey,
    },
    /// A recording was closed; the file is complete.
    RecordingFinished {
        /// The call.
        call: CallKey,
    },
    /// The quality of a call, every few seconds and once more at its end.
    StatisticsUpdated {
        /// The call.
        call: CallKey,
        /// The figures since the call began.
        statistics: CallStatistics,
    },
    /// How loud both sides were since the last such event: root mean square, 0.0 (silence) to 1.0 (full scale).
    LevelsUpdated {
        /// The call.
        call: CallKey,
        /// What we sent.
        sent: f64,
        /// What we heard.
        received: f64,
    },
    /// A connection was lost that an account or a call needs; it is being opened anew.
    Recovering {
        /// The account, if it is about its registration.
        account: Option<AccountKey>,
        /// The call, if it is about a call.
        call: Option<CallKey>,
        /// What happened, one line for people.
        reason: String,
    },
    /// What was lost works again.
    Recovered {
        /// The account, if it is about its registration.
        account: Option<AccountKey>,
        /// The call, if it is about a call.
        call: Option<CallKey>,
    },
    /// A MESSAGE arrived (RFC 3428).
    MessageReceived {
        /// The account that it was sent to, if it is one of ours.
        account: Option<AccountKey>,
        /// The call that it belongs to, if it came within one.
        call: Option<CallKey>,
        /// The sender's URI.
        from: String,
        /// The type of the text, such as `text/plain`.
        content_type: String,
        /// The text.
        text: String,
    },
    /// This listener was too slow: so many events were lost. A snapshot of the present state follows.
    Lagged {
        /// How many events were lost.
        missed: u32,
    },
    /// The client is closed; nothing follows.
    ClientClosed {
        /// Why, if it was not asked for: one line for people.
        reason: Option<String>,
    },
}
