//! Who did what: the leaves of the log that a person wrote.

use diesel::prelude::*;

use crate::foundation::db::schema::{audits_deeds as deeds, audits_followed as followed};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{CaseId, DepartmentId, FindingId};
use crate::foundation::time::Timestamp;
use crate::ledger::LeafKind;

type Backend = <Conn as diesel::Connection>::Backend;

/// A leaf that a person wrote, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deeds)]
pub(crate) struct Deed {
    /// Its number in the log.
    pub(in crate::audits) idx: i64,
    pub(in crate::audits) kind: LeafKind,
    /// The person's pseudonym.
    pub(in crate::audits) actor: String,
    /// The department that the person was an officer of.
    pub(in crate::audits) department_id: Option<DepartmentId>,
    pub(in crate::audits) case_id: Option<CaseId>,
    pub(in crate::audits) finding_id: Option<FindingId>,
    pub(in crate::audits) at: Timestamp,
}

/// What the log is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::audits) struct Narrow {
    pub(in crate::audits) department: Option<DepartmentId>,
    pub(in crate::audits) kind: Option<LeafKind>,
    pub(in crate::audits) case: Option<CaseId>,
    /// From the first instant to before the second.
    pub(in crate::audits) span: Option<(Timestamp, Timestamp)>,
    /// Only what stands before this number.
    pub(in crate::audits) before: Option<i64>,
}

/// Keeps a deed unless it is kept already.
pub(in crate::audits) fn insert(tx: &mut Conn, deed: &Deed) -> QueryResult<()> {
    insert_if_absent!(
        tx,
        deeds::table,
        (
            deeds::idx.eq(deed.idx),
            deeds::kind.eq(deed.kind),
            deeds::actor.eq(&deed.actor),
            deeds::department_id.eq(deed.department_id),
            deeds::case_id.eq(deed.case_id),
            deeds::finding_id.eq(deed.finding_id),
            deeds::at.eq(deed.at),
        )
    )
    .map(|_| ())
}

/// How many leaves of the log have been read.
pub(in crate::audits) fn followed_to(conn: &mut Conn) -> QueryResult<i64> {
    let size = followed::table.find(1).select(followed::size).first(conn).optional()?;
    Ok(size.unwrap_or(0))
}

/// Keeps how many leaves of the log have been read.
pub(in crate::audits) fn set_followed(tx: &mut Conn, size: i64) -> QueryResult<()> {
    let own = followed::table.find(1);
    if diesel::update(own).set(followed::size.eq(size)).execute(tx)? == 0 {
        let all = (followed::one.eq(1), followed::size.eq(size));
        diesel::insert_into(followed::table).values(all).execute(tx)?;
    }
    Ok(())
}

/// Deeds, newest first: one more than `limit`.
pub(in crate::audits) fn newest(
    conn: &mut Conn,
    narrow: Narrow,
    limit: i64,
) -> QueryResult<Vec<Deed>> {
    let mut query = deeds::table
        .order((deeds::at.desc(), deeds::idx.desc()))
        .limit(limit + 1)
        .select(Deed::as_select())
        .into_boxed::<Backend>();
    if let Some(department) = narrow.department {
        query = query.filter(deeds::department_id.eq(department));
    }
    if let Some(kind) = narrow.kind {
        query = query.filter(deeds::kind.eq(kind));
    }
    if let Some(case) = narrow.case {
        query = query.filter(deeds::case_id.eq(case));
    }
    if let Some((from, until)) = narrow.span {
        query = query.filter(deeds::at.ge(from).and(deeds::at.lt(until)));
    }
    if let Some(before) = narrow.before {
        let at: Option<Timestamp> =
            deeds::table.find(before).select(deeds::at).first(conn).optional()?;
        if let Some(at) = at {
            query = query.filter(deeds::at.le(at).and(deeds::idx.lt(before)));
        }
    }
    query.load(conn)
}
