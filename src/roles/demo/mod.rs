//! `demo`: an invented city under a simulated clock; what was planted, what was found.

pub mod city;
pub mod plant;
pub mod records;
pub mod sink;
