//! What the crate for uniffi exports, as Kotlin and Swift see it: methods and functions in their case, and the data types
//! that it restates under the names of the facade.

use proc_macro2::TokenTree;
use syn::{Fields, Item};

use super::surface::Surface;
use crate::facade::Crate;
use crate::facade::model::camel_case;

pub(super) fn surface(binding: &Crate) -> Surface {
    let mut surface = Surface::default();
    for item in &binding.items {
        add(item, &mut surface);
    }
    surface
}

fn add(item: &Item, surface: &mut Surface) {
    if let Item::Fn(function) = item
        && is_uniffi(&function.attrs)
    {
        surface.add("", &camel_case(&function.sig.ident.to_string()));
    }
    if let Item::Impl(block) = item
        && is_uniffi(&block.attrs)
        && let syn::Type::Path(of) = &*block.self_ty
        && let Some(of) = of.path.get_ident()
    {
        for method in &block.items {
            if let syn::ImplItem::Fn(method) = method {
                surface.add(&of.to_string(), &camel_case(&method.sig.ident.to_string()));
            }
        }
    }
    if let Item::Macro(call) = item
        && call.mac.path.segments.last().is_some_and(|one| one.ident == "custom_type")
    {
        let mut tokens = call.mac.tokens.clone().into_iter();
        let name = tokens.find_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        });
        surface.add("", &name.unwrap_or_default());
    }
    if let Item::Struct(item) = item
        && is_uniffi(&item.attrs)
    {
        add_fields(&item.ident.to_string(), &item.fields, surface);
    }
    if let Item::Enum(item) = item
        && is_uniffi(&item.attrs)
    {
        let name = item.ident.to_string();
        for variant in &item.variants {
            let variant_name = variant.ident.to_string();
            surface.add(&name, &variant_name);
            add_fields(&format!("{name}::{variant_name}"), &variant.fields, surface);
        }
    }
}

fn add_fields(container: &str, fields: &Fields, surface: &mut Surface) {
    for name in fields.iter().filter_map(|field| field.ident.as_ref()) {
        surface.add(container, &name.to_string());
    }
}

/// Whether an attribute gives the item to uniffi: one of its own, or a derive of its traits.
fn is_uniffi(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        meta if meta.path().segments.first().is_some_and(|one| one.ident == "uniffi") => true,
        syn::Meta::List(list) => list.path.is_ident("derive") && list.tokens.to_string().contains("uniffi"),
        syn::Meta::Path(_) | syn::Meta::NameValue(_) => false,
    })
}
