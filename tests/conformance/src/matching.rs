//! Comparing in part.

use std::collections::BTreeMap;

use serde_json::Value;

/// Whether what came has everything that was expected. A name in the place of a number stands for a key.
pub(crate) fn fits(expected: &Value, got: &Value, keys: &BTreeMap<String, u32>) -> bool {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            expected.iter().all(|(name, value)| fits(value, got.get(name).unwrap_or(&Value::Null), keys))
        }
        (Value::String(name), Value::Number(number)) => {
            keys.get(name).is_some_and(|key| number.as_u64() == Some(u64::from(*key)))
        }
        (Value::Number(expected), Value::Number(got)) => expected.as_f64() == got.as_f64(),
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(one, other)| fits(one, other, keys))
        }
        (expected, got) => expected == got,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_fit_and_names_stand_for_keys() {
        let keys = BTreeMap::from([("call".to_owned(), 3)]);
        let got = json!({ "type": "x", "call": 3, "list": [1, 2], "none": null });
        assert!(fits(&json!({ "type": "x", "call": "call" }), &got, &keys));
        assert!(fits(&json!({ "none": null, "absent": null, "list": [1.0, 2] }), &got, &keys));
        assert!(!fits(&json!({ "call": "other" }), &got, &keys));
        assert!(!fits(&json!({ "list": [1] }), &got, &keys));
        assert!(!fits(&json!({ "absent": 1 }), &got, &keys));
    }
}
