//! Plans, population checks, draw, opening, verdict and score.
