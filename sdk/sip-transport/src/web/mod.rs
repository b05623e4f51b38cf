//! WebSocket of the browser, by web-sys. A page has no other transport and no DNS.

mod resolver;
mod socket;
mod transports;

pub use resolver::Resolver;
pub use transports::Transports;
