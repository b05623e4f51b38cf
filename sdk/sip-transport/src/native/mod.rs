//! Sockets on tokio.

mod address;
mod connecting;
mod listener;
mod ready;
mod records;
mod resolver;
mod send_queue;
mod stream;
mod transports;
mod udp;

pub use address::local_address_towards;
pub use resolver::Resolver;
pub use transports::Transports;
