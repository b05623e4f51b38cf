//! The scenarios are held against the facade too: each of its kinds of error, causes, events and verbs occurs in one.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::wanted::{Kind, Wanted};
use crate::command::root;
use crate::facade::{self, Crate, Kind as Shape};

const FILES: &str = "tests/conformance/scenarios";

/// What no scenario has, each with its reason.
const WITHOUT: &[(&str, &str)] = &[
    ("Client::builder", "`client.open` is what the harness has instead"),
    ("Client::account", "`client.add_account` and `client.register`"),
    ("Client::account_with", "`client.add_account` and `client.register`"),
    ("Client::account_by_key", "how a runner comes to the account of a name"),
    ("Client::call", "how a runner comes to the call of a name"),
    ("Client::accounts", "gives handles; a test of each language"),
    ("Client::calls", "gives handles; a test of each language"),
    ("Client::events", "the step `listen`"),
    ("Account::events", "the step `listen`"),
    ("Call::events", "the step `listen`"),
    ("Account::key", "what the step `bind` keeps"),
    ("Call::key", "what the step `bind` keeps"),
    ("Call::write_frames", "simulated media have no sound"),
    ("Call::read_frames", "simulated media have no sound"),
];

#[derive(Debug, Default)]
struct Occurring {
    errors: BTreeSet<String>,
    causes: BTreeSet<String>,
    events: BTreeSet<String>,
    verbs: BTreeSet<String>,
}

impl Occurring {
    fn add(&mut self, step: &Value) {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        self.verbs.extend(text(step, "do"));
        self.errors.extend(step.get("fails").and_then(|fails| text(fails, "kind")));
        for event in step.get("events").and_then(Value::as_array).into_iter().flatten() {
            self.events.extend(text(event, "type"));
            self.causes.extend(event.get("cause").and_then(|cause| text(cause, "type")));
        }
    }

    fn read() -> Result<Self> {
        let mut occurring = Self::default();
        for entry in std::fs::read_dir(root().join(FILES)).context(FILES)? {
            let path = entry?.path();
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let file: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            file.get("steps")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .for_each(|step| occurring.add(step));
        }
        Ok(occurring)
    }
}

/// The words of a type of the facade.
fn words(name: &str) -> BTreeSet<String> {
    let model = facade::model().unwrap();
    match &model.get(name).unwrap().kind {
        Shape::Words(variants) | Shape::Union(variants) => {
            variants.iter().map(|variant| variant.word.clone()).collect()
        }
        other @ (Shape::Key | Shape::Object(_)) => panic!("{name} has no words: {other:?}"),
    }
}

#[test]
fn every_error_cause_and_event_of_the_facade_occurs_in_a_scenario() {
    let occurring = Occurring::read().unwrap();
    assert_eq!(occurring.errors, words("ErrorKind"));
    assert_eq!(occurring.causes, words("Cause"));
    assert_eq!(occurring.events, words("Event"));
}

#[test]
fn every_verb_of_the_facade_occurs_in_a_scenario_or_has_a_reason_not_to() {
    let sources = |folder: &str| Crate::read(folder).unwrap();
    let wanted = Wanted::read(&sources("sdk/sip-client/src"), &sources("sdk/driver/src")).unwrap();
    let occurring = Occurring::read().unwrap().verbs;
    let handles = ["Client", "Account", "Call"];
    let verbs = wanted.items.iter().filter(|item| item.kind == Kind::Verb);
    let verbs = verbs.filter(|item| handles.contains(&item.container.as_str()));
    let without: BTreeSet<String> = verbs
        .filter(|item| !occurring.contains(&format!("{}.{}", item.container.to_lowercase(), item.member)))
        .map(super::wanted::Item::path)
        .collect();
    let excused: BTreeSet<String> = WITHOUT.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(without, excused);
}
