//! The log's tables. Hot row: `ledger_head`, written once a group by the one sequencer.

use diesel::prelude::*;
use diesel::result::Error;

use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    ledger_checkpoints, ledger_head, ledger_leaves, ledger_nodes, ledger_pending,
};
use crate::foundation::ids::LeafId;
use crate::foundation::time::Timestamp;

use super::proof::Proof;
use super::sequencer::Inclusion;
use super::tree::{self, Frontier, Node, Nodes};
use super::{Hash, Leaf, LeafKind, NewLeaf};

type Backend = <Conn as diesel::Connection>::Backend;

/// A signed note of the log, as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The signed note.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// Leaves `leaf` in the change's own transaction; the sequencer gives it a number within two
/// seconds.
///
/// # Errors
///
/// [`Error::SerializationError`] with a [`super::LeafFault`] for what cannot be logged; those of
/// the database.
pub fn append_in(tx: &mut Conn, leaf: &NewLeaf) -> QueryResult<()> {
    let body = leaf.checked().map_err(|fault| Error::SerializationError(Box::new(fault)))?;
    diesel::insert_into(ledger_pending::table)
        .values((
            ledger_pending::id.eq(leaf.id),
            ledger_pending::kind.eq(leaf.kind),
            ledger_pending::body.eq(body),
            ledger_pending::made_at.eq(leaf.made_at),
        ))
        .execute(tx)
        .map(|_| ())
}

/// The newest checkpoint; `None` before the first.
///
/// # Errors
///
/// Those of the database.
pub fn latest_checkpoint(conn: &mut Conn) -> QueryResult<Option<Checkpoint>> {
    let row = ledger_checkpoints::table
        .order(ledger_checkpoints::size.desc())
        .first::<CheckpointRow>(conn)
        .optional()?;
    Ok(row.map(checkpoint))
}

/// The checkpoint of exactly `size` leaves; `None` if none was signed at that size.
///
/// # Errors
///
/// Those of the database.
pub fn checkpoint_at(conn: &mut Conn, size: u64) -> QueryResult<Option<Checkpoint>> {
    let row =
        ledger_checkpoints::table.find(to_row(size)).first::<CheckpointRow>(conn).optional()?;
    Ok(row.map(checkpoint))
}

/// The first checkpoint that holds leaf `index`; `None` if none was signed yet.
///
/// # Errors
///
/// Those of the database.
pub fn checkpoint_over(conn: &mut Conn, index: u64) -> QueryResult<Option<Checkpoint>> {
    Ok(checkpoints(conn, index.saturating_add(1), 1)?.pop())
}

/// Checkpoints of at least `size` leaves, smallest first, at most `limit`.
///
/// # Errors
///
/// Those of the database.
pub fn checkpoints(conn: &mut Conn, size: u64, limit: u32) -> QueryResult<Vec<Checkpoint>> {
    let rows = ledger_checkpoints::table
        .filter(ledger_checkpoints::size.ge(to_row(size)))
        .order(ledger_checkpoints::size)
        .limit(limit.into())
        .load::<CheckpointRow>(conn)?;
    Ok(rows.into_iter().map(checkpoint).collect())
}

/// The leaf called `id`; `None` while it has no number.
///
/// # Errors
///
/// Those of the database.
pub fn leaf(conn: &mut Conn, id: LeafId) -> QueryResult<Option<Leaf>> {
    let row =
        ledger_leaves::table.filter(ledger_leaves::id.eq(id)).first::<LeafRow>(conn).optional()?;
    Ok(row.map(from_row))
}

/// The leaves from number `from` on, in order, at most `limit`.
///
/// # Errors
///
/// Those of the database.
pub fn leaves(conn: &mut Conn, from: u64, limit: u32) -> QueryResult<Vec<Leaf>> {
    let rows = ledger_leaves::table
        .filter(ledger_leaves::idx.ge(to_row(from)))
        .order(ledger_leaves::idx)
        .limit(limit.into())
        .load::<LeafRow>(conn)?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// The leaves of one type from number `from` on, in order, at most `limit`.
///
/// # Errors
///
/// Those of the database.
pub fn leaves_of(conn: &mut Conn, kind: LeafKind, from: u64, limit: u32) -> QueryResult<Vec<Leaf>> {
    let rows = ledger_leaves::table
        .filter(ledger_leaves::kind.eq(kind))
        .filter(ledger_leaves::idx.ge(to_row(from)))
        .order(ledger_leaves::idx)
        .limit(limit.into())
        .load::<LeafRow>(conn)?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// The hashes of the leaves from number `from` on, in order, at most `limit`.
///
/// # Errors
///
/// Those of the database.
pub fn leaf_hashes(conn: &mut Conn, from: u64, limit: u32) -> QueryResult<Vec<Hash>> {
    ledger_leaves::table
        .filter(ledger_leaves::idx.ge(to_row(from)))
        .order(ledger_leaves::idx)
        .limit(limit.into())
        .select(ledger_leaves::hash)
        .load(conn)
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
///
/// [`Error::NotFound`] if the log is not that large; those of the database.
pub fn root(conn: &mut Conn, size: u64) -> QueryResult<Hash> {
    tree::root_at(&mut Stored(conn), size)?.ok_or(Error::NotFound)
}

/// The inclusion proof of leaf `index` in the tree of the first `size` leaves.
///
/// # Errors
///
/// [`Error::NotFound`] if the log is not that large; those of the database.
pub fn inclusion(conn: &mut Conn, index: u64, size: u64) -> QueryResult<Vec<Hash>> {
    tree::inclusion(&mut Stored(conn), index, size)?.ok_or(Error::NotFound)
}

/// The proof that the tree of `new` leaves continues the tree of `old` leaves.
///
/// # Errors
///
/// [`Error::NotFound`] if `old` is zero or the log is not that large; those of the database.
pub fn consistency(conn: &mut Conn, old: u64, new: u64) -> QueryResult<Vec<Hash>> {
    tree::consistency(&mut Stored(conn), old, new)?.ok_or(Error::NotFound)
}

/// The receipt of the leaf called `id` under the first checkpoint that holds it, the same bytes
/// whenever it is asked for; `None` until one was signed.
///
/// # Errors
///
/// Those of the database.
pub fn receipt(conn: &mut Conn, id: LeafId) -> QueryResult<Option<Inclusion>> {
    let Some(leaf) = leaf(conn, id)? else { return Ok(None) };
    let Some(checkpoint) = checkpoint_over(conn, leaf.index)? else { return Ok(None) };
    proved(conn, leaf, checkpoint).map(Some)
}

/// A newer proof of the leaf called `id`, under the latest checkpoint; `None` until one holds it.
///
/// # Errors
///
/// Those of the database.
pub fn newest_proof(conn: &mut Conn, id: LeafId) -> QueryResult<Option<Inclusion>> {
    let Some(leaf) = leaf(conn, id)? else { return Ok(None) };
    match latest_checkpoint(conn)? {
        Some(checkpoint) if checkpoint.size > leaf.index => {
            proved(conn, leaf, checkpoint).map(Some)
        }
        _ => Ok(None),
    }
}

fn proved(conn: &mut Conn, leaf: Leaf, checkpoint: Checkpoint) -> QueryResult<Inclusion> {
    let path = inclusion(conn, leaf.index, checkpoint.size)?;
    let proof = Proof { index: leaf.index, path, note: checkpoint.note };
    Ok(Inclusion::of(leaf, checkpoint.size, &proof))
}

/// The tree as the last commit left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) root: Hash,
    /// The time of the newest leaf.
    pub(super) newest_at: Timestamp,
    /// What the clock said when it was numbered.
    pub(super) wall_at: Timestamp,
}

pub(super) fn head(conn: &mut Conn) -> QueryResult<Head> {
    let (size, root, newest_at, wall_at) = ledger_head::table
        .find(1)
        .select((
            ledger_head::size,
            ledger_head::root,
            ledger_head::newest_at,
            ledger_head::wall_at,
        ))
        .first(conn)?;
    Ok(Head { size: from_count(size), root, newest_at, wall_at })
}

/// Moves the tree on from `old` leaves; false if it has not that size.
pub(super) fn move_head(tx: &mut Conn, old: u64, head: &Head) -> QueryResult<bool> {
    let moved = diesel::update(ledger_head::table)
        .filter(ledger_head::one.eq(1).and(ledger_head::size.eq(to_row(old))))
        .set((
            ledger_head::size.eq(to_row(head.size)),
            ledger_head::root.eq(head.root),
            ledger_head::newest_at.eq(head.newest_at),
            ledger_head::wall_at.eq(head.wall_at),
        ))
        .execute(tx)?;
    Ok(moved == 1)
}

pub(super) fn insert_leaf(tx: &mut Conn, leaf: &Leaf) -> QueryResult<()> {
    diesel::insert_into(ledger_leaves::table)
        .values((
            ledger_leaves::idx.eq(to_row(leaf.index)),
            ledger_leaves::id.eq(leaf.id),
            ledger_leaves::kind.eq(leaf.kind),
            ledger_leaves::bytes.eq(&leaf.bytes),
            ledger_leaves::hash.eq(leaf.hash),
            ledger_leaves::at.eq(leaf.at),
        ))
        .execute(tx)
        .map(|_| ())
}

pub(super) fn insert_node(tx: &mut Conn, node: Node, hash: Hash) -> QueryResult<()> {
    diesel::insert_into(ledger_nodes::table)
        .values((
            ledger_nodes::level.eq(level(node)),
            ledger_nodes::idx.eq(to_row(node.index)),
            ledger_nodes::hash.eq(hash),
        ))
        .execute(tx)
        .map(|_| ())
}

pub(super) fn insert_checkpoint(tx: &mut Conn, checkpoint: &Checkpoint) -> QueryResult<()> {
    diesel::insert_into(ledger_checkpoints::table)
        .values((
            ledger_checkpoints::size.eq(to_row(checkpoint.size)),
            ledger_checkpoints::root.eq(checkpoint.root),
            ledger_checkpoints::note.eq(&checkpoint.note),
            ledger_checkpoints::at.eq(checkpoint.at),
        ))
        .execute(tx)
        .map(|_| ())
}

/// A leaf without a number: its id, type and body.
pub(super) type Pending = (LeafId, LeafKind, String);

/// Leaves without a number in the order of their ids, at most `limit`.
pub(super) fn pending(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Pending>> {
    ledger_pending::table
        .order(ledger_pending::id)
        .limit(limit)
        .select((ledger_pending::id, ledger_pending::kind, ledger_pending::body))
        .load(conn)
}

pub(super) fn any_pending(conn: &mut Conn) -> QueryResult<bool> {
    let first: Option<LeafId> =
        ledger_pending::table.select(ledger_pending::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Forgets the leaves without a number up to and including `last`.
pub(super) fn drop_pending(tx: &mut Conn, last: LeafId) -> QueryResult<()> {
    diesel::delete(ledger_pending::table.filter(ledger_pending::id.le(last)))
        .execute(tx)
        .map(|_| ())
}

/// The right edge of the tree of the first `size` leaves; `None` if a node is missing.
pub(super) fn frontier(conn: &mut Conn, size: u64) -> QueryResult<Option<Frontier>> {
    let edge: Option<Vec<Hash>> =
        Stored(conn).fetch(&Frontier::places(size))?.into_iter().collect();
    Ok(edge.and_then(|edge| Frontier::of(size, edge)))
}

/// The nodes of one level from `from` on, in order, at most `limit`: their places and hashes.
pub(super) fn level_nodes(
    conn: &mut Conn,
    level: u32,
    from: u64,
    limit: u32,
) -> QueryResult<Vec<(u64, Hash)>> {
    let rows: Vec<(i64, Hash)> = ledger_nodes::table
        .filter(ledger_nodes::level.eq(i32::try_from(level).unwrap_or(i32::MAX)))
        .filter(ledger_nodes::idx.ge(to_row(from)))
        .order(ledger_nodes::idx)
        .limit(limit.into())
        .select((ledger_nodes::idx, ledger_nodes::hash))
        .load(conn)?;
    Ok(rows.into_iter().map(|(index, hash)| (from_count(index), hash)).collect())
}

pub(super) fn count_nodes(conn: &mut Conn) -> QueryResult<u64> {
    ledger_nodes::table.count().first(conn).map(from_count)
}

/// The stored nodes; those of level zero are the hashes of the leaves.
struct Stored<'a>(&'a mut Conn);

impl Nodes for Stored<'_> {
    type Error = Error;

    fn fetch(&mut self, wanted: &[Node]) -> QueryResult<Vec<Option<Hash>>> {
        let mut found = std::collections::HashMap::new();
        let single: Vec<i64> =
            wanted.iter().filter(|n| n.level == 0).map(|n| to_row(n.index)).collect();
        if !single.is_empty() {
            let rows: Vec<(i64, Hash)> = ledger_leaves::table
                .filter(ledger_leaves::idx.eq_any(single))
                .select((ledger_leaves::idx, ledger_leaves::hash))
                .load(self.0)?;
            found.extend(rows.into_iter().map(|(index, hash)| ((0, index), hash)));
        }
        let mut nodes = ledger_nodes::table
            .select((ledger_nodes::level, ledger_nodes::idx, ledger_nodes::hash))
            .into_boxed::<Backend>();
        let mut any = false;
        for node in wanted.iter().filter(|node| node.level > 0) {
            let place =
                ledger_nodes::level.eq(level(*node)).and(ledger_nodes::idx.eq(to_row(node.index)));
            nodes = nodes.or_filter(place);
            any = true;
        }
        if any {
            let rows: Vec<(i32, i64, Hash)> = nodes.load(self.0)?;
            found.extend(rows.into_iter().map(|(level, index, hash)| ((level, index), hash)));
        }
        let hash = |node: &Node| found.get(&(level(*node), to_row(node.index))).copied();
        Ok(wanted.iter().map(hash).collect())
    }
}

type CheckpointRow = (i64, Hash, String, Timestamp);

fn checkpoint((size, root, note, at): CheckpointRow) -> Checkpoint {
    Checkpoint { size: from_count(size), root, note, at }
}

type LeafRow = (i64, LeafId, LeafKind, Vec<u8>, Hash, Timestamp);

fn from_row((index, id, kind, bytes, hash, at): LeafRow) -> Leaf {
    Leaf { id, index: from_count(index), kind, bytes, hash, at }
}

/// Counts of leaves stay far below 2^63; a larger one names no row.
fn to_row(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn from_count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn level(node: Node) -> i32 {
    i32::try_from(node.level).unwrap_or(i32::MAX)
}
