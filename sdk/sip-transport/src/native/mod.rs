//! Sockets on tokio.

mod address;
mod connected;
mod connecting;
mod connection;
mod handshake;
mod head;
mod identity;
mod listener;
mod provider;
mod ready;
mod records;
mod resolver;
mod send_queue;
mod stream;
mod tls;
mod transports;
mod udp;
mod websocket;
mod words;

pub use address::local_address_towards;
pub use resolver::Resolver;
pub use transports::Transports;
