//! What a process can be.

pub mod demo;
