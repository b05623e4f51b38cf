//! What the generators read out of the sources is what serde does: values made from the model pass through the real
//! types unchanged.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::command::capture;
use crate::facade::{self, Field, Item, Kind, Model, Type};

type Pass = fn(&Value) -> Result<Value, String>;

fn pass<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

macro_rules! table {
    ($($name:ident)*) => { &[$((stringify!($name), pass::<rvoip::$name> as Pass)),*] };
}

const TYPES: &[(&str, Pass)] = table!(
    AccountConfig AccountInfo AccountKey Answer AudioSink AudioSource Bind CallDirection CallInfo CallKey
    CallState CallStatistics Capabilities Cause ClientConfig DirectionStatistics Error ErrorKind Event HeaderField MediaConfig ParsedMessage
    Registration RegistrationState TimerConfig TlsConfig ToneKind TransportKind
);

/// Values of a type: with and without what may be null, and one for each variant.
fn samples(model: &Model, item: &Item) -> Vec<Value> {
    match &item.kind {
        Kind::Key => vec![json!(7)],
        Kind::Words(variants) => variants.iter().map(|one| json!(one.word)).collect(),
        Kind::Object(fields) => objects(model, None, fields),
        Kind::Union(variants) => {
            variants.iter().flat_map(|one| objects(model, Some(&one.word), &one.fields)).collect()
        }
    }
}

fn objects(model: &Model, word: Option<&str>, fields: &[Field]) -> Vec<Value> {
    let object = |with_null: bool| {
        let mut object = Map::new();
        if let Some(word) = word {
            object.insert("type".to_owned(), json!(word));
        }
        for field in fields {
            object.insert(field.name.clone(), sample(model, &field.of, with_null));
        }
        Value::Object(object)
    };
    vec![object(true), object(false)]
}

fn sample(model: &Model, of: &Type, with_null: bool) -> Value {
    match of {
        Type::Bool => json!(true),
        // Also where an address is wanted.
        Type::Text => json!("127.0.0.1:5060"),
        Type::Integer(most) => json!(most),
        Type::Number | Type::Seconds => json!(0.5),
        Type::Bytes => json!([0, 255]),
        Type::List(of) => json!([sample(model, of, with_null)]),
        Type::Pair(of) => json!([sample(model, of, with_null), sample(model, of, with_null)]),
        Type::Option(_) if with_null => Value::Null,
        Type::Option(of) => sample(model, of, with_null),
        Type::Named(name) => {
            let item = model.get(name).unwrap_or_else(|| panic!("{name} is not in the model"));
            samples(model, item).pop().unwrap_or_default()
        }
    }
}

fn passer(name: &str) -> Pass {
    let found = TYPES.iter().find(|(one, _)| *one == name);
    found.unwrap_or_else(|| panic!("{name} is new: name it in the table of this test")).1
}

#[test]
fn every_data_type_passes_through_serde_unchanged() {
    let model = facade::model().unwrap();
    assert_eq!(model.items.len(), TYPES.len());
    for item in &model.items {
        for value in samples(&model, item) {
            let passed = passer(&item.name)(&value);
            assert_eq!(passed.as_ref(), Ok(&value), "{}", item.name);
        }
    }
}

#[test]
fn what_has_a_default_may_be_missing_and_what_has_none_may_not() {
    let model = facade::model().unwrap();
    for item in &model.items {
        let groups = match &item.kind {
            Kind::Key | Kind::Words(_) => Vec::new(),
            Kind::Object(fields) => vec![(None, fields)],
            Kind::Union(variants) => {
                variants.iter().map(|one| (Some(one.word.as_str()), &one.fields)).collect()
            }
        };
        for (word, fields) in groups {
            for field in fields.iter().filter(|field| !matches!(field.of, Type::Option(_))) {
                let mut value = objects(&model, word, fields).swap_remove(0);
                value.as_object_mut().unwrap().remove(&field.name);
                let passed = passer(&item.name)(&value);
                assert_eq!(passed.is_ok(), field.has_default, "{} without {}", item.name, field.name);
            }
        }
    }
}

#[test]
fn documentation_is_kept() {
    let model = facade::model().unwrap();
    for item in &model.items {
        assert!(!item.docs.is_empty(), "{}", item.name);
    }
}

#[test]
fn python_reads_every_data_type_writes_it_unchanged_and_refuses_others() {
    let model = facade::model().unwrap();
    let all: Vec<Value> = model
        .items
        .iter()
        .flat_map(|item| samples(&model, item).into_iter().map(|value| json!([item.name, value])))
        .collect();
    let file = std::env::temp_dir().join(format!("rvoip-types-{}.json", std::process::id()));
    std::fs::write(&file, Value::Array(all).to_string()).unwrap();
    let path = file.to_string_lossy().into_owned();
    let told = capture("python3", &["xtask/src/types/agreement.py", "python/rvoip/_types.py", &path]);
    std::fs::remove_file(&file).unwrap();
    assert!(told.unwrap().contains("values"));
}
