//! What every language should have: handles with their verbs, functions, data types with their fields.

use anyhow::Result;
use syn::{Attribute, ImplItem, Visibility};

use super::languages::Language;
use crate::facade::{Crate, Kind as Shape, Model, Variant, exported, model_of};

/// Exported names that are no subject of parity, each with its reason.
const OUTSIDE: &[(&str, &str)] = &[
    ("Result", "an abbreviation"),
    ("Verb", "the future of a verb; other languages have their own"),
    ("Scope", "tells a handle's own events apart; no verb takes it"),
    ("WireEntry", "what a wire tap sees; its verb is ClientBuilder::wire_tap"),
    ("WireTap", "a closure; its verb is ClientBuilder::wire_tap"),
    ("MediaPlatform", "a JavaScript object; its verb is ClientBuilder::media_platform"),
];

/// One item that a language should have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// The type that it belongs to; nothing for a function.
    pub(super) container: String,
    pub(super) member: String,
    on: Platform,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A method of a handle, or a function.
    Verb,
    /// A kind of error.
    Error,
    /// A field of a data type, or a word of an enum.
    Field,
    /// A variant of a union.
    Variant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Platform {
    Every,
    Browser,
    Native,
}

impl Item {
    /// As the facade names it.
    pub(super) fn path(&self) -> String {
        if self.container.is_empty() {
            self.member.clone()
        } else {
            format!("{}::{}", self.container, self.member)
        }
    }

    pub(super) fn is_for(&self, language: &Language) -> bool {
        match self.on {
            Platform::Every => true,
            Platform::Browser => language.is_browser,
            Platform::Native => !language.is_browser,
        }
    }
}

/// Everything wanted, and what could not be classed.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) items: Vec<Item>,
    strange: Vec<String>,
}

impl Wanted {
    /// Reads the facade.
    pub(super) fn read(facade: &Crate, driver: &Crate) -> Result<Self> {
        let model = model_of(facade, driver)?;
        let mut wanted = Self::default();
        for (_, name) in exported(facade) {
            let before = wanted.items.len();
            if model.get(&name).is_some() {
                wanted.data(&model, &name);
            } else if !OUTSIDE.iter().any(|(outside, _)| *outside == name) {
                wanted.handle(facade, &name);
                if wanted.items.len() == before {
                    wanted.strange.push(name);
                }
            }
        }
        Ok(wanted)
    }

    /// Names that are neither data nor handle nor function nor known to be outside.
    pub(super) fn unclassed(&self) -> Vec<String> {
        let told =
            |name: &String| format!("{name} is exported and of no class that xtask's parity/wanted.rs knows");
        self.strange.iter().map(told).collect()
    }

    fn push(&mut self, kind: Kind, container: &str, member: &str, on: Platform) {
        let item = Item { kind, container: container.to_owned(), member: member.to_owned(), on };
        if !self.items.contains(&item) {
            self.items.push(item);
        }
    }

    /// A type's public methods, or a public function.
    fn handle(&mut self, facade: &Crate, name: &str) {
        for item in &facade.items {
            if let syn::Item::Fn(function) = item
                && function.sig.ident == name
            {
                self.push(Kind::Verb, "", name, Platform::Every);
            }
            let syn::Item::Impl(block) = item else { continue };
            let syn::Type::Path(of) = &*block.self_ty else { continue };
            if block.trait_.is_some() || !of.path.is_ident(name) {
                continue;
            }
            for method in &block.items {
                if let ImplItem::Fn(method) = method
                    && matches!(method.vis, Visibility::Public(_))
                    && let Some(on) = platform(&block.attrs, &method.attrs)
                {
                    self.push(Kind::Verb, name, &method.sig.ident.to_string(), on);
                }
            }
        }
    }

    fn data(&mut self, model: &Model, name: &str) {
        let Some(item) = model.get(name) else { return };
        match &item.kind {
            Shape::Key => self.push(Kind::Verb, "", name, Platform::Every),
            Shape::Words(words) => {
                let kind = if name == "ErrorKind" { Kind::Error } else { Kind::Field };
                for word in words {
                    self.push(kind, name, &word.name, Platform::Every);
                }
            }
            Shape::Object(fields) => {
                for field in fields {
                    self.push(Kind::Field, name, &field.name, Platform::Every);
                }
            }
            // The errors of ErrorKind.
            Shape::Union(_) if name == "Error" => {}
            Shape::Union(variants) => {
                for variant in variants {
                    self.variant(name, variant);
                }
            }
        }
    }

    fn variant(&mut self, name: &str, variant: &Variant) {
        self.push(Kind::Variant, name, &variant.name, Platform::Every);
        let container = format!("{name}::{}", variant.name);
        for field in &variant.fields {
            self.push(Kind::Field, &container, &field.name, Platform::Every);
        }
    }
}

/// Where something is compiled; none if it is for tests alone.
fn platform(block: &[Attribute], method: &[Attribute]) -> Option<Platform> {
    let mut on = Platform::Every;
    for attribute in block.iter().chain(method).filter(|attribute| attribute.path().is_ident("cfg")) {
        let syn::Meta::List(list) = &attribute.meta else { continue };
        let condition = list.tokens.to_string().replace(' ', "");
        if condition.contains("harness") || condition == "test" {
            return None;
        }
        if condition.contains("wasm32") {
            on = if condition.starts_with("not(") { Platform::Native } else { Platform::Browser };
        }
    }
    Some(on)
}
