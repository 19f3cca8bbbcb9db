//! The whole tree, recomputed from the stored leaf bytes.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use diesel::QueryResult;

use crate::foundation::db::Conn;
use crate::foundation::time::Timestamp;

use super::note::{TreeHead, VerifierKey};
use super::store::{self, Checkpoint};
use super::tree::{Frontier, Node};
use super::{Hash, Leaf, leaf_hash};

/// Leaves, and checkpoints, that are held in memory at a time.
const PAGE: u32 = 512;

/// So many faults say enough.
const ENOUGH: usize = 100;

/// What does not agree with the log's leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes of a leaf, or its hash, were altered.
    #[error("leaf {0} has not the hash that is stored beside it")]
    Leaf(u64),
    /// A number without a leaf.
    #[error("leaf {0} is missing")]
    Missing(u64),
    /// A leaf whose time is not after the one before it.
    #[error("leaf {0} is not later than the leaf before it")]
    Time(u64),
    /// A stored subtree differs from its leaves.
    #[error("node {index} of level {level} differs from its leaves")]
    Node {
        /// The level of the subtree.
        level: u32,
        /// Its place in the level.
        index: u64,
    },
    /// There are nodes that no leaves account for, or too few.
    #[error("{found} nodes are stored, and the leaves account for {expected}")]
    Nodes {
        /// How many are stored.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// The stored size and root are not those of the leaves.
    #[error("the stored head says {0} leaves, or another root than they have")]
    Head(u64),
    /// A checkpoint over another root than that of its leaves, or more leaves than there are.
    #[error("the checkpoint of size {0} is not over these leaves")]
    Checkpoint(u64),
    /// A checkpoint that the log's key did not sign.
    #[error("the checkpoint of size {0} was not signed by the log's key")]
    Signature(u64),
}

/// Recomputes the whole tree from the leaf bytes, and compares hashes, nodes, head and checkpoints
/// with it. Returns the faults found, at most one hundred.
///
/// # Errors
///
/// Those of the database.
pub fn fsck(conn: &mut Conn, key: &VerifierKey) -> QueryResult<Vec<Fault>> {
    let mut walk = Walk {
        key,
        tree: Frontier::empty(),
        newest_at: Timestamp::from_micros(i64::MIN),
        checkpoints: VecDeque::new(),
        expected: 0,
        faults: Vec::new(),
    };
    loop {
        let leaves = store::leaves(conn, walk.tree.size(), PAGE)?;
        if leaves.is_empty() || !walk.page(conn, &leaves)? {
            break;
        }
    }
    walk.end(conn)?;
    walk.faults.truncate(ENOUGH);
    Ok(walk.faults)
}

struct Walk<'a> {
    key: &'a VerifierKey,
    tree: Frontier,
    newest_at: Timestamp,
    /// Checkpoints ahead, smallest first.
    checkpoints: VecDeque<Checkpoint>,
    /// Nodes that the leaves so far account for.
    expected: u64,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    /// Takes one page of leaves in; false if it makes no sense to go on.
    fn page(&mut self, conn: &mut Conn, leaves: &[Leaf]) -> QueryResult<bool> {
        let mut made: BTreeMap<u32, Vec<(u64, Hash)>> = BTreeMap::new();
        for leaf in leaves {
            if leaf.index != self.tree.size() {
                self.faults.push(Fault::Missing(self.tree.size()));
                return Ok(false);
            }
            self.leaf(leaf, &mut made);
            self.checkpoint(conn)?;
        }
        for (level, nodes) in made {
            self.nodes(conn, level, &nodes)?;
        }
        Ok(self.faults.len() < ENOUGH)
    }

    fn leaf(&mut self, leaf: &Leaf, made: &mut BTreeMap<u32, Vec<(u64, Hash)>>) {
        if leaf_hash(&leaf.bytes) != leaf.hash {
            self.faults.push(Fault::Leaf(leaf.index));
        }
        if leaf.at <= self.newest_at {
            self.faults.push(Fault::Time(leaf.index));
        }
        self.newest_at = leaf.at;
        // The stored hash, so that one altered leaf is one fault and not a broken tree.
        self.tree.push(leaf.hash, |Node { level, index }, hash| {
            if level > 0 {
                made.entry(level).or_default().push((index, hash));
            }
        });
    }

    fn nodes(&mut self, conn: &mut Conn, level: u32, made: &[(u64, Hash)]) -> QueryResult<()> {
        let Some((first, _)) = made.first() else { return Ok(()) };
        let count = u32::try_from(made.len()).unwrap_or(u32::MAX);
        self.expected += u64::from(count);
        let stored = store::level_nodes(conn, level, *first, count)?;
        let differs = |place: usize| stored.get(place) != made.get(place);
        if let Some(place) = (0..made.len()).find(|place| differs(*place))
            && let Some((index, _)) = made.get(place)
        {
            self.faults.push(Fault::Node { level, index: *index });
        }
        Ok(())
    }

    /// Compares the checkpoint at this size, if there is one.
    fn checkpoint(&mut self, conn: &mut Conn) -> QueryResult<()> {
        let size = self.tree.size();
        if self.checkpoints.is_empty() {
            self.checkpoints = store::checkpoints(conn, size, PAGE)?.into();
        }
        let Some(next) = self.checkpoints.pop_front_if(|next| next.size <= size) else {
            return Ok(());
        };
        let root = self.tree.root();
        if next.size != size || next.root != root {
            self.faults.push(Fault::Checkpoint(next.size));
        }
        let expected = TreeHead { origin: self.key.name().to_owned(), size, root: next.root };
        if TreeHead::open(&next.note, self.key) != Ok(expected) {
            self.faults.push(Fault::Signature(next.size));
        }
        Ok(())
    }

    fn end(&mut self, conn: &mut Conn) -> QueryResult<()> {
        let size = self.tree.size();
        let ahead = store::checkpoints(conn, size.saturating_add(1), 1)?;
        self.faults.extend(ahead.iter().map(|ahead| Fault::Checkpoint(ahead.size)));
        let head = store::head(conn)?;
        if (head.size, head.root) != (size, self.tree.root()) {
            self.faults.push(Fault::Head(head.size));
        }
        let (found, expected) = (store::count_nodes(conn)?, self.expected);
        if found != expected {
            self.faults.push(Fault::Nodes { found, expected });
        }
        Ok(())
    }
}
