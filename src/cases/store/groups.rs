//! The table of groups: how it follows the findings, and its listings.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Backend, Scope};
use crate::cases::decision::Code;
use crate::cases::groups::{Cursor, Group, Shelf, Sift, Sort};
use crate::cases::model::{Finding, Stage};
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{cases_decisions, cases_findings, cases_groups};
use crate::foundation::ids::{FindingId, OfficerId};
use crate::foundation::paging::PAGE;
use crate::foundation::time::Timestamp;

/// How far groups are counted; what is more is told as more.
pub(in crate::cases) const COUNTED: i64 = 500;
/// How many groups of one duty holder, or of one officer's decisions, are looked at.
const FEW: i64 = 1_000;

/// A query of groups that is being narrowed.
type Groups<'a> = cases_groups::BoxedQuery<'a, Backend>;

/// The group to which `finding` belongs, if it has been begun.
pub(in crate::cases) fn group_of(conn: &mut Conn, finding: &Finding) -> QueryResult<Option<Group>> {
    use cases_groups as g;
    g::table
        .filter(g::holder_id.eq(finding.holder).and(g::department_id.eq(finding.department)))
        .filter(g::sector.eq(finding.sector).and(g::district.eq(finding.district)))
        .filter(g::period.eq(&finding.period).and(g::kind.eq(finding.kind)))
        .filter(g::subject.eq(finding.subject()))
        .select(Group::as_select())
        .first(conn)
        .optional()
}

/// The group called `id`.
pub(in crate::cases) fn group(conn: &mut Conn, id: FindingId) -> QueryResult<Option<Group>> {
    cases_groups::table.find(id).select(Group::as_select()).first(conn).optional()
}

/// Adds `finding`, which was just raised, to `group`, or begins one with it.
pub(in crate::cases) fn add_to_group(
    tx: &mut Conn,
    finding: &Finding,
    group: Option<Group>,
) -> QueryResult<()> {
    use cases_groups as g;
    if let Some(group) = group {
        let group = group.with(finding);
        return diesel::update(g::table.find(group.id))
            .set((
                g::weight.eq(group.weight),
                g::size.eq(group.size),
                g::undecided.eq(group.undecided),
                g::oldest_at.eq(group.oldest_at),
                g::newest_at.eq(group.newest_at),
            ))
            .execute(tx)
            .map(|_| ());
    }
    let group = Group::begun_by(finding);
    diesel::insert_into(g::table)
        .values((
            g::id.eq(group.id),
            g::department_id.eq(group.department),
            g::holder_id.eq(group.holder),
            g::sector.eq(group.sector),
            g::district.eq(group.district),
            g::period.eq(group.period),
            g::kind.eq(group.kind),
            g::subject.eq(finding.subject()),
            g::rule.eq(group.rule),
            g::weight.eq(group.weight),
            g::size.eq(group.size),
            g::undecided.eq(group.undecided),
            g::confirmed.eq(group.confirmed),
            g::dismissed.eq(group.dismissed),
            g::lenient.eq(group.lenient),
            g::oldest_at.eq(group.oldest_at),
            g::newest_at.eq(group.newest_at),
        ))
        .execute(tx)
        .map(|_| ())
}

/// Counts the findings of the group called `id` again, after decisions about them.
pub(in crate::cases) fn recount(tx: &mut Conn, id: FindingId) -> QueryResult<()> {
    use {cases_findings as f, cases_groups as g};
    let found: Vec<(Stage, Option<Code>, Timestamp)> =
        f::table.filter(f::group_id.eq(id)).select((f::stage, f::code, f::found_at)).load(tx)?;
    let count = |stage| {
        let of_stage = found.iter().filter(|(own, ..)| *own == stage).count();
        i64::try_from(of_stage).unwrap_or(i64::MAX)
    };
    let lenient = found.iter().filter(|(_, code, _)| *code == Some(Code::Lenient)).count();
    let open = found.iter().filter(|(stage, ..)| *stage == Stage::Proposed);
    let oldest = open.map(|(.., at)| *at).min();
    let oldest = oldest.or_else(|| found.iter().map(|(.., at)| *at).min());
    diesel::update(g::table.find(id))
        .set((
            g::undecided.eq(count(Stage::Proposed)),
            g::confirmed.eq(count(Stage::Confirmed)),
            g::dismissed.eq(count(Stage::Dismissed)),
            g::lenient.eq(i64::try_from(lenient).unwrap_or(i64::MAX)),
            oldest.map(|at| g::oldest_at.eq(at)),
        ))
        .execute(tx)
        .map(|_| ())
}

/// The findings of the group called `id`, undecided ones first, then oldest first, at most
/// `limit`; in one stage if given.
pub(in crate::cases) fn findings_of_group(
    conn: &mut Conn,
    id: FindingId,
    stage: Option<Stage>,
    limit: i64,
) -> QueryResult<Vec<Finding>> {
    use cases_findings as f;
    let mut query = f::table
        .filter(f::group_id.eq(id))
        // "proposed" is the last of the three words in the alphabet.
        .order((f::stage.desc(), f::id))
        .limit(limit)
        .select(Finding::as_select())
        .into_boxed::<Backend>();
    if let Some(stage) = stage {
        query = query.filter(f::stage.eq(stage));
    }
    query.load(conn)
}

/// The groups in `scope` that `sift` lets through, in its order: one more than a page holds.
pub(in crate::cases) fn groups_of(
    conn: &mut Conn,
    scope: &Scope,
    sift: &Sift,
) -> QueryResult<Vec<Group>> {
    use cases_groups as g;
    if let Some(mut few) = few(conn, scope, sift)? {
        few.sort_by(|one, other| sift.order(one, other));
        few.retain(|group| sift.follows(group));
        few.truncate(usize::try_from(PAGE + 1).unwrap_or(usize::MAX));
        return Ok(few);
    }
    let query = sifted(scope, sift);
    let query = match sift.sort {
        Sort::Severity => query.order((g::weight.desc(), g::newest_at.desc(), g::id.desc())),
        Sort::Newest => query.order((g::newest_at.desc(), g::id.desc())),
        Sort::Oldest => query.order((g::oldest_at, g::id)),
        Sort::Size => query.order((g::size.desc(), g::id.desc())),
        Sort::Holder => query.order((g::holder_id, g::id)),
    };
    let query = match sift.after {
        Some(cursor) => beyond(query, cursor, sift.sort),
        None => query,
    };
    query.limit(PAGE + 1).select(Group::as_select()).load(conn)
}

/// How many groups in `scope` `sift` lets through, at most one more than [`COUNTED`].
pub(in crate::cases) fn count_groups(
    conn: &mut Conn,
    scope: &Scope,
    sift: &Sift,
) -> QueryResult<i64> {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    if let Some(few) = few(conn, scope, sift)? {
        return Ok(number(few.len()).min(COUNTED + 1));
    }
    let query = sifted(scope, sift).select(cases_groups::id).limit(COUNTED + 1);
    let found: Vec<FindingId> = query.load(conn)?;
    Ok(number(found.len()))
}

/// All groups that `sift` lets through, in no order, where it asks for one duty holder or for one
/// officer's decisions: those are few, and looked up by themselves. A database that knows nothing of
/// how many rows a value has would rather walk the whole department in order.
fn few(conn: &mut Conn, scope: &Scope, sift: &Sift) -> QueryResult<Option<Vec<Group>>> {
    use cases_groups as g;
    let mut found: Vec<Group> = match (sift.holder, sift.decided) {
        (Some(holder), _) => g::table
            .filter(g::holder_id.eq(holder))
            .limit(FEW)
            .select(Group::as_select())
            .load(conn)?,
        (None, Some(own)) => {
            let ids = decided_groups(conn, own)?;
            g::table.filter(g::id.eq_any(ids)).select(Group::as_select()).load(conn)?
        }
        (None, None) => return Ok(None),
    };
    if let (Some(_), Some(decided)) = (sift.holder, sift.decided) {
        let own = decided_groups(conn, decided)?;
        found.retain(|group| own.contains(&group.id));
    }
    found.retain(|group| {
        let seen = group.department == scope.department && scope.sectors.contains(&group.sector);
        seen && sift.lets_through(group)
    });
    Ok(Some(found))
}

/// The groups in which an officer has decided since a moment, at most [`FEW`].
fn decided_groups(
    conn: &mut Conn,
    (officer, since): (OfficerId, Timestamp),
) -> QueryResult<Vec<FindingId>> {
    use cases_decisions as d;
    d::table
        .filter(d::officer_id.eq(officer).and(d::at.ge(since)))
        .filter(d::group_id.is_not_null())
        .select(d::group_id.assume_not_null())
        .distinct()
        .limit(FEW)
        .load(conn)
}

/// How often `finding`'s duty holder was found to have breached the same rule before: findings that
/// became cases, and first and minor ones.
pub(in crate::cases) fn earlier_breaches(conn: &mut Conn, finding: &Finding) -> QueryResult<i64> {
    use cases_groups as g;
    let counts: Vec<(i64, i64)> = g::table
        .filter(g::holder_id.eq(finding.holder).and(g::department_id.eq(finding.department)))
        .filter(g::subject.eq(finding.subject()))
        .select((g::confirmed, g::lenient))
        .load(conn)?;
    Ok(counts.iter().map(|(confirmed, lenient)| confirmed + lenient).sum())
}

/// How many findings of a duty holder in a department were first and minor breaches, corrected in
/// time: records that the business was taught.
pub(in crate::cases) fn lessons(conn: &mut Conn, finding: &Finding) -> QueryResult<i64> {
    use cases_groups as g;
    let counts: Vec<i64> = g::table
        .filter(g::holder_id.eq(finding.holder).and(g::department_id.eq(finding.department)))
        .filter(g::lenient.gt(0))
        .select(g::lenient)
        .load(conn)?;
    Ok(counts.iter().sum())
}

/// A condition as the partial indexes spell it: a database finds an index by its words, and not by
/// a value that is bound.
fn spelled<'a>(query: Groups<'a>, shelf: Shelf) -> Groups<'a> {
    use diesel::dsl::sql;
    match shelf {
        Shelf::Proposed => query.filter(sql::<Bool>("undecided > 0")),
        Shelf::Confirmed => query.filter(sql::<Bool>("confirmed > 0")),
        Shelf::Dismissed => query.filter(sql::<Bool>("dismissed > 0")),
        Shelf::Lenient => query.filter(sql::<Bool>("lenient > 0")),
        Shelf::All => query,
    }
}

fn sifted<'a>(scope: &Scope, sift: &Sift) -> Groups<'a> {
    use cases_groups as g;
    let mut query = spelled(g::table.into_boxed::<Backend>(), sift.shelf)
        .filter(g::department_id.eq(scope.department))
        .filter(g::sector.eq_any(scope.sectors.clone()));
    if let Some(sector) = sift.sector {
        query = query.filter(g::sector.eq(sector));
    }
    if let Some(district) = sift.district {
        query = query.filter(g::district.eq(district));
    }
    if let Some(severity) = sift.severity {
        query = query.filter(g::weight.eq(severity.weight()));
    }
    if let Some(kind) = sift.kind {
        query = query.filter(g::kind.eq(kind));
    }
    if let Some(period) = &sift.period {
        query = query.filter(g::period.eq(period.clone()));
    }
    if let Some(before) = sift.before {
        query = query.filter(g::oldest_at.lt(before));
    }
    query
}

/// Only what follows `cursor` in the order of `sort`.
fn beyond<'a>(query: Groups<'a>, cursor: Cursor, sort: Sort) -> Groups<'a> {
    use cases_groups as g;
    match (sort, cursor) {
        (Sort::Severity, Cursor::Numbers(weight, newest, id)) => {
            let weight = i32::try_from(weight).unwrap_or(i32::MAX);
            let newest = Timestamp::from_micros(newest);
            let later = g::newest_at.lt(newest).or(g::newest_at.eq(newest).and(g::id.lt(id)));
            query
                .filter(g::weight.le(weight))
                .filter(g::weight.lt(weight).or(g::weight.eq(weight).and(later)))
        }
        (Sort::Newest, Cursor::Number(at, id)) => {
            let at = Timestamp::from_micros(at);
            query
                .filter(g::newest_at.le(at))
                .filter(g::newest_at.lt(at).or(g::newest_at.eq(at).and(g::id.lt(id))))
        }
        (Sort::Oldest, Cursor::Number(at, id)) => {
            let at = Timestamp::from_micros(at);
            query
                .filter(g::oldest_at.ge(at))
                .filter(g::oldest_at.gt(at).or(g::oldest_at.eq(at).and(g::id.gt(id))))
        }
        (Sort::Size, Cursor::Number(size, id)) => query
            .filter(g::size.le(size))
            .filter(g::size.lt(size).or(g::size.eq(size).and(g::id.lt(id)))),
        (Sort::Holder, Cursor::Holder(holder, id)) => query
            .filter(g::holder_id.ge(holder))
            .filter(g::holder_id.gt(holder).or(g::holder_id.eq(holder).and(g::id.gt(id)))),
        _ => query,
    }
}
