//! The tests of the whole house in one binary; its tree is that of `src`.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may")]

mod architecture;
mod auditing;
#[cfg(feature = "postgres")]
mod barrier;
mod checking;
mod crashing;
mod dependencies;
mod disclosing;
mod mailing;
mod portal;
mod privacy;
mod pushing;
mod rights;
#[expect(dead_code, reason = "each test binary uses a part of the town")]
#[path = "../support/mod.rs"]
mod support;
