//! Whether the log confirms what the database says: a finding edited in the database does not match
//! its leaf any more.
//!
//! Source: `security.md` I5 and item 74.

use diesel::QueryResult;
use serde_json::json;

use super::model::{Finding, Integrity, Stage};
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::LeafId;
use crate::ledger::{self, LeafKind};

/// Compares a finding, and the decision on it, with their leaves.
pub(super) fn of_finding(conn: &mut Conn, finding: &Finding) -> QueryResult<Integrity> {
    let hash = finding.hash();
    if hash.as_slice() != finding.facts_hash.as_slice() {
        return Ok(Integrity::Differs);
    }
    let found = says(conn, finding, finding.leaf, LeafKind::Finding, ("hash", &hash))?;
    let kind = match finding.stage {
        Stage::Proposed if finding.decided_by.is_none() && finding.decision_leaf.is_none() => {
            return Ok(found);
        }
        Stage::Proposed => return Ok(Integrity::Differs),
        Stage::Confirmed => LeafKind::FindingConfirmed,
        Stage::Dismissed => LeafKind::FindingDismissed,
    };
    let (Some(leaf), Some(by), Some(reason)) =
        (finding.decision_leaf, finding.decided_by, finding.reason.as_deref())
    else {
        return Ok(Integrity::Differs);
    };
    let words = finding.decision_hash(finding.stage, by, reason);
    let decided = says(conn, finding, leaf, kind, ("words", &words))?;
    Ok(match (found, decided) {
        (Integrity::Differs, _) | (_, Integrity::Differs) => Integrity::Differs,
        (Integrity::Matches, Integrity::Matches) => Integrity::Matches,
        _ => Integrity::Waiting,
    })
}

/// Whether leaf `id` is of type `kind`, about `finding`, and holds the hash under `member`.
fn says(
    conn: &mut Conn,
    finding: &Finding,
    id: LeafId,
    kind: LeafKind,
    (member, hash): (&str, &[u8; 32]),
) -> QueryResult<Integrity> {
    let Some(leaf) = ledger::leaf(conn, id)? else { return Ok(Integrity::Waiting) };
    let body = leaf.body();
    let same = leaf.kind == kind
        && body.get("finding") == Some(&json!(finding.id))
        && body.get(member) == Some(&json!(b64u::encode(hash)));
    Ok(if same { Integrity::Matches } else { Integrity::Differs })
}
