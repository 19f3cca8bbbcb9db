//! The append-only log: leaves, sequencer, checkpoints, proofs.
