//! The Merkle tree of RFC 6962, section 2.1, grown at its right edge.
//!
//! Only complete subtrees are stored, each once and for ever: node `(level, index)` covers the
//! leaves from `index · 2^level` up to the next multiple. Everything else, roots and proofs, is
//! folded from them.

use std::collections::HashMap;
use std::convert::Infallible;

use sha2::{Digest as _, Sha256};

use super::Hash;

/// The hash of one leaf: SHA-256 of a zero byte and the leaf's bytes.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of two neighbouring subtrees: SHA-256 of a one byte and both hashes.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The root of the tree over `leaves`, by the definition, from nothing but the leaf hashes: the
/// oracle for everything that is stored.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash(Sha256::digest([]).into()),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The place of a complete subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// The subtree covers `2^level` leaves.
    pub level: u32,
    /// Its place among the subtrees of its level, from zero on the left.
    pub index: u64,
}

/// The right edge of a tree: all that is needed to grow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The complete subtrees that the tree falls into, from the largest to the smallest.
    edge: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// The tree of `size` leaves whose edge, at the places that [`Frontier::places`] names, is
    /// `edge`; `None` if their number differs.
    #[must_use]
    pub fn of(size: u64, edge: Vec<Hash>) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?;
        if edge.len() == expected { Some(Self { size, edge }) } else { None }
    }

    /// The places of the edge of a tree of `size` leaves, from left to right.
    #[must_use]
    pub fn places(size: u64) -> Vec<Node> {
        subtrees(Span { from: 0, to: size })
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The edge and its places, from left to right.
    pub fn nodes(&self) -> impl Iterator<Item = (Node, Hash)> + '_ {
        Self::places(self.size).into_iter().zip(self.edge.iter().copied())
    }

    /// Adds one leaf and hands each subtree that it completes to `made`, the leaf itself first.
    pub fn push(&mut self, leaf: Hash, mut made: impl FnMut(Node, Hash)) {
        let (mut node, mut hash) = (Node { level: 0, index: self.size }, leaf);
        made(node, hash);
        while node.index & 1 == 1
            && let Some(left) = self.edge.pop()
        {
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            made(node, hash);
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.edge).unwrap_or_else(|| root_of(&[]))
    }
}

/// Where hashes of complete subtrees are kept.
pub trait Nodes {
    /// What can go wrong while fetching.
    type Error;

    /// The hashes at `wanted`, in that order; `None` for one that is not kept.
    ///
    /// # Errors
    ///
    /// Those of the place where they are kept.
    fn fetch(&mut self, wanted: &[Node]) -> Result<Vec<Option<Hash>>, Self::Error>;
}

impl Nodes for &HashMap<Node, Hash> {
    type Error = Infallible;

    fn fetch(&mut self, wanted: &[Node]) -> Result<Vec<Option<Hash>>, Infallible> {
        Ok(wanted.iter().map(|node| self.get(node).copied()).collect())
    }
}

/// The root of the tree of the first `size` leaves; `None` if a node is missing.
///
/// # Errors
///
/// Those of `nodes`.
pub fn root_at<N: Nodes>(nodes: &mut N, size: u64) -> Result<Option<Hash>, N::Error> {
    if size == 0 {
        return Ok(Some(root_of(&[])));
    }
    let root = gather(nodes, &[Span { from: 0, to: size }])?;
    Ok(root.and_then(|hashes| hashes.first().copied()))
}

/// The inclusion proof of leaf `index` in the tree of the first `size` leaves, from the leaf's
/// sibling up to the root's child; `None` if there is no such leaf or a node is missing.
///
/// # Errors
///
/// Those of `nodes`.
///
/// Source: RFC 6962, section 2.1.1.
pub fn inclusion<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Option<Vec<Hash>>, N::Error> {
    if index >= size { Ok(None) } else { gather(nodes, &inclusion_spans(index, size)) }
}

/// The proof that the tree of `new` leaves continues the tree of `old` leaves; `None` if `old` is
/// zero or more than `new`, or a node is missing.
///
/// # Errors
///
/// Those of `nodes`.
///
/// Source: RFC 6962, section 2.1.2.
pub fn consistency<N: Nodes>(
    nodes: &mut N,
    old: u64,
    new: u64,
) -> Result<Option<Vec<Hash>>, N::Error> {
    if old == 0 || old > new { Ok(None) } else { gather(nodes, &consistency_spans(old, new)) }
}

/// The inclusion proof of leaf `index`, from nothing but the leaf hashes; `None` if there is no
/// such leaf.
#[must_use]
pub fn inclusion_of(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    let (position, size) = (u64::try_from(index).ok()?, u64::try_from(leaves.len()).ok()?);
    if position >= size {
        return None;
    }
    let slice = |span: Span| {
        let (from, to) = (usize::try_from(span.from).ok()?, usize::try_from(span.to).ok()?);
        leaves.get(from..to).map(root_of)
    };
    inclusion_spans(position, size).into_iter().map(slice).collect()
}

/// Consecutive leaves that form a subtree, complete or at the right edge.
#[derive(Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
}

impl Span {
    /// Both children: the left one is the largest complete subtree smaller than the whole.
    const fn split(self) -> (Self, Self) {
        let middle = self.from + (1 << (self.to - self.from - 1).ilog2());
        (Self { from: self.from, to: middle }, Self { from: middle, to: self.to })
    }

    const fn single(self) -> bool {
        self.to - self.from < 2
    }
}

/// The complete subtrees that a span falls into, from left to right.
fn subtrees(span: Span) -> Vec<Node> {
    let (mut at, mut nodes) = (span.from, Vec::new());
    while at < span.to {
        let level = (span.to - at).ilog2();
        nodes.push(Node { level, index: at >> level });
        at += 1 << level;
    }
    nodes
}

fn inclusion_spans(index: u64, size: u64) -> Vec<Span> {
    let (mut span, mut path) = (Span { from: 0, to: size }, Vec::new());
    while !span.single() {
        let (left, right) = span.split();
        let (down, beside) = if index < left.to { (left, right) } else { (right, left) };
        path.push(beside);
        span = down;
    }
    path.reverse();
    path
}

fn consistency_spans(old: u64, new: u64) -> Vec<Span> {
    let (mut span, mut path) = (Span { from: 0, to: new }, Vec::new());
    while span.to != old {
        let (left, right) = span.split();
        let (down, beside) = if old <= left.to { (left, right) } else { (right, left) };
        path.push(beside);
        span = down;
    }
    // The old root itself is what the verifier already holds.
    if span.from > 0 {
        path.push(span);
    }
    path.reverse();
    path
}

/// The hashes of `spans`, fetched in one go.
fn gather<N: Nodes>(nodes: &mut N, spans: &[Span]) -> Result<Option<Vec<Hash>>, N::Error> {
    let parts: Vec<Vec<Node>> = spans.iter().map(|span| subtrees(*span)).collect();
    let mut found = nodes.fetch(&parts.concat())?.into_iter();
    let fold_next = |part: &Vec<Node>| {
        let hashes: Option<Vec<Hash>> = found.by_ref().take(part.len()).collect();
        fold(&hashes?)
    };
    Ok(parts.iter().map(fold_next).collect())
}

/// The root over subtrees of falling size.
fn fold(edge: &[Hash]) -> Option<Hash> {
    let (last, rest) = edge.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::verify::{consistent, includes};

    fn bytes_of(index: u64) -> Vec<u8> {
        format!("leaf {index}").into_bytes()
    }

    struct Grown {
        leaves: Vec<Hash>,
        nodes: HashMap<Node, Hash>,
        frontier: Frontier,
        roots: Vec<Hash>,
    }

    fn grown(size: u64) -> Grown {
        let mut tree = Grown {
            leaves: Vec::new(),
            nodes: HashMap::new(),
            frontier: Frontier::empty(),
            roots: vec![root_of(&[])],
        };
        for index in 0..size {
            let hash = leaf_hash(&bytes_of(index));
            tree.leaves.push(hash);
            tree.frontier.push(hash, |node, hash| {
                assert!(tree.nodes.insert(node, hash).is_none(), "a node was written twice");
            });
            tree.roots.push(tree.frontier.root());
        }
        tree
    }

    #[test]
    fn roots_and_proofs_are_those_of_another_library_up_to_200_leaves() {
        let tree = grown(200);
        let mut other = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for size in 1..=200_u64 {
            other.push(bytes_of(size - 1));
            let width = usize::try_from(size).unwrap();
            assert_eq!(other.root().as_bytes().as_slice(), tree.roots[width].0, "root {size}");
            assert_eq!(root_of(&tree.leaves[..width]), tree.roots[width]);
            assert_eq!(root_at(&mut &tree.nodes, size), Ok(Some(tree.roots[width])));
            for index in 0..width {
                let Ok(Some(path)) =
                    inclusion(&mut &tree.nodes, u64::try_from(index).unwrap(), size)
                else {
                    panic!("no proof of {index} in {size}")
                };
                let flat: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
                assert_eq!(other.prove_inclusion(index).as_bytes(), flat);
                assert_eq!(inclusion_of(&tree.leaves[..width], index), Some(path));
            }
        }
    }

    #[test]
    fn consistency_proofs_are_those_of_another_library() {
        let tree = grown(70);
        let mut other = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for new in 1..=70_usize {
            other.push(bytes_of(u64::try_from(new).unwrap() - 1));
            for old in 1..new {
                let sizes = (u64::try_from(old).unwrap(), u64::try_from(new).unwrap());
                let path = consistency(&mut &tree.nodes, sizes.0, sizes.1).unwrap().unwrap();
                let flat: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
                assert_eq!(other.prove_consistency(new - old).as_bytes(), flat, "{old} to {new}");
            }
        }
    }

    #[test]
    fn a_tree_resumed_from_its_stored_edge_grows_alike() {
        let whole = grown(137);
        for size in [0, 1, 2, 3, 64, 65, 100, 136] {
            let edge = Frontier::places(size).iter().map(|node| whole.nodes[node]).collect();
            let mut resumed = Frontier::of(size, edge).unwrap();
            for index in size..137 {
                resumed.push(leaf_hash(&bytes_of(index)), |node, hash| {
                    assert_eq!(whole.nodes[&node], hash);
                });
            }
            assert_eq!(resumed, whole.frontier);
        }
        assert_eq!(Frontier::of(3, vec![root_of(&[])]), None);
    }

    #[test]
    fn a_missing_node_gives_no_proof() {
        let mut tree = grown(11);
        tree.nodes.remove(&Node { level: 3, index: 0 });
        assert_eq!(inclusion(&mut &tree.nodes, 9, 11), Ok(None));
        assert!(matches!(inclusion(&mut &tree.nodes, 3, 11), Ok(Some(_))));
        assert_eq!(inclusion(&mut &tree.nodes, 11, 11), Ok(None));
        assert_eq!(consistency(&mut &tree.nodes, 0, 5), Ok(None));
        assert_eq!(consistency(&mut &tree.nodes, 6, 5), Ok(None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_proof_holds_for_its_leaf_and_place_and_for_no_other(
            size in 1_u64..700, seed in any::<u64>(), bit in 0_usize..256,
        ) {
            let tree = grown(size);
            let index = seed % size;
            let place = usize::try_from(index).unwrap();
            let (leaf, root) = (tree.leaves[place], *tree.roots.last().unwrap());
            let path = inclusion(&mut &tree.nodes, index, size).unwrap().unwrap();
            prop_assert_eq!(includes(&leaf, index, size, &path, &root), Ok(()));

            let mut other = leaf;
            other.0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(includes(&other, index, size, &path, &root).is_err());
            prop_assert!(includes(&leaf, index + 1, size, &path, &root).is_err());
            prop_assert!(includes(&leaf, index ^ 1, size, &path, &root).is_err());
            if !path.is_empty() {
                let dropped = place % path.len();
                let mut short = path.clone();
                short.remove(dropped);
                prop_assert!(includes(&leaf, index, size, &short, &root).is_err());
                let mut altered = path.clone();
                altered[dropped].0[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(includes(&leaf, index, size, &altered, &root).is_err());
            }
            let long = [path.as_slice(), &[leaf]].concat();
            prop_assert!(includes(&leaf, index, size, &long, &root).is_err());
        }

        #[test]
        fn an_older_tree_is_a_beginning_of_a_newer_one_and_of_no_other(
            old in 1_u64..300, more in 0_u64..300, bit in 0_usize..256,
        ) {
            let new = old + more;
            let tree = grown(new);
            let root = |size: u64| tree.roots[usize::try_from(size).unwrap()];
            let (first, second) = (root(old), root(new));
            let path = consistency(&mut &tree.nodes, old, new).unwrap().unwrap();
            prop_assert_eq!(consistent((old, &first), (new, &second), &path), Ok(()));

            let flipped = |hash: Hash| {
                let mut other = hash;
                other.0[bit / 8] ^= 1 << (bit % 8);
                other
            };
            prop_assert!(consistent((old, &flipped(first)), (new, &second), &path).is_err());
            prop_assert!(consistent((old, &first), (new, &flipped(second)), &path).is_err());
            prop_assert!(consistent((new + 1, &first), (new, &second), &path).is_err());
            let long = [path.as_slice(), &[first]].concat();
            prop_assert!(consistent((old, &first), (new, &second), &long).is_err());
            if let Some(rest) = path.get(1..) {
                prop_assert!(consistent((old, &first), (new, &second), rest).is_err());
            }
        }
    }
}
