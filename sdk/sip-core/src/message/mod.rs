//! Messages: one buffer, the header fields as spans into it.

mod buffer;
mod fields;
mod length;
mod limits;
mod list;
mod multipart;
mod scan;
mod start_line;
mod stream;
mod validate;
mod view;

pub use buffer::MessageBuf;
pub use fields::HeaderField;
pub use limits::Limits;
pub use multipart::{Multipart, MultipartError, Part};
pub use start_line::StartLine;
pub use stream::{Frame, PING, PONG, StreamFramer};
pub use view::Message;

pub(crate) use list::{Elements, end_of_value};
pub(crate) use validate::ViaPresence;
