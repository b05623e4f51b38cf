//! The command `rvoip`.

fn main() {}
