//! One scenario, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rvoip::harness::Harness;
use rvoip::{AccountKey, CallKey, Client, Error, Events};
use serde_json::{Value, json};

use crate::matching::fits;
use crate::scenario::{self, Expected, On, Scenario, Step};
use crate::verbs::{self, Verb};

/// What became of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as it says.
    Passed,
    /// A capability is missing, or there that should not be.
    Skipped(String),
}

/// Longer than any deadline for closing, and than any transaction lives.
const UNTIL_CLOSED: Duration = Duration::from_secs(3_600);

/// Runs a scenario.
///
/// # Errors
/// The step that was not as it says, and what was instead.
pub fn run(scenario: &Scenario) -> Result<Outcome> {
    let harness = Harness::new(1);
    let config = if scenario.config.is_null() {
        rvoip::ClientConfig::default()
    } else {
        serde_json::from_value(scenario.config.clone()).context("the config")?
    };
    let client = harness.client(config)?;
    let capabilities = serde_json::to_value(client.capabilities())?;
    let has = |name: &str| capabilities.get(name).and_then(Value::as_bool);
    if let Some(need) = scenario.needs.iter().find(|need| has(need) != Some(true)) {
        return Ok(Outcome::Skipped(format!("this face has no {need}")));
    }
    if let Some(more) = scenario.lacks.iter().find(|more| has(more) != Some(false)) {
        return Ok(Outcome::Skipped(format!("this face has {more}")));
    }
    let mut run = Run {
        listeners: BTreeMap::from([("client".to_owned(), client.events())]),
        read: BTreeSet::new(),
        harness,
        client,
        keys: BTreeMap::new(),
        accounts: BTreeSet::new(),
        kept: BTreeMap::new(),
        results: BTreeMap::new(),
    };
    for (name, config) in &scenario.accounts {
        let mut adding = verbs::of_client("add_account", run.client.clone(), config)?;
        let key = match run.poll(&mut adding)? {
            Poll::Ready(Ok(key)) => serde_json::from_value(key)?,
            other @ (Poll::Ready(_) | Poll::Pending) => {
                bail!("the account {name} cannot be added: {other:?}")
            }
        };
        run.keys.insert(name.clone(), key);
        run.accounts.insert(name.clone());
    }
    for (index, step) in scenario.steps.iter().enumerate() {
        run.step(step).with_context(|| format!("step {}: {step:?}", index + 1))?;
    }
    // What came and was not expected is no accident.
    run.harness.peer(r#"{"quiet": true}"#).context("at the end")?;
    run.nothing_is_left().context("at the end")?;
    run.end().context("at the end")?;
    Ok(Outcome::Passed)
}

struct Run {
    harness: Harness,
    client: Client,
    listeners: BTreeMap<String, Events>,
    /// The listeners of which a step took something.
    read: BTreeSet<String>,
    /// Accounts and calls by their names.
    keys: BTreeMap<String, u32>,
    accounts: BTreeSet<String>,
    kept: BTreeMap<String, Verb>,
    results: BTreeMap<String, std::result::Result<Value, Error>>,
}

impl Run {
    fn poll(&self, verb: &mut Verb) -> Result<Poll<std::result::Result<Value, Error>>> {
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(result) = verb.as_mut().poll(&mut cx) {
            return Ok(Poll::Ready(result));
        }
        self.harness.advance(Duration::ZERO)?;
        Ok(verb.as_mut().poll(&mut cx))
    }

    fn key(&self, name: &str) -> Result<u32> {
        self.keys.get(name).copied().with_context(|| format!("nothing has the name {name}"))
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Do(step) => self.begin(step),
            Step::Await(step) => self.awaited(step),
            Step::Cancel(step) => {
                let verb = self.kept.remove(&step.cancel);
                ensure!(verb.is_some(), "nothing is under way as {}", step.cancel);
                drop(verb);
                self.harness.advance(Duration::ZERO)?;
                Ok(())
            }
            Step::Peer(step) => {
                let text = step.peer.to_string();
                for _ in 0..step.times {
                    self.harness.peer(&text)?;
                }
                Ok(())
            }
            Step::Advance(step) => {
                self.harness.advance(Duration::from_millis(step.advance))?;
                Ok(())
            }
            Step::Events(step) => self.events(step),
            Step::Listen(step) => {
                let events = match step.to.as_str() {
                    "client" => self.client.events(),
                    name => {
                        let key = self.key(name)?;
                        if self.accounts.contains(name) {
                            self.client.account_by_key(AccountKey(key)).events()
                        } else {
                            self.client.call(CallKey(key)).events()
                        }
                    }
                };
                self.listeners.insert(step.listen.clone(), events);
                Ok(())
            }
            Step::Counts(step) => self.counts(&step.counts),
            Step::Unknown(step) => bail!("unknown step: {step}"),
        }
    }

    fn begin(&mut self, step: &scenario::Do) -> Result<()> {
        let (object, name) = step.verb.split_once('.').with_context(|| format!("no verb: {}", step.verb))?;
        let on = || match step.on.as_ref().context("the step says not on what")? {
            On::Name(name) => self.key(name),
            On::Key(key) => Ok(*key),
        };
        let mut verb = match object {
            "client" if name == "open" => verbs::open(&self.harness, &step.args)?,
            "client" => verbs::of_client(name, self.client.clone(), &step.args)?,
            "account" => verbs::of_account(name, self.client.account_by_key(AccountKey(on()?)), &step.args)?,
            "call" => verbs::of_call(name, self.client.call(CallKey(on()?)), &step.args)?,
            other => bail!("unknown step: there is nothing that is called {other}"),
        };
        let result = self.poll(&mut verb)?;
        if let (Some(name), Poll::Ready(Ok(key))) = (&step.bind, &result) {
            self.keys.insert(name.clone(), serde_json::from_value(key.clone())?);
        }
        let Some(kept) = &step.kept else { return self.compare(&step.outcome, result) };
        match result {
            Poll::Pending => {
                self.kept.insert(kept.clone(), verb);
            }
            Poll::Ready(result) => {
                ensure!(!step.outcome.pending, "it should be under way, but it is complete: {result:?}");
                self.results.insert(kept.clone(), result);
            }
        }
        Ok(())
    }

    fn awaited(&mut self, step: &scenario::Await) -> Result<()> {
        let result = if let Some(result) = self.results.remove(&step.kept) {
            Poll::Ready(result)
        } else {
            let mut verb = self
                .kept
                .remove(&step.kept)
                .with_context(|| format!("nothing is under way as {}", step.kept))?;
            let result = self.poll(&mut verb)?;
            if result.is_pending() {
                self.kept.insert(step.kept.clone(), verb);
            }
            result
        };
        self.compare(&step.outcome, result)
    }

    fn compare(&self, expected: &Expected, got: Poll<std::result::Result<Value, Error>>) -> Result<()> {
        match got {
            Poll::Pending if expected.pending => Ok(()),
            Poll::Pending => bail!("it should be complete, but it is under way"),
            Poll::Ready(result) if expected.pending => {
                bail!("it should be under way, but it is complete: {result:?}")
            }
            Poll::Ready(Ok(value)) => {
                ensure!(expected.fails.is_none(), "it should fail, but it completed with {value}");
                let wanted = expected.returns.as_ref().unwrap_or(&Value::Null);
                let fits = expected.returns.is_none() || fits(wanted, &value, &self.keys);
                ensure!(fits, "it should give {wanted}, but it gives {value}");
                Ok(())
            }
            Poll::Ready(Err(error)) => {
                let got = json!({
                    "kind": error.kind(),
                    "status": error.status(),
                    "reason": error.reason(),
                });
                let Some(wanted) = &expected.fails else { bail!("it should complete, but it failed: {got}") };
                ensure!(
                    fits(wanted, &got, &self.keys),
                    "it should fail with {wanted}, but it fails with {got}"
                );
                Ok(())
            }
        }
    }

    /// Gives up what is under way, closes the client, and looks what is left of it: nothing.
    fn end(mut self) -> Result<()> {
        self.kept.clear();
        let mut closing = verbs::of_client("close", self.client.clone(), &Value::Null)?;
        let _ = self.poll(&mut closing)?;
        self.harness.advance(UNTIL_CLOSED)?;
        let (live, waiting) = (self.client.live(), self.harness.counts()?.waiting);
        ensure!(
            (live, waiting) == (0, 0),
            "the client is closed, but {live} things live and {waiting} commands wait"
        );
        Ok(())
    }

    /// Takes the events of a listener that waits.
    fn take(&self, name: &str) -> Result<Vec<Value>> {
        self.harness.advance(Duration::ZERO)?;
        let listener = self.listeners.get(name).with_context(|| format!("nobody listens as {name}"))?;
        Ok(listener.take_events().iter().map(serde_json::to_value).collect::<serde_json::Result<_>>()?)
    }

    fn events(&mut self, step: &scenario::Events) -> Result<()> {
        let name = step.of.as_deref().unwrap_or("client");
        let got = self.take(name)?;
        self.read.insert(name.to_owned());
        if let Some(bind) = &step.bind {
            let call = got.iter().find_map(|event| event.get("call")?.as_u64());
            let call = call.context("none of the events is about a call")?;
            self.keys.insert(bind.clone(), u32::try_from(call)?);
        }
        for (index, expected) in step.expected.iter().enumerate() {
            let came = got.get(index).is_some_and(|event| fits(expected, event, &self.keys));
            ensure!(came, "expected the event {expected}, but there came {}", Value::from(got));
        }
        if let Some(event) = got.get(step.expected.len()) {
            bail!("an event came that was not expected: {event}");
        }
        Ok(())
    }

    /// A listener that is read holds no event that no step took.
    fn nothing_is_left(&self) -> Result<()> {
        for name in &self.read {
            if let Some(event) = self.take(name)?.first() {
                bail!("{name} heard an event that no step took: {event}");
            }
        }
        Ok(())
    }

    fn counts(&self, expected: &scenario::Counts) -> Result<()> {
        let counts = self.harness.counts()?;
        let got = (counts.events, counts.waiting, self.harness.submitted(), self.client.live() as u64);
        let fits = expected.events.is_none_or(|events| events == got.0)
            && expected.waiting.is_none_or(|waiting| waiting == got.1)
            && expected.submitted.is_none_or(|submitted| submitted == got.2)
            && expected.live.is_none_or(|live| live == got.3);
        ensure!(fits, "expected {expected:?}, but there are {got:?} (events, waiting, submitted, live)");
        Ok(())
    }
}
