//! A scenario as its file says it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What a file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, one sentence.
    pub shows: String,
    /// Settings of the client that differ from the default.
    #[serde(default)]
    pub(crate) config: Value,
    /// Capabilities without which it is skipped.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Capabilities with which it is skipped.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// The accounts, by the names that the steps use.
    #[serde(default)]
    pub(crate) accounts: BTreeMap<String, Value>,
    /// What happens.
    pub(crate) steps: Vec<Step>,
    /// Of a broken scenario: what the runner must say, in part.
    #[serde(default)]
    pub fails_with: Option<String>,
}

/// One step.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    /// A verb of the facade.
    Do(Do),
    /// What became of an earlier verb.
    Await(Await),
    /// Withdraws an earlier verb.
    Cancel(Cancel),
    /// A step of the scripted peer.
    Peer(Peer),
    /// Moves the clock.
    Advance(Advance),
    /// Takes events of a listener and compares them.
    Events(Events),
    /// A new listener.
    Listen(Listen),
    /// Compares what waits.
    Counts(CountsStep),
    /// Nothing that is known.
    Unknown(Value),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Do {
    #[serde(rename = "do")]
    pub(crate) verb: String,
    pub(crate) on: Option<On>,
    #[serde(default)]
    pub(crate) args: Value,
    /// Keeps it under a name, for `await` and `cancel`.
    #[serde(rename = "as")]
    pub(crate) kept: Option<String>,
    /// The name of the call that it makes.
    pub(crate) bind: Option<String>,
    #[serde(flatten)]
    pub(crate) outcome: Expected,
}

/// What a verb is carried out on.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum On {
    /// What has that name.
    Name(String),
    /// A key that need not be of anything.
    Key(u32),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Await {
    #[serde(rename = "await")]
    pub(crate) kept: String,
    #[serde(flatten)]
    pub(crate) outcome: Expected,
}

/// What a verb comes to. Without any of them it completes, with whatever.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Expected {
    /// It completes with this, in part.
    pub(crate) returns: Option<Value>,
    /// It fails with this kind, and status if one is said.
    pub(crate) fails: Option<Value>,
    /// It is not complete.
    #[serde(default)]
    pub(crate) pending: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    pub(crate) cancel: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    pub(crate) peer: Value,
    /// So many times.
    #[serde(default = "once")]
    pub(crate) times: u32,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    /// Milliseconds.
    pub(crate) advance: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    /// These, in this order, and no others.
    #[serde(rename = "events")]
    pub(crate) expected: Vec<Value>,
    /// The listener; `client` unless it is said.
    pub(crate) of: Option<String>,
    /// The name of the call that the first of them about a call is about.
    pub(crate) bind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    pub(crate) listen: String,
    /// `client`, or the name of an account or a call.
    pub(crate) to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountsStep {
    pub(crate) counts: Counts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) events: Option<u32>,
    pub(crate) waiting: Option<u32>,
    pub(crate) submitted: Option<u64>,
    pub(crate) live: Option<u64>,
}
