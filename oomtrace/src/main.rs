//! The `oomtrace` command.
fn main() {}
