//! Whether the log confirms what the database says: a finding edited in the database does not match
//! its leaf any more, nor does any decision about it.
//!
//! Source: `security.md` I5 and item 74.

use diesel::QueryResult;
use serde_json::json;

use super::decision::{Decision, Verdict};
use super::model::{Finding, Integrity, Stage};
use super::store;
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::LeafId;
use crate::ledger::{self, LeafKind};

/// Compares a finding, and every decision about it, with their leaves.
pub(super) fn of_finding(conn: &mut Conn, finding: &Finding) -> QueryResult<Integrity> {
    let hash = finding.hash();
    if hash.as_slice() != finding.facts_hash.as_slice() {
        return Ok(Integrity::Differs);
    }
    let mut seen = says(conn, finding, finding.leaf, LeafKind::Finding, ("hash", &[hash]))?;
    let decisions = store::decisions_of(conn, finding.id)?;
    if !follow(finding, &decisions) {
        return Ok(Integrity::Differs);
    }
    for decision in &decisions {
        let mut words = vec![decision.hash(finding)];
        words.extend(decision.first_hash(finding));
        let kind = decision.verdict.leaf();
        seen = seen.and(says(conn, finding, decision.leaf, kind, ("words", &words))?);
    }
    Ok(seen)
}

/// Whether each of `decisions` starts where the one before it ended, none is left out, and the
/// finding is what the last one made it.
fn follow(finding: &Finding, decisions: &[Decision]) -> bool {
    let mut stage = Stage::Proposed;
    for (place, decision) in (0..).zip(decisions) {
        if decision.seq != place || decision.verdict.from() != stage {
            return false;
        }
        stage = decision.verdict.stage();
    }
    let last = decisions.last().filter(|last| last.verdict != Verdict::Reopened);
    stage == finding.stage
        && finding.decided_by == last.map(|last| last.officer)
        && finding.decided_at == last.map(|last| last.at)
        && finding.decision_leaf == last.map(|last| last.leaf)
        && finding.reason.as_deref() == last.map(|last| last.reason.as_str())
        && finding.code == last.and_then(|last| last.code)
}

impl Integrity {
    /// What two comparisons say together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Differs, _) | (_, Self::Differs) => Self::Differs,
            (Self::Matches, Self::Matches) => Self::Matches,
            _ => Self::Waiting,
        }
    }
}

/// Whether leaf `id` is of type `kind`, about `finding`, and holds one of the hashes under `member`.
fn says(
    conn: &mut Conn,
    finding: &Finding,
    id: LeafId,
    kind: LeafKind,
    (member, hashes): (&str, &[[u8; 32]]),
) -> QueryResult<Integrity> {
    let Some(leaf) = ledger::leaf(conn, id)? else { return Ok(Integrity::Waiting) };
    let body = leaf.body();
    let told = body.get(member);
    let same = leaf.kind == kind
        && body.get("finding") == Some(&json!(finding.id))
        && hashes.iter().any(|hash| told == Some(&json!(b64u::encode(hash))));
    Ok(if same { Integrity::Matches } else { Integrity::Differs })
}
