//! Findings and what follows from them.
