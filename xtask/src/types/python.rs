//! The data types in Python: frozen dataclasses, enums of words, unions.

use std::fmt::Write as _;

use super::names;
use super::typescript::in_seconds;
use crate::facade::model::snake_case;
use crate::facade::{Field, Item, Kind, Model, Type, Variant};

/// What every type uses.
const PRELUDE: &str = include_str!("prelude.py");

pub(super) fn write(model: &Model) -> String {
    let mut out = PRELUDE.to_owned();
    for item in &model.items {
        write_item(&mut out, model, item);
    }
    write_exports(&mut out, model);
    out
}

fn write_item(out: &mut String, model: &Model, item: &Item) {
    let name = names::of(&item.name);
    if let Some((fields, kinds)) = model.uniform(item) {
        let word = Field {
            name: "type".to_owned(),
            docs: vec!["What kind of error.".to_owned()],
            of: Type::Named(kinds),
            has_default: false,
        };
        let fields: Vec<Field> = std::iter::once(word).chain(fields.iter().cloned()).collect();
        write_class(
            out,
            model,
            &Class { name, docs: &item.docs, word: None, fields: &fields, is_settings: false },
        );
        return;
    }
    match &item.kind {
        Kind::Key => {
            let _ = write!(out, "\n\n{name} = NewType(\"{name}\", int)\n");
            write_docs(out, "", &item.docs);
        }
        Kind::Words(variants) => write_words(out, item, variants),
        Kind::Object(fields) => {
            let is_settings = Model::is_settings(item);
            write_class(out, model, &Class { name, docs: &item.docs, word: None, fields, is_settings });
        }
        Kind::Union(variants) => {
            for variant in variants {
                let name = names::of_variant(&item.name, &variant.name);
                let word = Some(variant.word.as_str());
                let class = Class {
                    name: &name,
                    docs: &variant.docs,
                    word,
                    fields: &variant.fields,
                    is_settings: false,
                };
                write_class(out, model, &class);
            }
            write_union(out, item, variants);
        }
    }
}

fn write_words(out: &mut String, item: &Item, variants: &[Variant]) {
    let _ = write!(out, "\n\nclass {}(_Word):\n", item.name);
    write_docs(out, "    ", &item.docs);
    out.push('\n');
    for variant in variants {
        let _ = writeln!(out, "    {} = \"{}\"", snake_case(&variant.name).to_uppercase(), variant.word);
        write_docs(out, "    ", &variant.docs);
    }
    let table = words_table(&item.name);
    let _ = write!(
        out,
        "\n\n{table}: Final[dict[object, {name}]] = {{one.value: one for one in {name}}}\n",
        name = item.name
    );
}

fn write_union(out: &mut String, item: &Item, variants: &[Variant]) {
    let name = names::of(&item.name);
    let function = snake_case(name);
    let names: Vec<String> =
        variants.iter().map(|variant| names::of_variant(&item.name, &variant.name)).collect();
    let _ = write!(out, "\n\n{name}: TypeAlias = (\n    {}\n)\n", names.join("\n    | "));
    write_docs(out, "", &item.docs);
    let table = words_table(name);
    let _ = write!(out, "\n{table}: Final[dict[object, Callable[[Mapping[str, object]], {name}]]] = {{\n");
    for (variant, class) in variants.iter().zip(&names) {
        let _ = writeln!(out, "    \"{}\": {class}.from_dict,", variant.word);
    }
    let _ = write!(
        out,
        "}}\n\n\ndef {function}_from_dict(data: Mapping[str, object]) -> {name}:\n    \"\"\"Reads any `{name}`, by its `type`.\"\"\"\n    return _variant({table}, data, \"{function}\")\n"
    );
}

struct Class<'a> {
    name: &'a str,
    docs: &'a [String],
    word: Option<&'a str>,
    fields: &'a [Field],
    /// Every field may be left out; `None` then stands for the default.
    is_settings: bool,
}

fn write_class(out: &mut String, model: &Model, class: &Class<'_>) {
    let name = class.name;
    write_names(out, class);
    let _ = write!(out, "\n\n@dataclass(frozen=True, slots=True)\nclass {name}:\n");
    let mut docs = class.docs.to_vec();
    if class.is_settings {
        docs.extend([String::new(), "What is left out, or None, has its default.".to_owned()]);
    }
    write_docs(out, "    ", &docs);
    if let Some(word) = class.word {
        let _ = write!(out, "\n    type: ClassVar[Literal[\"{word}\"]] = \"{word}\"\n");
    }
    // A dataclass wants fields with defaults last.
    let (optional, required): (Vec<&Field>, Vec<&Field>) =
        class.fields.iter().partition(|field| field.has_default);
    if !class.fields.is_empty() {
        out.push('\n');
    }
    for field in required.iter().chain(&optional) {
        let annotation = annotation(&field.of, field.has_default);
        let default = match (field.has_default, field.name.as_str()) {
            (true, SECRET) => " = field(default=None, repr=False)",
            (true, _) => " = None",
            (false, _) => "",
        };
        let _ = writeln!(out, "    {}: {annotation}{default}", names::attribute(&field.name));
        write_docs(out, "    ", &in_seconds(field));
    }
    write_from_dict(out, model, class);
    write_to_dict(out, model, class);
}

/// The names of the fields that must and that may be there.
fn write_names(out: &mut String, class: &Class<'_>) {
    let tag = class.word.map(|_| "type");
    let quoted = |names: Vec<&str>| -> String {
        if names.is_empty() {
            return "frozenset()".to_owned();
        }
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        format!("frozenset({{{}}})", names.join(", "))
    };
    let needed = quoted(
        tag.into_iter()
            .chain(class.fields.iter().filter(|field| !field.has_default).map(|field| field.name.as_str()))
            .collect(),
    );
    let known = quoted(tag.into_iter().chain(class.fields.iter().map(|field| field.name.as_str())).collect());
    let upper = snake_case(class.name).to_uppercase();
    let _ = write!(
        out,
        "\n\n_{upper}_NEEDS: Final[frozenset[str]] = {needed}\n_{upper}_KNOWS: Final[frozenset[str]] = {known}\n",
        known = if known == needed { format!("_{upper}_NEEDS") } else { known },
    );
}

fn write_from_dict(out: &mut String, model: &Model, class: &Class<'_>) {
    let name = class.name;
    let place = class.word.map_or_else(|| snake_case(name), ToOwned::to_owned);
    let _ = write!(
        out,
        "\n    @classmethod\n    def from_dict(cls, data: Mapping[str, object]) -> {name}:\n        \"\"\"Reads the serde form; `ValueError` says what is wrong with it.\"\"\"\n        _fields(data, \"{place}\", _{upper}_NEEDS, _{upper}_KNOWS)\n",
        upper = snake_case(name).to_uppercase(),
    );
    if let Some(word) = class.word {
        let _ = write!(
            out,
            "        if data[\"type\"] != \"{word}\":\n            raise ValueError(f\"{place}: its type is {{data['type']!r}}\")\n"
        );
    }
    if class.fields.is_empty() {
        out.push_str("        return cls()\n");
    } else {
        out.push_str("        return cls(\n");
        for field in class.fields {
            let place = format!("{place}.{}", field.name);
            let read = if field.has_default {
                let inner = if let Type::Option(inner) = &field.of { inner } else { &field.of };
                let read = reader(model, inner, "value", &place);
                format!("None if (value := data.get(\"{}\")) is None else {read}", field.name)
            } else {
                reader(model, &field.of, &format!("data[\"{}\"]", field.name), &place)
            };
            let _ = writeln!(out, "            {}={read},", names::attribute(&field.name));
        }
        out.push_str("        )\n");
    }
}

fn write_to_dict(out: &mut String, model: &Model, class: &Class<'_>) {
    out.push_str(
        "\n    def to_dict(self) -> dict[str, object]:\n        \"\"\"Writes the serde form.\"\"\"\n",
    );
    let (optional, required): (Vec<&Field>, Vec<&Field>) =
        class.fields.iter().partition(|field| field.has_default);
    let mut entries: Vec<String> = class.word.iter().map(|word| format!("\"type\": \"{word}\"")).collect();
    entries.extend(required.iter().map(|field| {
        format!(
            "\"{}\": {}",
            field.name,
            writer(model, &field.of, &format!("self.{}", names::attribute(&field.name)))
        )
    }));
    let object = if entries.len() > 1 {
        format!("{{\n            {},\n        }}", entries.join(",\n            "))
    } else {
        format!("{{{}}}", entries.concat())
    };
    if optional.is_empty() {
        let _ = writeln!(out, "        return {object}");
    } else {
        let _ = writeln!(out, "        data: dict[str, object] = {object}");
        for field in optional {
            let inner = if let Type::Option(inner) = &field.of { inner } else { &field.of };
            let own = format!("self.{}", names::attribute(&field.name));
            let _ = writeln!(out, "        if {own} is not None:");
            let _ = writeln!(out, "            data[\"{}\"] = {}", field.name, writer(model, inner, &own));
        }
        out.push_str("        return data\n");
    }
}

fn annotation(of: &Type, has_default: bool) -> String {
    match of {
        Type::Option(of) => format!("{} | None", annotation(of, false)),
        of if has_default => format!("{} | None", annotation(of, false)),
        Type::Bool => "bool".to_owned(),
        Type::Text => "str".to_owned(),
        Type::Integer(_) => "int".to_owned(),
        Type::Number | Type::Seconds => "float".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::List(of) => format!("Sequence[{}]", annotation(of, false)),
        Type::Pair(of) => format!("tuple[{0}, {0}]", annotation(of, false)),
        Type::Named(name) => names::of(name).to_owned(),
    }
}

/// What is not shown.
const SECRET: &str = "password";

/// The expression that checks and converts a value of the serde form.
fn reader(model: &Model, of: &Type, value: &str, place: &str) -> String {
    match of {
        Type::Bool => format!("_bool({value}, \"{place}\")"),
        Type::Text => format!("_text({value}, \"{place}\")"),
        Type::Integer(most) => format!("_integer({value}, \"{place}\", {most})"),
        Type::Number | Type::Seconds => format!("_number({value}, \"{place}\")"),
        Type::Bytes => format!("_bytes({value}, \"{place}\")"),
        Type::List(of) => {
            format!("tuple({} for one in _items({value}, \"{place}\"))", reader(model, of, "one", place))
        }
        Type::Pair(of) => {
            let each = reader(model, of, "one", place);
            format!("_pair(tuple({each} for one in _items({value}, \"{place}\")), \"{place}\")")
        }
        Type::Option(of) => {
            let inner = reader(model, of, value, place);
            format!("None if {value} is None else {inner}")
        }
        Type::Named(name) => match model.get(name).map(|item| &item.kind) {
            Some(Kind::Key) => format!("{name}(_integer({value}, \"{place}\", {}))", u32::MAX),
            Some(Kind::Words(_)) => format!("_word({}, {value}, \"{place}\")", words_table(name)),
            Some(Kind::Union(_)) => {
                format!("{}_from_dict(_mapping({value}, \"{place}\"))", snake_case(names::of(name)))
            }
            Some(Kind::Object(_)) | None => {
                format!("{}.from_dict(_mapping({value}, \"{place}\"))", names::of(name))
            }
        },
    }
}

/// The expression that gives the serde form of a value.
fn writer(model: &Model, of: &Type, value: &str) -> String {
    match of {
        Type::Bool | Type::Text | Type::Integer(_) | Type::Number | Type::Seconds => value.to_owned(),
        Type::Bytes | Type::Pair(_) => format!("list({value})"),
        Type::List(of) => {
            let each = writer(model, of, "one");
            if each == "one" { format!("list({value})") } else { format!("[{each} for one in {value}]") }
        }

        Type::Option(of) => {
            let inner = writer(model, of, value);
            if inner == value { inner } else { format!("None if {value} is None else {inner}") }
        }
        Type::Named(name) => match model.get(name).map(|item| &item.kind) {
            Some(Kind::Key) => value.to_owned(),
            Some(Kind::Words(_)) => {
                format!("_word({}, {value}, \"{}\").value", words_table(name), snake_case(name))
            }
            Some(Kind::Union(_) | Kind::Object(_)) | None => format!("{value}.to_dict()"),
        },
    }
}

fn words_table(name: &str) -> String {
    format!("_{}", snake_case(name).to_uppercase())
}

fn write_exports(out: &mut String, model: &Model) {
    let mut exported = Vec::new();
    for item in &model.items {
        exported.push(names::of(&item.name).to_owned());
        if let Kind::Union(variants) = &item.kind
            && model.uniform(item).is_none()
        {
            exported.extend(variants.iter().map(|variant| names::of_variant(&item.name, &variant.name)));
            exported.push(format!("{}_from_dict", snake_case(&item.name)));
        }
    }
    exported.sort();
    out.push_str("\n\n__all__ = [\n");
    for name in exported {
        let _ = writeln!(out, "    \"{name}\",");
    }
    out.push_str("]\n");
}

fn write_docs(out: &mut String, indent: &str, docs: &[String]) {
    match docs {
        [] => {}
        [one] => {
            let _ = writeln!(out, "{indent}\"\"\"{one}\"\"\"");
        }
        [first, lines @ ..] => {
            let _ = writeln!(out, "{indent}\"\"\"{first}");
            for line in lines {
                let _ = writeln!(out, "{}", format!("{indent}{line}").trim_end());
            }
            let _ = writeln!(out, "{indent}\"\"\"");
        }
    }
}
