//! Whole calls on a virtual clock, over a network that loses, doubles, delays and reorders.
//!
//! A seed decides everything: the weather, when who answers, holds, presses keys and hangs up. So a call that went wrong is
//! replayed by its seed.

pub mod call;
pub mod network;
pub mod phone;
pub mod seeds;
pub mod star;
pub mod wire;
