//! Checking a receipt with no server and no network (protocol, section 8; `security.md` 5.4).
//!
//! Four steps: the leaf holds my statement byte for byte; its record root is the tree over my lines;
//! the path leads to the root of the checkpoint; the log's key signed the checkpoint.

use serde_json::Value;

use crate::foundation::crypto::b64u;
use crate::intake::Receipt;
use crate::ledger::verify::{Proved, ReceiptError, receipt};
use crate::ledger::{LeafKind, RecordTree, VerifierKey, read_leaf};

/// Why a receipt is none for what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Untrue {
    /// It cannot be read.
    #[error("the receipt cannot be read")]
    Form,
    /// Its leaf is not of a batch or a day close.
    #[error("the leaf is of another kind")]
    Kind,
    /// Its leaf holds another statement.
    #[error("the leaf holds another statement")]
    Statement,
    /// Its leaf holds another number of records, or another root over them.
    #[error("the leaf is about other records")]
    Records,
    /// The leaf is not in the log.
    #[error("the leaf is not in the log: {0}")]
    Log(#[from] ReceiptError),
}

/// Checks that the receipt of a batch proves that all of `body`, the request as it was sent, is in
/// the log of `key`.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn batch(answer: &[u8], body: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (leaf, proof) = read(answer)?;
    let (LeafKind::Batch, facts) = read_leaf(&leaf).ok_or(Untrue::Form)? else {
        return Err(Untrue::Kind);
    };
    let mut lines = body.strip_suffix(b"\n").unwrap_or(body).split(|&byte| byte == b'\n');
    holds(&facts, "manifest", lines.next().unwrap_or_default())?;
    let (mut tree, mut count) = (RecordTree::default(), 0_u64);
    for line in lines {
        tree.push(line);
        count += 1;
    }
    let stated = (facts.get("count").and_then(Value::as_u64), text(&facts, "records"));
    if stated != (Some(count), Some(&b64u::encode(&tree.root().0))) {
        return Err(Untrue::Records);
    }
    Ok(receipt(&leaf, &proof, key)?)
}

/// Checks that the receipt of a day close proves that `statement`, as it was sent, is in the log of
/// `key`.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn close(answer: &[u8], statement: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (leaf, proof) = read(answer)?;
    let (LeafKind::DayClose, facts) = read_leaf(&leaf).ok_or(Untrue::Form)? else {
        return Err(Untrue::Kind);
    };
    holds(&facts, "statement", statement)?;
    Ok(receipt(&leaf, &proof, key)?)
}

fn read(answer: &[u8]) -> Result<(Vec<u8>, String), Untrue> {
    let receipt = Receipt::parse(answer).ok().ok_or(Untrue::Form)?;
    Ok((b64u::decode(&receipt.leaf).ok_or(Untrue::Form)?, receipt.proof))
}

fn text<'a>(facts: &'a Value, member: &str) -> Option<&'a str> {
    facts.get(member)?.as_str()
}

fn holds(facts: &Value, member: &str, statement: &[u8]) -> Result<(), Untrue> {
    let same = text(facts, member).is_some_and(|stored| stored.as_bytes() == statement);
    if same { Ok(()) } else { Err(Untrue::Statement) }
}
