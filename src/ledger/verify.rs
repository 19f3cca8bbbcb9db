//! Checks that need no server: inclusion, consistency, receipts.

use super::note::{NoteError, TreeHead, VerifierKey};
use super::proof::Proof;
use super::tree::root_of;
use super::{Hash, leaf_hash, node_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no such leaf, or the older tree is larger than the newer one.
    #[error("the place lies outside the tree")]
    Place,
    /// The proof has a hash too many or too few.
    #[error("the proof does not fit the size of the tree")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that `leaf`, a leaf hash, is number `index` of the tree of `size` leaves under `root`.
///
/// `index` counts from zero. `path` goes from the leaf's sibling up to the root's child.
///
/// # Errors
///
/// [`ProofError`], which says what does not fit.
///
/// Source: RFC 9162, section 2.1.3.2.
pub fn includes(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Place);
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(beside, &hash);
            (place, last) = up_to_right_child(place, last);
        } else {
            hash = node_hash(&hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    match last {
        0 if hash == *root => Ok(()),
        0 => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks that the tree `new`, its size and root, continues the tree `old`.
///
/// Every tree continues the one without leaves, by an empty path.
///
/// # Errors
///
/// [`ProofError`], which says what does not fit.
///
/// Source: RFC 9162, section 2.1.4.2.
pub fn consistent(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> Result<(), ProofError> {
    if old.0 > new.0 {
        return Err(ProofError::Place);
    }
    if old.0 == 0 || old.0 == new.0 {
        let expected = if old.0 == 0 { root_of(&[]) } else { *new.1 };
        return match path {
            [] if *old.1 == expected => Ok(()),
            [] => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        };
    }
    let (seed, rest) = if old.0.is_power_of_two() {
        (old.1, path)
    } else {
        path.split_first().ok_or(ProofError::Length)?
    };
    let complete = (old.0 - 1).trailing_ones();
    let (mut place, mut last) = ((old.0 - 1) >> complete, (new.0 - 1) >> complete);
    let (mut first, mut second) = (*seed, *seed);
    for beside in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place & 1 == 1 || place == last {
            first = node_hash(beside, &first);
            second = node_hash(beside, &second);
            (place, last) = up_to_right_child(place, last);
        } else {
            second = node_hash(&second, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    match last {
        0 if first == *old.1 && second == *new.1 => Ok(()),
        0 => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Climbs past the levels at which a node at the right edge has no sibling.
const fn up_to_right_child(mut place: u64, mut last: u64) -> (u64, u64) {
    while place & 1 == 0 && place != 0 {
        (place, last) = (place >> 1, last >> 1);
    }
    (place, last)
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The proof text or its checkpoint cannot be read, or the log's signature does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The leaf is not where the proof says.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The leaf's number, from zero.
    pub index: u64,
    /// The checkpoint that holds it.
    pub head: TreeHead,
}

/// Checks with no server that `leaf`, byte for byte, is in the log of `key`, by the text of a
/// `tlog-proof`.
///
/// # Errors
///
/// [`ReceiptError`], which says what does not fit.
pub fn receipt(leaf: &[u8], proof: &str, key: &VerifierKey) -> Result<Proved, ReceiptError> {
    let proof: Proof = proof.parse()?;
    let head = TreeHead::open(&proof.note, key)?;
    includes(&leaf_hash(leaf), proof.index, head.size, &proof.path, &head.root)?;
    Ok(Proved { index: proof.index, head })
}
