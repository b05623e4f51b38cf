//! What broken and hostile peers send, and what it costs.
//!
//! Mutants of messages from a seed, the torture messages of RFC 4475 and RFC 5118 with what becomes of each, every typed header
//! at once; an allocator that counts, and whether work grows in proportion.

pub mod memory;
pub mod mutation;
pub mod torture;
pub mod typed;
pub mod work;
