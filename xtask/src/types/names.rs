//! What types are called outside Rust.

use crate::facade::{Item, Variant};

/// `Error` is taken in every language by what is thrown; ours there is the data of one.
pub(super) fn of(name: &str) -> &str {
    if name == "Error" { "ErrorData" } else { name }
}

/// The type of one variant: an event goes by its own name, others are qualified by that of their union.
pub(super) fn of_variant(item: &Item, variant: &Variant) -> String {
    if item.name == "Event" { variant.name.clone() } else { format!("{}{}", item.name, variant.name) }
}
