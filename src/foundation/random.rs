//! Randomness as an argument.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::ChaCha20Rng;
use rand::{Rng as _, SeedableRng as _};

/// Randomness as an argument.
#[derive(Clone)]
pub struct Random(Arc<Source>);

enum Source {
    System,
    Seeded(Box<Mutex<ChaCha20Rng>>),
}

impl Random {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A reproducible stream; for invented cities and tests, never for keys that matter.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source::Seeded(Box::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))))
    }

    /// Fills `buffer`.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &*self.0 {
            Source::System => rand::fill(buffer),
            Source::Seeded(rng) => {
                rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// A number from 0 to `bound` − 1, uniformly; 0 if `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let x = u64::from_le_bytes(self.bytes());
            if x < limit {
                return x % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeded_source_repeats_itself() {
        let (a, b) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(a.bytes::<16>(), b.bytes::<16>());
        assert_ne!(a.bytes::<16>(), Random::seeded(8).bytes::<16>());
        assert!((0..1000).all(|_| a.below(3) < 3));
    }
}
