//! Results of drawn audits for the public.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::audits::model::{AuditState, Conclusion, PeriodState};
use crate::audits::publishing::{PublicState, Withdrawal};
use crate::audits::roster::Choice;
use crate::foundation::db::schema::{
    audits_audits as audits, audits_periods as periods, audits_publications as publications,
    audits_roster as roster,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{AuditId, DepartmentId, HolderId, LeafId, OfficerId};
use crate::foundation::time::{Day, Timestamp};
use crate::registry::{District, Sector};

type Backend = <Conn as diesel::Connection>::Backend;

/// A result for the public, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub(crate) struct Publication {
    pub(in crate::audits) audit_id: AuditId,
    pub(in crate::audits) department_id: DepartmentId,
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) sector: Sector,
    pub(in crate::audits) district: District,
    pub(in crate::audits) period: String,
    /// As the public reads it; empty once it is withdrawn.
    pub(in crate::audits) name: String,
    pub(in crate::audits) state: PublicState,
    pub(in crate::audits) done_on: Day,
    pub(in crate::audits) due_on: Day,
    pub(in crate::audits) proposed_at: Timestamp,
    pub(in crate::audits) published_at: Option<Timestamp>,
    pub(in crate::audits) published_leaf: Option<LeafId>,
    pub(in crate::audits) withdrawn_at: Option<Timestamp>,
    pub(in crate::audits) cause: Option<Withdrawal>,
}

/// An audit that has ended and is proposed nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(in crate::audits) struct Ended {
    pub(in crate::audits) id: AuditId,
    pub(in crate::audits) department: DepartmentId,
    pub(in crate::audits) holder: HolderId,
    pub(in crate::audits) sector: Sector,
    pub(in crate::audits) period: String,
    pub(in crate::audits) done_at: Option<Timestamp>,
}

impl Publication {
    /// The proposal to publish the result of `audit`.
    pub(in crate::audits) fn proposed(
        audit: &Ended,
        (district, name): (District, String),
        (done_on, due_on): (Day, Day),
        now: Timestamp,
    ) -> Self {
        Self {
            audit_id: audit.id,
            department_id: audit.department,
            holder_id: audit.holder,
            sector: audit.sector,
            district,
            period: audit.period.clone(),
            name,
            state: PublicState::Proposed,
            done_on,
            due_on,
            proposed_at: now,
            published_at: None,
            published_leaf: None,
            withdrawn_at: None,
            cause: None,
        }
    }
}

/// Drawn audits of closed periods that have a verdict and are proposed nowhere, at most `limit`.
pub(in crate::audits) fn unproposed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Ended>> {
    let proposed = publications::table.filter(publications::audit_id.eq(audits::id));
    let undrawn = roster::table
        .filter(roster::plan_id.eq(audits::plan_id).and(roster::period.eq(audits::period)))
        .filter(roster::holder_id.eq(audits::holder_id).and(roster::choice.ne(Choice::Drawn)));
    audits::table
        .inner_join(
            periods::table
                .on(periods::plan_id.eq(audits::plan_id).and(periods::period.eq(audits::period))),
        )
        .filter(periods::state.eq(PeriodState::Closed))
        .filter(audits::state.eq(AuditState::Done).and(audits::verdict.is_not_null()))
        // The result of a pool says nothing of any one of its holders.
        .filter(audits::pooled.is_null())
        .filter(not(exists(proposed)).and(not(exists(undrawn))))
        .order(audits::id)
        .limit(limit)
        .select((
            audits::id,
            audits::department_id,
            audits::holder_id,
            audits::sector,
            audits::period,
            audits::done_at,
        ))
        .load(conn)
}

/// Keeps a proposal unless there is one.
pub(in crate::audits) fn insert(tx: &mut Conn, row: &Publication) -> QueryResult<()> {
    insert_if_absent!(
        tx,
        publications::table,
        (
            publications::audit_id.eq(row.audit_id),
            publications::department_id.eq(row.department_id),
            publications::holder_id.eq(row.holder_id),
            publications::sector.eq(row.sector),
            publications::district.eq(row.district),
            publications::period.eq(&row.period),
            publications::name.eq(&row.name),
            publications::state.eq(row.state),
            publications::done_on.eq(row.done_on),
            publications::due_on.eq(row.due_on),
            publications::proposed_at.eq(row.proposed_at),
        )
    )
    .map(|_| ())
}

/// The publication of an audit.
pub(in crate::audits) fn find(conn: &mut Conn, id: AuditId) -> QueryResult<Option<Publication>> {
    publications::table.find(id).select(Publication::as_select()).first(conn).optional()
}

/// Who changed a publication, when, and the leaf that says so.
pub(in crate::audits) struct Change {
    pub(in crate::audits) at: Timestamp,
    pub(in crate::audits) by: OfficerId,
    pub(in crate::audits) leaf: LeafId,
}

/// Publishes a proposal under `name`; false if it is none any more.
pub(in crate::audits) fn publish(
    tx: &mut Conn,
    id: AuditId,
    name: &str,
    change: &Change,
) -> QueryResult<bool> {
    let own = publications::table.find(id).filter(publications::state.eq(PublicState::Proposed));
    let changed = diesel::update(own)
        .set((
            publications::state.eq(PublicState::Published),
            publications::name.eq(name),
            publications::published_at.eq(Some(change.at)),
            publications::published_by.eq(Some(change.by)),
            publications::published_leaf.eq(Some(change.leaf)),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Withdraws what was published; false if it is not published.
pub(in crate::audits) fn withdraw(
    tx: &mut Conn,
    id: AuditId,
    cause: Withdrawal,
    change: &Change,
) -> QueryResult<bool> {
    let own = publications::table.find(id).filter(publications::state.eq(PublicState::Published));
    let changed = diesel::update(own)
        .set((
            publications::state.eq(PublicState::Withdrawn),
            publications::name.eq(""),
            publications::cause.eq(Some(cause)),
            publications::withdrawn_at.eq(Some(change.at)),
            publications::withdrawn_by.eq(Some(change.by)),
            publications::withdrawn_leaf.eq(Some(change.leaf)),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Publications of a department in a state, those that are due first; one more than `limit`, after
/// `after`.
pub(in crate::audits) fn in_state(
    conn: &mut Conn,
    department: DepartmentId,
    (sectors, state): (Vec<Sector>, PublicState),
    after: Option<AuditId>,
    limit: i64,
) -> QueryResult<Vec<Publication>> {
    let mut query = publications::table
        .filter(publications::department_id.eq(department).and(publications::state.eq(state)))
        .filter(publications::sector.eq_any(sectors))
        .order((publications::due_on, publications::audit_id))
        .limit(limit + 1)
        .select(Publication::as_select())
        .into_boxed::<Backend>();
    if let Some(after) = after {
        let from: Option<Day> =
            publications::table.find(after).select(publications::due_on).first(conn).optional()?;
        if let Some(day) = from {
            let same = publications::due_on.eq(day).and(publications::audit_id.gt(after));
            query = query.filter(publications::due_on.gt(day).or(same));
        }
    }
    query.load(conn)
}

/// What an audit concluded, as the public reads it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(in crate::audits) struct Concluded {
    pub(in crate::audits) verdict: Option<Conclusion>,
    pub(in crate::audits) frame_size: i64,
    pub(in crate::audits) opened: i64,
    pub(in crate::audits) failing: i64,
    pub(in crate::audits) lower: i64,
    pub(in crate::audits) upper: i64,
}

/// What the department has published, withdrawn results too, newest first: one more than `limit`,
/// before `before`.
pub(in crate::audits) fn published(
    conn: &mut Conn,
    department: DepartmentId,
    before: Option<AuditId>,
    limit: i64,
) -> QueryResult<Vec<(Publication, Concluded)>> {
    let mut query = publications::table
        .inner_join(audits::table.on(audits::id.eq(publications::audit_id)))
        .filter(publications::department_id.eq(department))
        .filter(publications::published_at.is_not_null())
        .order((publications::published_at.desc(), publications::audit_id.desc()))
        .limit(limit + 1)
        .select((
            Publication::as_select(),
            (
                audits::verdict,
                audits::frame_size,
                audits::opened,
                audits::failing,
                audits::lower_bound,
                audits::upper_bound,
            ),
        ))
        .into_boxed::<Backend>();
    if let Some(before) = before {
        let at: Option<Option<Timestamp>> = publications::table
            .find(before)
            .select(publications::published_at)
            .first(conn)
            .optional()?;
        if let Some(at) = at.flatten() {
            let same = publications::published_at
                .eq(at)
                .assume_not_null()
                .and(publications::audit_id.lt(before));
            query = query.filter(publications::published_at.lt(at).assume_not_null().or(same));
        }
    }
    query.load(conn)
}
