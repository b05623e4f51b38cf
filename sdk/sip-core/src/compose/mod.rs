//! Writing messages: from nothing, as the answer to a request, and as a patch of a received one.

mod builder;
mod edit;
mod line;

pub use builder::MessageBuilder;
pub use edit::Edit;
