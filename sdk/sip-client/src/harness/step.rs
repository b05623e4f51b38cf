//! The steps of the scripted peer, as scenarios write them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Deserialize;

/// One step. Exactly one of the verbs is there; the others say how.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Step {
    /// A request (its method) or a response (its status) that must be the next message.
    pub(super) expect: Option<What>,
    /// Answers the last request, or that of `to`.
    pub(super) respond: Option<u16>,
    /// Sends a request: within the dialog, unless `new`.
    pub(super) request: Option<String>,
    /// Sends these very bytes.
    pub(super) raw: Option<String>,
    /// Sends the last message once more, as it was.
    pub(super) resend: Option<bool>,
    /// A message that was expected came again since then, `count` times.
    pub(super) again: Option<What>,
    /// What happens to the connections: they break.
    pub(super) drop: Option<String>,
    /// From now on connections are refused (true), or taken again.
    pub(super) refuse: Option<bool>,
    /// From now on requests with these methods are dropped unseen.
    pub(super) ignore: Option<Vec<String>>,
    /// Nothing may have come that was not expected.
    pub(super) quiet: Option<bool>,
    /// A fault of its own ends the client.
    pub(super) fault: Option<bool>,
    /// From now on the network is slow, or loses something.
    pub(super) network: Option<NetworkChange>,
    /// From now on, more turns at one moment than these are one without end.
    pub(super) turns: Option<u32>,
    /// Something happens in the media.
    pub(super) media: Option<Media>,
    /// What the client's media must do.
    pub(super) expect_media: Option<ExpectMedia>,

    /// The method that a response belongs to.
    pub(super) to: Option<String>,
    /// How often it came again; once, unless it is said.
    pub(super) count: Option<u32>,
    /// Header fields: of a message to send, or those of an expected one, which must have exactly these values.
    pub(super) fields: BTreeMap<String, String>,
    /// Texts that must be in the header fields of an expected message.
    pub(super) containing: BTreeMap<String, String>,
    /// Header fields that must not be there.
    pub(super) without: Vec<String>,
    /// The request URI: of a request to send, or of an expected one.
    pub(super) uri: Option<String>,
    /// A session description by its kind.
    pub(super) sdp: Option<String>,
    /// A body, or a text that must be in it.
    pub(super) body: Option<String>,
    /// The type of that body.
    pub(super) content_type: Option<String>,
    /// The tag of a response: another one makes another dialog.
    pub(super) tag: Option<String>,
    /// `echo`: a 200 to a REGISTER lists the contacts of the request.
    pub(super) contacts: Option<String>,
    /// A 401 or 407 with a fresh challenge.
    pub(super) challenge: Option<Challenge>,
    /// The expected request carries these credentials, and they are right.
    pub(super) authorized: Option<Credentials>,
    /// A request outside of the dialog.
    pub(super) new: bool,
    /// Which client the request is for: 1 is the first.
    pub(super) client: Option<NonZeroUsize>,
}

/// What is expected.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum What {
    Status(u16),
    Method(String),
}

/// A challenge to be made.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Challenge {
    pub(super) realm: String,
    /// `MD5`, `SHA-256` or `SHA-512-256`, several with spaces between.
    pub(super) algorithm: String,
    pub(super) stale: bool,
}

impl Default for Challenge {
    fn default() -> Self {
        Self { realm: "example.com".to_owned(), algorithm: "MD5".to_owned(), stale: false }
    }
}

/// Credentials that must be right.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

/// How the network is from now on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NetworkChange {
    /// Milliseconds that everything takes, in each direction.
    pub(super) delay: Option<u64>,
    /// The next datagrams are lost.
    pub(super) lose: Option<Lose>,
}

/// So many datagrams in each direction.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Lose {
    pub(super) to_peer: u32,
    pub(super) to_client: u32,
}

/// Something that happens in the media of the newest call.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Media {
    /// The peer's first packet comes.
    Audio,
    /// The peer falls silent for good.
    Silence,
    /// The peer presses a key.
    Digit(char),
    /// The way to the peer is lost, or there again.
    Path(bool),
    /// The media side cannot do what it is asked for (false), or can again.
    Able(bool),
}

/// What the media of the newest call must do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ExpectMedia {
    pub(super) digits: Option<String>,
    /// `file`, `bytes`, `tone`, `echo`, `frames` or `nothing`.
    pub(super) playing: Option<String>,
    pub(super) muted: Option<bool>,
    pub(super) recording: Option<bool>,
    /// `sendrecv`, `sendonly`, `recvonly`, `inactive`.
    pub(super) direction: Option<String>,
}

impl Step {
    /// Reads a step.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let step: Self =
            serde_json::from_str(text).map_err(|error| format!("no step of the peer: {error}"))?;
        let verbs = [
            step.expect.is_some(),
            step.respond.is_some(),
            step.request.is_some(),
            step.raw.is_some(),
            step.resend.is_some(),
            step.again.is_some(),
            step.drop.is_some(),
            step.refuse.is_some(),
            step.ignore.is_some(),
            step.quiet.is_some(),
            step.fault.is_some(),
            step.network.is_some(),
            step.turns.is_some(),
            step.media.is_some(),
            step.expect_media.is_some(),
        ];
        match verbs.into_iter().filter(|there| *there).count() {
            1 => Ok(step),
            0 => Err("the step says nothing to do".to_owned()),
            _ => Err("the step says more than one thing to do".to_owned()),
        }
    }
}
