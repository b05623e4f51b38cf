//! The softswitch: registrar and proxy.
