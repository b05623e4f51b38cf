//! From Rust's types to their serde form.

use anyhow::{Context as _, Result, bail};
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, GenericArgument, ItemEnum, ItemStruct, PathArguments, Token};

use super::crates::Crate;
use super::model::{Field, Item, Kind, Model, Type, Variant, snake_case};

/// The data types among what `lib.rs` re-exports: those that have a serde form.
pub(super) fn model(facade: &Crate, others: &[(&str, &Crate)]) -> Result<Model> {
    let mut model = Model::default();
    for (origin, name) in exported(facade) {
        let source = others.iter().find(|(other, _)| *other == origin).map_or(facade, |(_, source)| source);
        let found = source.items.iter().find_map(|item| item_of(item, &name));
        if let Some(item) = found.transpose().with_context(|| format!("reading the type {name}"))? {
            model.items.push(item);
        }
    }
    if model.items.is_empty() {
        bail!("the facade has no data types");
    }
    Ok(model)
}

/// Every name that `pub use` gives to the world, with the first segment of its path.
pub(crate) fn exported(facade: &Crate) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for item in &facade.root {
        if let syn::Item::Use(item) = item
            && matches!(item.vis, syn::Visibility::Public(_))
            && !is_for_tests(&item.attrs)
            && let syn::UseTree::Path(path) = &item.tree
        {
            leaves(&path.ident.to_string(), &path.tree, &mut found);
        }
    }
    found
}

/// Whether something is compiled for tests alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    let of = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        syn::Meta::Path(_) | syn::Meta::NameValue(_) => String::new(),
    };
    attributes.iter().any(|one| one.path().is_ident("cfg") && of(one).contains("harness"))
}

fn leaves(origin: &str, tree: &syn::UseTree, found: &mut Vec<(String, String)>) {
    match tree {
        syn::UseTree::Name(name) => found.push((origin.to_owned(), name.ident.to_string())),
        syn::UseTree::Rename(name) => found.push((origin.to_owned(), name.rename.to_string())),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(origin, tree, found)),
        syn::UseTree::Path(path) => leaves(origin, &path.tree, found),
        syn::UseTree::Glob(_) => {}
    }
}

/// The data type of this name, if the item is one.
fn item_of(item: &syn::Item, name: &str) -> Option<Result<Item>> {
    if let syn::Item::Struct(item) = item {
        return (item.ident == name && has_serde(&item.attrs)).then(|| of_struct(item));
    }
    if let syn::Item::Enum(item) = item {
        return (item.ident == name && has_serde(&item.attrs)).then(|| of_enum(item));
    }
    None
}

fn of_struct(item: &ItemStruct) -> Result<Item> {
    let serde = Serde::of(&item.attrs)?;
    let kind = match &item.fields {
        Fields::Named(fields) => Kind::Object(read_fields(&fields.named, serde.default)?),
        Fields::Unnamed(fields) if serde.transparent && fields.unnamed.len() == 1 => Kind::Key,
        Fields::Unnamed(_) | Fields::Unit => bail!("its serde form is not understood"),
    };
    Ok(Item { name: item.ident.to_string(), docs: docs(&item.attrs), kind })
}

fn of_enum(item: &ItemEnum) -> Result<Item> {
    let serde = Serde::of(&item.attrs)?;
    if serde.rename_all.as_deref() != Some("snake_case") {
        bail!("an enum wants `rename_all = \"snake_case\"`");
    }
    let mut variants = Vec::new();
    for variant in &item.variants {
        let own = Serde::of(&variant.attrs)?;
        let fields = match &variant.fields {
            Fields::Named(fields) => read_fields(&fields.named, false)?,
            Fields::Unit => Vec::new(),
            Fields::Unnamed(_) => bail!("{} has fields without names", variant.ident),
        };
        let name = variant.ident.to_string();
        let word = own.rename.unwrap_or_else(|| snake_case(&name));
        variants.push(Variant { name, word, docs: docs(&variant.attrs), fields });
    }
    let kind = match serde.tag.as_deref() {
        Some("type") => Kind::Union(variants),
        None if variants.iter().all(|variant| variant.fields.is_empty()) => Kind::Words(variants),
        _ => bail!("an enum with fields wants `tag = \"type\"`"),
    };
    Ok(Item { name: item.ident.to_string(), docs: docs(&item.attrs), kind })
}

fn read_fields(fields: &Punctuated<syn::Field, Token![,]>, default: bool) -> Result<Vec<Field>> {
    let mut read = Vec::new();
    for field in fields {
        let serde = Serde::of(&field.attrs)?;
        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let context = || format!("reading the field {name}");
        let of = type_of(&field.ty, serde.with.as_deref()).with_context(context)?;
        let name = serde.rename.unwrap_or_else(|| name.clone());
        read.push(Field { name, docs: docs(&field.attrs), of, has_default: default || serde.default });
    }
    Ok(read)
}

fn type_of(of: &syn::Type, with: Option<&str>) -> Result<Type> {
    if let syn::Type::Tuple(tuple) = of {
        let of = tuple.elems.iter().map(|one| type_of(one, None)).collect::<Result<Vec<_>>>()?;
        let [one, other] = of.as_slice() else { bail!("a tuple wants to be a pair") };
        if one != other {
            bail!("a pair wants to be of one type");
        }
        return Ok(Type::Pair(Box::new(one.clone())));
    }
    let syn::Type::Path(path) = of else { bail!("its type is not understood") };
    let Some(last) = path.path.segments.last() else { bail!("its type is not understood") };
    let inner = || -> Result<Type> {
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { bail!("it is of no type") };
        let Some(GenericArgument::Type(inner)) = arguments.args.first() else { bail!("it is of no type") };
        type_of(inner, with)
    };
    let name = last.ident.to_string();
    Ok(match name.as_str() {
        "bool" => Type::Bool,
        "String" | "PathBuf" | "SocketAddr" | "IpAddr" => Type::Text,
        "u8" => Type::Integer(u8::MAX.into()),
        "u16" => Type::Integer(u16::MAX.into()),
        "u32" => Type::Integer(u32::MAX.into()),
        // What a number of JavaScript holds exactly.
        "u64" => Type::Integer((1 << 53) - 1),
        "f32" | "f64" => Type::Number,
        "Duration" => match with {
            Some(with) if with.ends_with("seconds") => Type::Seconds,
            _ => bail!("a duration wants `with = \"crate::seconds\"`"),
        },
        "Option" => Type::Option(Box::new(inner()?)),
        "Vec" => {
            let of = inner()?;
            if of == Type::Integer(u8::MAX.into()) { Type::Bytes } else { Type::List(Box::new(of)) }
        }
        _ if path.path.segments.len() == 1 && last.arguments.is_none() => Type::Named(name),
        _ => bail!("its type {name} has no form in other languages"),
    })
}

/// What the `serde` attributes of an item, a variant or a field say. One that is not known here is an error: the
/// generated types would be wrong.
#[derive(Debug, Default)]
struct Serde {
    tag: Option<String>,
    rename_all: Option<String>,
    rename: Option<String>,
    with: Option<String>,
    default: bool,
    transparent: bool,
}

impl Serde {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut serde = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let text = |meta: &syn::meta::ParseNestedMeta<'_>| {
                    meta.value()?.parse::<syn::LitStr>().map(|text| Some(text.value()))
                };
                match name.as_str() {
                    "tag" => serde.tag = text(&meta)?,
                    "rename_all" => serde.rename_all = text(&meta)?,
                    "rename" => serde.rename = text(&meta)?,
                    "with" => serde.with = text(&meta)?,
                    "default" => serde.default = true,
                    "transparent" => serde.transparent = true,
                    "deny_unknown_fields" => {}
                    _ => {
                        return Err(meta.error("this serde attribute is not known to xtask's facade/read.rs"));
                    }
                }
                Ok(())
            })?;
        }
        Ok(serde)
    }
}

fn has_serde(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let parse = Punctuated::<syn::Path, Token![,]>::parse_terminated;
        attribute.parse_args_with(parse).is_ok_and(|paths| {
            paths.iter().any(|path| path.segments.last().is_some_and(|one| one.ident == "Serialize"))
        })
    })
}

/// The lines of documentation, intra-doc links reduced to their words.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let syn::Meta::NameValue(value) = &attribute.meta
            && let syn::Expr::Lit(literal) = &value.value
            && let syn::Lit::Str(text) = &literal.lit
        {
            let text = text.value();
            let text = text.strip_prefix(' ').unwrap_or(&text);
            lines.push(without_links(text));
        }
    }
    lines
}

/// ``[`Error`](x)`` and ``[`Error`]`` as `` `Error` ``.
fn without_links(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[`") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("`]") else {
            out.push_str("[`");
            rest = after;
            continue;
        };
        out.push('`');
        out.push_str(name);
        out.push('`');
        rest = match after.strip_prefix('(').and_then(|link| link.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Result<Model> {
        model(&Crate::parse([("lib.rs", "pub use event::{A, B};"), ("event.rs", source)])?, &[])
    }

    #[test]
    fn attributes_of_serde_are_honoured() {
        let source = r#"
            /// Doc [`A`](x).
            #[derive(Serialize)] #[serde(tag = "type", rename_all = "snake_case")]
            pub enum A { OneTwo { /// Field.
                a: Option<u16>, #[serde(default)] b: Vec<u8> }, #[serde(rename = "3")] Three }
            #[derive(Serialize)] #[serde(default)]
            pub struct B { #[serde(with = "crate::seconds")] pub t: Duration, pub p: (u16, u16) }
            #[derive(Debug)] pub struct C;"#;
        let model = read(source).unwrap();
        let [a, b] = model.items.as_slice() else { panic!("{model:?}") };
        assert_eq!(a.docs, ["Doc `A`."]);
        let Kind::Union(variants) = &a.kind else { panic!("{a:?}") };
        let words: Vec<&str> = variants.iter().map(|one| one.word.as_str()).collect();
        assert_eq!(words, ["one_two", "3"]);
        let fields = &variants.first().unwrap().fields;
        assert_eq!(fields.first().unwrap().of, Type::Option(Box::new(Type::Integer(65_535))));
        assert!(fields.last().unwrap().has_default);
        assert_eq!(fields.last().unwrap().of, Type::Bytes);
        assert!(Model::is_settings(b));
        let Kind::Object(fields) = &b.kind else { panic!("{b:?}") };
        assert_eq!(fields.first().unwrap().of, Type::Seconds);
    }

    #[test]
    fn what_has_no_form_in_other_languages_is_an_error_that_names_it() {
        for (bad, named) in [
            ("#[derive(Serialize)] pub struct A { t: Duration }", "field t"),
            ("#[derive(Serialize)] pub struct A { t: BTreeMap<u8, u8> }", "BTreeMap"),
            ("#[derive(Serialize)] #[serde(flatten)] pub struct A { t: u8 }", "not known"),
            ("#[derive(Serialize)] pub enum A { One }", "snake_case"),
            (
                r#"#[derive(Serialize)] #[serde(rename_all = "snake_case")] pub enum A { One { a: u8 } }"#,
                "tag",
            ),
        ] {
            let error = format!("{:#}", read(bad).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
