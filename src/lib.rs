//! Chayan (查验): a compliance-audit backend for the businesses that the law obliges to verify and
//! register their customers' identity.
//!
//! This page is the table of contents. A module may use only what stands on a lower line of the
//! one-way street in `ARCHITECTURE.md`; `tests/it/architecture.rs` keeps it so.

pub mod app;
pub mod audits;
pub mod cases;
pub mod cli;
pub mod config;
pub mod foundation;
pub mod identity;
pub mod intake;
pub mod keys;
pub mod ledger;
pub mod notices;
pub mod outside;
pub mod registry;
pub mod roles;
pub mod routes;
pub mod rules;
pub mod schedule;
