//! Batches, day closes and receipts: what businesses push.
