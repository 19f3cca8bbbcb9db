//! The new tree, computed from what was read back.

use std::collections::HashMap;

use super::error::Fatal;
use super::store::Head;
use super::tree::{self, Frontier, Node};
use super::{Hash, Leaf, leaf_hash};

/// The tree after a group, and all nodes that proofs of the group's leaves need.
pub(super) struct Recomputed {
    pub(super) tree: Frontier,
    nodes: HashMap<Node, Hash>,
}

impl Recomputed {
    /// The tree of `head`, grown from `old` by `leaves` as they were read back.
    ///
    /// # Errors
    ///
    /// [`Fatal::Altered`] if the stored bytes, hashes and root do not agree.
    pub(super) fn of(old: &Frontier, head: &Head, leaves: &[Leaf]) -> Result<Self, Fatal> {
        let altered = |index| Fatal::Altered { size: head.size, index };
        let (mut tree, mut nodes) = (old.clone(), old.nodes().collect::<HashMap<_, _>>());
        for leaf in leaves {
            let hash = leaf_hash(&leaf.bytes);
            if leaf.index != tree.size() || leaf.hash != hash {
                return Err(altered(tree.size()));
            }
            tree.push(hash, |node, hash| {
                nodes.insert(node, hash);
            });
        }
        if tree.size() == head.size && tree.root() == head.root {
            Ok(Self { tree, nodes })
        } else {
            Err(altered(old.size()))
        }
    }

    /// The inclusion proof of a leaf of the group. Each sibling to its left is on the old edge or
    /// was completed by the group.
    pub(super) fn path(&self, index: u64) -> Vec<Hash> {
        let mut known = &self.nodes;
        match tree::inclusion(&mut known, index, self.tree.size()) {
            Ok(path) => path.unwrap_or_default(),
        }
    }
}
