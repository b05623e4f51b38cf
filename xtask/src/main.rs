//! What people type: `cargo xtask test`, `ci`, `tidy`, `bench`, `doc`.

fn main() {}
