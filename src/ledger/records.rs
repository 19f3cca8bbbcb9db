//! The tree over the record lines of one batch, whose root stands in the batch's leaf.

use super::tree::{self, Frontier};
use super::{Hash, leaf_hash};

/// The root over record lines, built while they pass.
///
/// A line is hashed as a leaf of RFC 6962, without its LF.
#[derive(Clone, Debug)]
pub struct RecordTree(Frontier);

impl RecordTree {
    /// A tree without lines.
    #[must_use]
    pub const fn new() -> Self {
        Self(Frontier::empty())
    }

    /// Adds the next line, without its LF.
    pub fn push(&mut self, line: &[u8]) {
        self.0.push(leaf_hash(line), |_, _| {});
    }

    /// The number of lines so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.0.size()
    }

    /// The root over the lines so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.0.root()
    }
}

impl Default for RecordTree {
    fn default() -> Self {
        Self::new()
    }
}

/// The proof that the line at `position`, from zero, is among `lines` at that place; `None` if
/// there is no such line. [`super::verify::includes`] checks it against the record root.
#[must_use]
pub fn record_path<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    position: usize,
) -> Option<Vec<Hash>> {
    let hashes: Vec<Hash> = lines.into_iter().map(leaf_hash).collect();
    tree::inclusion_of(&hashes, position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::verify::includes;

    #[test]
    fn one_record_is_proved_against_the_root_of_its_batch() {
        let lines: Vec<Vec<u8>> = (0..23).map(|i| format!("line {i}").into_bytes()).collect();
        let mut batch = RecordTree::new();
        lines.iter().for_each(|line| batch.push(line));
        assert_eq!(batch.count(), 23);
        for (position, line) in lines.iter().enumerate() {
            let path = record_path(lines.iter().map(Vec::as_slice), position).unwrap();
            let index = u64::try_from(position).unwrap();
            assert_eq!(includes(&leaf_hash(line), index, 23, &path, &batch.root()), Ok(()));
        }
        assert_eq!(record_path(lines.iter().map(Vec::as_slice), 23), None);
    }
}
