//! The tests of the whole house in one binary; its tree is that of `src`.

mod architecture;
mod auditing;

mod crashing;
mod pushing;
#[path = "../support/mod.rs"]
mod support;
