//! What every room stands on; it knows nothing of audits.

pub mod crypto;
pub mod db;
pub mod house;
pub mod ids;
pub mod jobs;
pub mod mail;
pub mod paging;
pub mod problem;
mod random;
pub mod secret;
pub mod telemetry;
pub mod time;
pub mod web;

pub use house::House;
pub use random::Random;
