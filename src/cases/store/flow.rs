//! The tables of what people add to a case after its notice. At most one question, one check, one
//! proposal of a kind is open in a case; an index says so.

use diesel::prelude::*;

use super::super::model::{
    Case, CaseResult, Check, CheckMethod, Closing, Escalation, EscalationKind, Evidence, Extension,
    Outcome, Reply, State,
};
use crate::foundation::db::schema::{
    cases_cases, cases_closings, cases_escalations, cases_evidence, cases_extensions,
    cases_rechecks, cases_replies,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{
    CaseId, ClosingId, EscalationId, EvidenceId, ExtensionId, HolderId, LeafId, OfficerId,
    RecheckId,
};
use crate::foundation::paging::PAGE;
use crate::foundation::time::{Day, Timestamp};

/// The most rows of a kind that a case shows.
const PER_CASE: i64 = 200;

/// Stores what has changed from `before` to `after`, and one version more; false if the case has
/// changed since it was read.
pub(in super::super) fn change(tx: &mut Conn, before: &Case, after: &Case) -> QueryResult<bool> {
    use cases_cases as c;
    let place = c::id.eq(before.id).and(c::version.eq(before.version));
    let changed = diesel::update(c::table.filter(place.and(c::state.eq(before.state))))
        .set((
            c::state.eq(after.state),
            c::deadline.eq(after.deadline),
            c::suspended_at.eq(after.suspended_at),
            c::acknowledged_at.eq(after.acknowledged_at),
            c::result.eq(after.result),
            c::version.eq(before.version + 1),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Cases of `holder`, newest first after `before`: one more than a page holds.
pub(in super::super) fn cases_of_holder(
    conn: &mut Conn,
    holder: HolderId,
    before: Option<CaseId>,
) -> QueryResult<Vec<Case>> {
    use cases_cases as c;
    let mut query = c::table
        .filter(c::holder_id.eq(holder))
        .order(c::id.desc())
        .limit(PAGE + 1)
        .select(Case::as_select())
        .into_boxed::<super::Backend>();
    if let Some(before) = before {
        query = query.filter(c::id.lt(before));
    }
    query.load(conn)
}

/// Inserts a request for more time; false if one is open.
pub(in super::super) fn ask(tx: &mut Conn, new: &Extension) -> QueryResult<bool> {
    use cases_extensions as x;
    let values = (
        x::id.eq(new.id),
        x::case_id.eq(new.case),
        x::asked_at.eq(new.asked_at),
        x::asked_by.eq(new.asked_by),
        x::from_day.eq(new.from_day),
        x::until_day.eq(new.until_day),
        x::reason.eq(&new.reason),
    );
    insert_if_absent!(tx, x::table, values).map(|inserted| inserted == 1)
}

/// The requests for more time of `case`, oldest first.
pub(in super::super) fn extensions(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Extension>> {
    cases_extensions::table
        .filter(cases_extensions::case_id.eq(case))
        .order(cases_extensions::id)
        .limit(PER_CASE)
        .select(Extension::as_select())
        .load(conn)
}

/// Who decided, when and in which words.
pub(in super::super) struct Verdict<'a> {
    pub(in super::super) at: Timestamp,
    pub(in super::super) by: OfficerId,
    pub(in super::super) answer: &'a str,
}

/// Decides a request for more time; false if it is decided.
pub(in super::super) fn decide_extension(
    tx: &mut Conn,
    id: ExtensionId,
    verdict: &Verdict<'_>,
    granted_until: Option<Day>,
) -> QueryResult<bool> {
    use cases_extensions as x;
    diesel::update(x::table.filter(x::id.eq(id).and(x::decided_at.is_null())))
        .set((
            x::decided_at.eq(Some(verdict.at)),
            x::decided_by.eq(Some(verdict.by)),
            x::answer.eq(Some(verdict.answer)),
            x::granted_until.eq(granted_until),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// Inserts a reply.
pub(in super::super) fn reply(tx: &mut Conn, new: &Reply) -> QueryResult<()> {
    use cases_replies as r;
    diesel::insert_into(r::table)
        .values((
            r::id.eq(new.id),
            r::case_id.eq(new.case),
            r::person_id.eq(new.person),
            r::at.eq(new.at),
            r::text.eq(&new.text),
            r::salt.eq(&new.salt),
            r::leaf_id.eq(new.leaf),
        ))
        .execute(tx)
        .map(|_| ())
}

/// The replies of `case`, oldest first.
pub(in super::super) fn replies(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Reply>> {
    cases_replies::table
        .filter(cases_replies::case_id.eq(case))
        .order(cases_replies::id)
        .limit(PER_CASE)
        .select(Reply::as_select())
        .load(conn)
}

/// Inserts a file with its sealed content.
pub(in super::super) fn keep(tx: &mut Conn, new: &Evidence, sealed: &[u8]) -> QueryResult<()> {
    use cases_evidence as f;
    diesel::insert_into(f::table)
        .values((
            f::id.eq(new.id),
            f::reply_id.eq(new.reply),
            f::case_id.eq(new.case),
            f::place.eq(new.place),
            f::name.eq(&new.name),
            f::media.eq(new.media),
            f::size.eq(new.size),
            f::digest.eq(&new.digest),
            f::sealed.eq(sealed),
        ))
        .execute(tx)
        .map(|_| ())
}

/// The files of `case` without their content, in the order in which they came.
pub(in super::super) fn evidence(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Evidence>> {
    cases_evidence::table
        .filter(cases_evidence::case_id.eq(case))
        .order((cases_evidence::reply_id, cases_evidence::place))
        .limit(PER_CASE)
        .select(Evidence::as_select())
        .load(conn)
}

/// A file of `case` with its sealed content.
pub(in super::super) fn file(
    conn: &mut Conn,
    case: CaseId,
    id: EvidenceId,
) -> QueryResult<Option<(Evidence, Vec<u8>)>> {
    cases_evidence::table
        .filter(cases_evidence::id.eq(id).and(cases_evidence::case_id.eq(case)))
        .select((Evidence::as_select(), cases_evidence::sealed))
        .first(conn)
        .optional()
}

/// Plans a check; false if one is open.
pub(in super::super) fn plan_check(
    tx: &mut Conn,
    (id, case): (RecheckId, CaseId),
    (method, due_day): (CheckMethod, Day),
    (at, by): (Timestamp, OfficerId),
) -> QueryResult<bool> {
    use cases_rechecks as k;
    let values = (
        k::id.eq(id),
        k::case_id.eq(case),
        k::method.eq(method),
        k::due_day.eq(due_day),
        k::planned_at.eq(at),
        k::planned_by.eq(by),
    );
    insert_if_absent!(tx, k::table, values).map(|inserted| inserted == 1)
}

/// The checks of `case`, oldest first.
pub(in super::super) fn checks(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Check>> {
    cases_rechecks::table
        .filter(cases_rechecks::case_id.eq(case))
        .order(cases_rechecks::id)
        .limit(PER_CASE)
        .select(Check::as_select())
        .load(conn)
}

/// The check called `id`.
pub(in super::super) fn check(conn: &mut Conn, id: RecheckId) -> QueryResult<Option<Check>> {
    cases_rechecks::table.find(id).select(Check::as_select()).first(conn).optional()
}

/// By whom, and why or by which draw, the officers of a check come to it.
pub(in super::super) struct Naming<'a> {
    pub(in super::super) at: Timestamp,
    pub(in super::super) by: Option<OfficerId>,
    pub(in super::super) reason: Option<&'a str>,
    pub(in super::super) draw: Option<LeafId>,
}

/// Gives an open check its officers; false if it is done, or the officers are not `old` any more.
pub(in super::super) fn name_officers(
    tx: &mut Conn,
    check: &Check,
    two: [OfficerId; 2],
    naming: &Naming<'_>,
) -> QueryResult<bool> {
    use cases_rechecks as k;
    let [one, other] = two;
    let stands = self::check(tx, check.id)?;
    if stands.is_none_or(|now| now.result.is_some() || now.officer_one != check.officer_one) {
        return Ok(false);
    }
    let open = k::id.eq(check.id).and(k::result.is_null());
    diesel::update(k::table.filter(open))
        .set((
            k::officer_one.eq(Some(one)),
            k::officer_two.eq(Some(other)),
            k::named_at.eq(Some(naming.at)),
            k::named_by.eq(naming.by),
            k::named_reason.eq(naming.reason),
            k::draw_leaf_id.eq(naming.draw),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// What a check found.
pub(in super::super) struct Finding<'a> {
    pub(in super::super) held_on: Day,
    pub(in super::super) result: Outcome,
    pub(in super::super) words: &'a str,
    pub(in super::super) at: Timestamp,
    pub(in super::super) by: OfficerId,
    pub(in super::super) leaf: LeafId,
}

/// Writes down what a check found; false if it is done.
pub(in super::super) fn end_check(
    tx: &mut Conn,
    id: RecheckId,
    found: &Finding<'_>,
) -> QueryResult<bool> {
    use cases_rechecks as k;
    diesel::update(k::table.filter(k::id.eq(id).and(k::result.is_null())))
        .set((
            k::held_on.eq(Some(found.held_on)),
            k::result.eq(Some(found.result)),
            k::words.eq(Some(found.words)),
            k::done_at.eq(Some(found.at)),
            k::done_by.eq(Some(found.by)),
            k::leaf_id.eq(Some(found.leaf)),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// Proposes to close a case; false if that is proposed.
pub(in super::super) fn propose_closing(
    tx: &mut Conn,
    (id, case): (ClosingId, CaseId),
    (result, reason): (CaseResult, &str),
    (at, by): (Timestamp, OfficerId),
) -> QueryResult<bool> {
    use cases_closings as l;
    let values = (
        l::id.eq(id),
        l::case_id.eq(case),
        l::result.eq(result),
        l::reason.eq(reason),
        l::proposed_at.eq(at),
        l::proposed_by.eq(by),
    );
    insert_if_absent!(tx, l::table, values).map(|inserted| inserted == 1)
}

/// The proposals to close `case`, oldest first.
pub(in super::super) fn closings(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Closing>> {
    cases_closings::table
        .filter(cases_closings::case_id.eq(case))
        .order(cases_closings::id)
        .limit(PER_CASE)
        .select(Closing::as_select())
        .load(conn)
}

/// Decides a proposal to close; false if it is decided.
pub(in super::super) fn decide_closing(
    tx: &mut Conn,
    id: ClosingId,
    verdict: &Verdict<'_>,
    approved: bool,
) -> QueryResult<bool> {
    use cases_closings as l;
    diesel::update(l::table.filter(l::id.eq(id).and(l::decided_at.is_null())))
        .set((
            l::decided_at.eq(Some(verdict.at)),
            l::decided_by.eq(Some(verdict.by)),
            l::answer.eq(Some(verdict.answer)),
            l::approved.eq(Some(approved)),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// Proposes what should follow; false if something is proposed.
pub(in super::super) fn propose_escalation(
    tx: &mut Conn,
    (id, case): (EscalationId, CaseId),
    (kind, receiver, reason): (EscalationKind, Option<&str>, &str),
    (at, by): (Timestamp, Option<OfficerId>),
) -> QueryResult<bool> {
    use cases_escalations as e;
    let values = (
        e::id.eq(id),
        e::case_id.eq(case),
        e::kind.eq(kind),
        e::receiver.eq(receiver),
        e::reason.eq(reason),
        e::proposed_at.eq(at),
        e::proposed_by.eq(by),
    );
    insert_if_absent!(tx, e::table, values).map(|inserted| inserted == 1)
}

/// The proposals of what should follow in `case`, oldest first.
pub(in super::super) fn escalations(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Escalation>> {
    cases_escalations::table
        .filter(cases_escalations::case_id.eq(case))
        .order(cases_escalations::id)
        .limit(PER_CASE)
        .select(Escalation::as_select())
        .load(conn)
}

/// Decides what follows; false if it is decided.
pub(in super::super) fn decide_escalation(
    tx: &mut Conn,
    id: EscalationId,
    verdict: &Verdict<'_>,
    approved: bool,
) -> QueryResult<bool> {
    use cases_escalations as e;
    diesel::update(e::table.filter(e::id.eq(id).and(e::decided_at.is_null())))
        .set((
            e::decided_at.eq(Some(verdict.at)),
            e::decided_by.eq(Some(verdict.by)),
            e::answer.eq(Some(verdict.answer)),
            e::approved.eq(Some(approved)),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// Cases of a department, and those of them that are overdue or beyond, by state.
pub(in super::super) fn count_states(
    conn: &mut Conn,
    department: crate::foundation::ids::DepartmentId,
) -> QueryResult<Vec<(State, i64)>> {
    use cases_cases as c;
    c::table
        .filter(c::department_id.eq(department))
        .group_by(c::state)
        .select((c::state, diesel::dsl::count_star()))
        .load(conn)
}
