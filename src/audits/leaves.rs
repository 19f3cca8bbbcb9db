//! What the leaves of an audit say.

use serde_json::{Value, json};

use super::model::{AuditRow, OpeningRow, Outcome};
use super::tree::{CutoffTree, Holding};
use super::trust::text;
use crate::foundation::ids::AuditId;
use crate::intake::DisclosureRequest;

/// Intervals that a `draw_frame` leaf names; a larger frame is carried as its hash.
const NAMED_INTERVALS: usize = 200;

/// What a `draw_frame` leaf says.
pub(super) fn frame_body(tree: &CutoffTree, row: &AuditRow, holding: &Holding) -> Value {
    let intervals = holding.frame.intervals();
    let mut body = json!({
        "audit": row.id,
        "checkpoint": { "root": tree.head.root.to_b64u(), "size": tree.head.size },
        "frame": row.frame_hash.to_b64u(),
        "holder": row.holder_id,
        "period": row.period,
        "plan": row.plan_id,
        "size": row.frame_size,
    });
    if intervals.len() <= NAMED_INTERVALS {
        let named = intervals.iter().map(|i| json!([i.stream, i.first, i.last]));
        body["intervals"] = named.collect();
    }
    if row.pooled.is_some() {
        let members = holding.members().iter();
        body["pool"] = members.map(|one| json!([one.holder, one.records])).collect();
    }
    body
}

/// What an `open_intent` leaf says; `disclose_by` where records of the block are asked for.
pub(super) fn intent_body(
    audit: &AuditRow,
    rows: &[OpeningRow],
    request: Option<&DisclosureRequest>,
) -> Value {
    let first = rows.first();
    let records: Vec<Value> =
        rows.iter().map(|row| json!([row.place, row.stream_id, row.number, row.judged])).collect();
    let mut body = json!({
        "audit": audit.id,
        "block": first.map_or(0, |row| row.block),
        "from": first.map_or(0, |row| row.ordinal),
        "holder": audit.holder_id,
        "period": audit.period,
        "plan": audit.plan_id,
        "records": records,
    });
    if let Some(request) = request {
        body["disclose_by"] = json!(request.due);
    }
    body
}

/// What an `open_done` leaf says.
pub(super) fn done_body(audit: AuditId, rows: &[OpeningRow]) -> Value {
    let first = rows.first();
    let outcomes: Vec<Option<Outcome>> = rows.iter().map(|row| row.outcome).collect();
    json!({
        "audit": audit,
        "block": first.map_or(0, |row| row.block),
        "from": first.map_or(0, |row| row.ordinal),
        "outcomes": outcomes,
    })
}

/// What a `draw_result` leaf says.
pub(super) fn result_body(row: &AuditRow) -> Value {
    let mut body = json!({
        "audit": row.id,
        "critical": row.critical,
        "failing": row.failing,
        "frame": text(&row.frame_hash.0),
        "holder": row.holder_id,
        "lower": row.lower_bound,
        "opened": row.opened,
        "packs": row.packs,
        "period": row.period,
        "plan": row.plan_id,
        "size": row.frame_size,
        "tolerable": row.tolerable,
        "undecided": row.undecided,
        "upper": row.upper_bound,
        "verdict": row.verdict,
    });
    if let Some(pooled) = row.pooled {
        body["pooled"] = json!(pooled);
    }
    body
}
