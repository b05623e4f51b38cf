//! Whole calls on a virtual clock, over a network that loses, doubles, delays and reorders.

pub mod network;
