//! Intake as businesses meet it: over HTTP, with a running log, on a fresh database.

mod batches;
mod checking;
mod closes;
mod closures;
mod disclosures;
mod refusals;
mod stage;
