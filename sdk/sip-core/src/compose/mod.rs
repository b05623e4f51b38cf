//! Writing messages: from nothing, as the answer to a request, and as a patch of a received one.

mod builder;
mod edit;
mod line;
mod multipart;

pub use builder::MessageBuilder;
pub use edit::Edit;
pub use multipart::{MultipartBuilder, PartBuilder};
