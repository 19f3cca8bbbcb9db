//! The table of decisions: each stays.

use diesel::prelude::*;

use crate::cases::decision::{Decision, Verdict};
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{cases_decisions, cases_findings};
use crate::foundation::ids::{ActId, FindingId, OfficerId};

/// The decisions about `finding`, oldest first, at most 1,000.
pub(in crate::cases) fn decisions_of(
    conn: &mut Conn,
    finding: FindingId,
) -> QueryResult<Vec<Decision>> {
    cases_decisions::table
        .filter(cases_decisions::finding_id.eq(finding))
        .order(cases_decisions::seq)
        .limit(1_000)
        .select(Decision::as_select())
        .load(conn)
}

/// What `officer` decided with the form called `act`, at most 1,000 decisions.
pub(in crate::cases) fn decisions_of_act(
    conn: &mut Conn,
    act: ActId,
    officer: OfficerId,
) -> QueryResult<Vec<Decision>> {
    cases_decisions::table
        .filter(cases_decisions::act_id.eq(act).and(cases_decisions::officer_id.eq(officer)))
        .order((cases_decisions::finding_id, cases_decisions::seq))
        .limit(1_000)
        .select(Decision::as_select())
        .load(conn)
}

/// Writes `decision` if the finding is still what the decision starts from; false if it is not.
pub(in crate::cases) fn decide(tx: &mut Conn, decision: &Decision) -> QueryResult<bool> {
    use cases_findings as f;
    let lasts = decision.verdict != Verdict::Reopened;
    let it = decision;
    let place = f::id.eq(it.finding).and(f::stage.eq(it.verdict.from()));
    let changed = diesel::update(f::table.filter(place))
        .set((
            f::stage.eq(it.verdict.stage()),
            f::decided_at.eq(lasts.then_some(it.at)),
            f::decided_by.eq(lasts.then_some(it.officer)),
            f::reason.eq(lasts.then_some(it.reason.as_str())),
            f::decision_leaf_id.eq(lasts.then_some(it.leaf)),
            f::code.eq(it.code),
        ))
        .execute(tx)?;
    if changed != 1 {
        return Ok(false);
    }
    use cases_decisions as d;
    diesel::insert_into(d::table)
        .values((
            d::finding_id.eq(it.finding),
            d::seq.eq(it.seq),
            d::verdict.eq(it.verdict),
            d::code.eq(it.code),
            d::at.eq(it.at),
            d::officer_id.eq(it.officer),
            d::reason.eq(&it.reason),
            d::leaf_id.eq(it.leaf),
            d::group_id.eq(it.group),
            d::case_id.eq(it.case),
            d::act_id.eq(it.act),
        ))
        .execute(tx)
        .map(|_| true)
}
