//! What types are called outside Rust.

/// `Error` is taken in every language by what is thrown; ours there is the data of one.
pub(crate) fn of(name: &str) -> &str {
    if name == "Error" { "ErrorData" } else { name }
}

/// The type of one variant: an event goes by its own name, others are qualified by that of their union.
pub(crate) fn of_variant(union: &str, variant: &str) -> String {
    if union == "Event" { variant.to_owned() } else { format!("{union}{variant}") }
}

/// A field as an attribute of Python: keywords get an underscore.
pub(crate) fn attribute(name: &str) -> String {
    let is_keyword = matches!(name, "from" | "in" | "is" | "class" | "import" | "lambda");
    if is_keyword { format!("{name}_") } else { name.to_owned() }
}
