//! Plans, population checks, draw, opening, verdict and score.

pub mod detector;
pub mod draw;
pub mod fixed;
pub mod population;
pub mod score;
pub mod stratified;
pub mod verdict;

#[cfg(test)]
mod vectors_tests;
