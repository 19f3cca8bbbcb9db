//! What a process can be: one role, its keys, its jobs.

pub mod audit;
pub mod demo;
pub mod init;
pub mod keys;
pub mod notify;
pub mod registry;
pub mod rules;
pub mod serve;
pub mod up;
