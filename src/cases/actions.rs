//! What is done with findings and in cases. Each is one transaction with its leaves.

mod decide;
mod ending;
mod flow;
mod paper;
mod parts;
mod recheck;
mod respond;
mod time;

use serde_json::json;

pub use decide::{Done, confirm, dismiss, reopen};
pub(super) use ending::{
    Proposal, decide_closing, decide_escalation, may_follow, propose_closing, propose_escalation,
    propose_interview_in,
};
pub(super) use parts::{fit_together, is_movable, merge, split};
pub use recheck::officers_drawn_in;
pub(super) use recheck::{Record, eligible, end as end_recheck, name_officers, plan};
pub(super) use respond::{Answer, acknowledge, ask_extension, cell, note_read, reply};
pub(super) use time::{decide_extension, resume, suspend};

use super::decision::Reason;
use super::model::{Case, NewFinding};
use super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// Raises `new` unless a finding with its key was raised before; gives whether it was raised. The
/// `finding` leaf is left in the same transaction.
///
/// # Errors
///
/// Those of the database.
pub fn raise_in(tx: &mut Conn, new: &NewFinding) -> diesel::QueryResult<bool> {
    let group = store::group_of(tx, &new.finding)?;
    let called = group.as_ref().map_or(new.id(), |group| group.id);
    let raised = store::insert_finding(tx, new, called)?;
    if raised {
        store::add_to_group(tx, &new.finding, group)?;
        append_in(tx, &new.leaf)?;
    }
    Ok(raised)
}

/// The leaf that says where a case stands, and by whose hand if an officer's.
pub(super) fn state_leaf(house: &House, case: &Case, officer: Option<&str>) -> NewLeaf {
    let mut body = json!({
        "case": case.id,
        "state": case.state,
        "notice": case.notice,
        "deadline": case.deadline,
    });
    if let Some(officer) = officer {
        body["officer"] = json!(officer);
    }
    NewLeaf::new(house, LeafKind::CaseState, body)
}
