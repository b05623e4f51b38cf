//! Data types in their serde form, as the generators need them.

/// All data types of the facade, in the order in which `lib.rs` names them.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) items: Vec<Item>,
}

/// One data type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// Lines of documentation.
    pub(crate) docs: Vec<String>,
    pub(crate) kind: Kind,
}

/// What a data type is in its serde form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A number that names something.
    Key,
    /// One of a few words.
    Words(Vec<Variant>),
    /// An object.
    Object(Vec<Field>),
    /// One of several objects, told apart by the field `type`.
    Union(Vec<Variant>),
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    /// As Rust names it.
    pub(crate) name: String,
    /// As the serde form names it.
    pub(crate) word: String,
    pub(crate) docs: Vec<String>,
    pub(crate) fields: Vec<Field>,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) of: Type,
    /// It may be missing; then the default is taken.
    pub(crate) has_default: bool,
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Bool,
    Text,
    /// A whole number within these bounds.
    Integer(u64),
    Number,
    /// A duration: seconds as a number that is not negative.
    Seconds,
    Bytes,
    List(Box<Type>),
    /// Two of the same type.
    Pair(Box<Type>),
    Option(Box<Type>),
    Named(String),
}

impl Model {
    pub(crate) fn get(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    /// For a union whose variants all have the same fields, such as the error: those fields, and the enum of its words.
    pub(crate) fn uniform<'a>(&self, item: &'a Item) -> Option<(&'a [Field], String)> {
        let Kind::Union(variants) = &item.kind else { return None };
        let kinds = format!("{}Kind", item.name);
        let (first, rest) = variants.split_first()?;
        let same = rest.iter().all(|one| one.fields == first.fields) && !first.fields.is_empty();
        (same && self.get(&kinds).is_some()).then_some((first.fields.as_slice(), kinds))
    }

    /// The settings: objects whose fields may all be missing.
    pub(crate) fn is_settings(item: &Item) -> bool {
        matches!(&item.kind, Kind::Object(fields) if fields.iter().all(|field| field.has_default))
    }
}

/// `CallStateChanged` as `call_state_changed`, the way of serde's `rename_all = "snake_case"`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_uppercase() && at > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// `send_dtmf` as `sendDtmf`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case_as_serde_does_it() {
        assert_eq!(snake_case("CallStateChanged"), "call_state_changed");
        assert_eq!(snake_case("Udp"), "udp");
        assert_eq!(camel_case("send_dtmf"), "sendDtmf");
        assert_eq!(camel_case("hang_up"), "hangUp");
        assert_eq!(camel_case("key"), "key");
    }
}
