//! The append-only log: leaves, sequencer, checkpoints, proofs.
//!
//! Every change of state leaves a leaf. [`append_in`] writes it, without a number, in the change's
//! own transaction; the one [`Sequencer`] gives numbers, in groups, and signs the tree after each.
//! A change that wants its receipt at once goes through [`Sequencer::submit`]; any other process
//! learns by [`wait_for`] that its leaf is in a signed checkpoint.
//!
//! The room promises: leaves have numbers without gaps and times that never go back; nothing is
//! signed before it is durable; a receipt, once given, is the same bytes for ever; a group ends
//! right after an `epoch` leaf, so that a checkpoint has exactly that size. It leaves to others
//! what a leaf says, and that nothing personal is in it.
//!
//! The tree is that of RFC 6962 ([`tree`]), checkpoints are C2SP signed notes ([`note`]), proofs
//! C2SP `tlog-proof` texts ([`proof`]). [`verify`] needs no server and no database.

mod anchor;
mod api;
mod error;
mod fsck;
mod hash;
mod leaf;
pub mod note;
mod numbering;
pub mod proof;
mod recompute;
mod records;
mod sequencer;
mod signer;
mod startup;
mod store;
mod task;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod verify;
mod wait;

pub use api::api;
pub use error::{Fatal, LedgerError, StartError};
pub use fsck::{Fault, fsck};
pub use hash::Hash;
pub use leaf::{LEAF_LIMIT, Leaf, LeafFault, LeafKind, NewLeaf, read_leaf};
pub use note::{Note, TreeHead, VerifierKey};
pub use records::{RecordTree, record_path};
pub use sequencer::{Deposit, Inclusion, Keep, Running, Sequencer, Settings};
pub use signer::{LogSigner, SignerError};
pub use store::{
    Checkpoint, append_in, checkpoint_at, checkpoint_over, checkpoints, consistency, inclusion,
    latest_checkpoint, leaf, leaf_hashes, leaves, leaves_of, newest_proof, receipt, root,
};
pub use tree::{leaf_hash, node_hash, root_of};
pub use wait::{Located, wait_for};
