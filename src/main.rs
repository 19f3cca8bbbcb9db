//! The `chayan` program.
fn main() {}
