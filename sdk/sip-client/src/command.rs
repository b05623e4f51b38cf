//! What the handles ask of the agent, and what it gives back.

use std::time::Duration;

use rvoip_driver::{AudioSink, AudioSource};
use serde::{Deserialize, Serialize};

use crate::{AccountConfig, AccountKey, CallKey};

/// What a caller can ask of the agent: one verb of the facade each.
#[derive(Debug)]
pub enum Command {
    /// Adds an account.
    AddAccount {
        /// Its settings.
        config: AccountConfig,
        /// Registers it as well; if that fails there is no account.
        register: bool,
    },
    /// A verb of an account.
    Account(AccountKey, AccountCommand),
    /// A verb of a call.
    Call(CallKey, CallCommand),
    /// Ends everything in good order.
    Close,
}

/// A verb of an account.
#[derive(Debug)]
pub enum AccountCommand {
    /// Registers, and stays registered.
    Register,
    /// Removes the registration.
    Unregister,
    /// Removes the registration, then the account.
    Remove,
    /// Calls somebody.
    Call {
        /// The URI to call.
        to: String,
    },
    /// Asks a peer what it can do (OPTIONS).
    Options {
        /// The URI to ask.
        to: String,
    },
    /// Sends a text (MESSAGE, RFC 3428).
    Message {
        /// The URI to send to.
        to: String,
        /// The text.
        text: String,
    },
}

/// A verb of a call.
#[derive(Debug)]
pub enum CallCommand {
    /// Waits until the peer answers.
    Answered,
    /// Waits until the call is over.
    Ended,
    /// Answers an incoming call.
    Answer,
    /// Refuses an incoming call with a SIP status code.
    Reject(u16),
    /// Ends the call in whatever state it is.
    HangUp,
    /// Puts the peer on hold.
    Hold,
    /// Takes the peer off hold.
    Resume,
    /// Negotiates the media anew.
    Reinvite,
    /// Stops or starts sending our audio.
    Mute(bool),
    /// Sends key presses.
    SendDigits(String),
    /// Waits for key presses of the peer.
    CollectDigits {
        /// How many.
        count: u32,
        /// How long to wait for all of them.
        within: Duration,
    },
    /// Plays to the peer.
    Play(AudioSource),
    /// Stops playing.
    StopPlaying,
    /// Records the peer's audio.
    Record(AudioSink),
    /// Stops recording and completes the file.
    StopRecording,
    /// Adds to the audio that the program itself makes.
    WriteFrames(Vec<i16>),
    /// Takes the peer's audio.
    ReadFrames,
    /// Sends a text within the call.
    Message(String),
}

/// What a completed command gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing but that it is done.
    Done,
    /// A new account.
    Account(AccountKey),
    /// A new call.
    Call(CallKey),
    /// What the registrar granted.
    Registration(Registration),
    /// Key presses of a call.
    Digits(CallKey, String),
    /// The audio of a call's peer.
    Frames(CallKey, Vec<i16>),
    /// What a peer answered.
    Answer(Answer),
    /// Why a call ended.
    Ended(crate::Cause),
}

/// What a registrar granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// For how many seconds. It is refreshed in time.
    pub expires: u32,
    /// All contacts that the registrar has for the address of record.
    pub contacts: Vec<String>,
}

/// A peer's final answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
