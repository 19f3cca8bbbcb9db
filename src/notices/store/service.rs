//! The tables of proof: attempts, what was heard, printed letters.

use diesel::prelude::*;

use super::super::model::Letter;
use super::super::proof::{
    Attempt, AttemptEnd, PaperCopy, PaperReason, PaperState, PostedHow, Proof, ReceivedHow,
};
use super::PER_CASE;
use crate::foundation::db::schema::{
    notices_attempts, notices_letters, notices_papers, notices_proofs,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{CaseId, DepartmentId, HolderId, LetterId, OfficerId, PaperId};
use crate::foundation::time::{Day, Timestamp};

/// The most attempts of one letter that are shown; a week of trying makes fewer than 60.
const PER_LETTER: i64 = 100;

/// The letters that share `code`, oldest first, at most 50.
pub(in super::super) fn of_code(conn: &mut Conn, code: &str) -> QueryResult<Vec<Letter>> {
    notices_letters::table
        .filter(notices_letters::code.eq(code))
        .order((notices_letters::queued_at, notices_letters::contact_place, notices_letters::id))
        .limit(PER_CASE)
        .select(Letter::as_select())
        .load(conn)
}

/// Inserts an attempt; one that is known already stays.
pub(in super::super) fn insert_attempt(tx: &mut Conn, attempt: &Attempt) -> QueryResult<bool> {
    insert_if_absent!(tx, notices_attempts::table, attempt).map(|inserted| inserted == 1)
}

/// The attempts of `letter`, in order, at most 100.
pub(in super::super) fn attempts(conn: &mut Conn, letter: LetterId) -> QueryResult<Vec<Attempt>> {
    notices_attempts::table
        .filter(notices_attempts::letter_id.eq(letter))
        .order(notices_attempts::seq)
        .limit(PER_LETTER)
        .select(Attempt::as_select())
        .load(conn)
}

/// The attempts at which one of `letters` was taken.
pub(in super::super) fn taken(conn: &mut Conn, letters: &[LetterId]) -> QueryResult<Vec<Attempt>> {
    notices_attempts::table
        .filter(notices_attempts::letter_id.eq_any(letters))
        .filter(notices_attempts::outcome.eq(AttemptEnd::Sent))
        .select(Attempt::as_select())
        .load(conn)
}

/// Inserts a proof unless one of its kind is there for the letter; gives whether it was inserted.
pub(in super::super) fn insert_proof(tx: &mut Conn, proof: &Proof) -> QueryResult<bool> {
    insert_if_absent!(tx, notices_proofs::table, proof).map(|inserted| inserted == 1)
}

/// What was heard of `letters`, in the order of time.
pub(in super::super) fn proofs(conn: &mut Conn, letters: &[LetterId]) -> QueryResult<Vec<Proof>> {
    notices_proofs::table
        .filter(notices_proofs::letter_id.eq_any(letters))
        .order((notices_proofs::at, notices_proofs::id))
        .select(Proof::as_select())
        .load(conn)
}

/// Inserts `paper` unless its document waits for paper already; gives whether it was inserted.
pub(in super::super) fn insert_paper(tx: &mut Conn, paper: &PaperCopy) -> QueryResult<bool> {
    insert_if_absent!(tx, notices_papers::table, paper).map(|inserted| inserted == 1)
}

/// The printed letter called `id`.
pub(in super::super) fn paper(conn: &mut Conn, id: PaperId) -> QueryResult<Option<PaperCopy>> {
    notices_papers::table.find(id).select(PaperCopy::as_select()).first(conn).optional()
}

/// The printed letter of the document with this code.
pub(in super::super) fn paper_of(conn: &mut Conn, code: &str) -> QueryResult<Option<PaperCopy>> {
    notices_papers::table
        .filter(notices_papers::code.eq(code))
        .select(PaperCopy::as_select())
        .first(conn)
        .optional()
}

/// Printed letters of `department` in `states`, oldest first after `after`, at most `limit`.
pub(in super::super) fn papers(
    conn: &mut Conn,
    department: DepartmentId,
    states: &[PaperState],
    after: Option<PaperId>,
    limit: i64,
) -> QueryResult<Vec<PaperCopy>> {
    use notices_papers as p;
    let after = after.unwrap_or_else(|| crate::foundation::ids::Id::from_uuid(uuid::Uuid::nil()));
    p::table
        .filter(p::department_id.eq(department))
        .filter(p::state.eq_any(states))
        .filter(p::id.gt(after))
        .order(p::id)
        .limit(limit)
        .select(PaperCopy::as_select())
        .load(conn)
}

/// Puts a printed letter that was not needed any more, or never was for this reason, back into the
/// queue; false if it waits, is on its way or was received.
pub(in super::super) fn reopen_paper(
    tx: &mut Conn,
    code: &str,
    reason: PaperReason,
    now: Timestamp,
) -> QueryResult<bool> {
    use notices_papers as p;
    let dropped = p::code.eq(code).and(p::state.eq(PaperState::Served));
    diesel::update(p::table.filter(dropped))
        .set((p::state.eq(PaperState::Waiting), p::reason.eq(reason), p::queued_at.eq(now)))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// Takes the printed letters of `case` out of the queue, because it was served electronically.
pub(in super::super) fn drop_papers(tx: &mut Conn, case: CaseId) -> QueryResult<usize> {
    use notices_papers as p;
    let open = p::state.eq(PaperState::Waiting).or(p::state.eq(PaperState::Posted));
    diesel::update(p::table.filter(open).filter(p::case_id.eq(case)))
        .set(p::state.eq(PaperState::Served))
        .execute(tx)
}

/// That a printed letter left.
pub(in super::super) struct Posting<'a> {
    pub(in super::super) at: Timestamp,
    pub(in super::super) by: OfficerId,
    pub(in super::super) how: PostedHow,
    pub(in super::super) number: Option<&'a str>,
}

/// Notes that a printed letter left; false if it does not wait any more.
pub(in super::super) fn post(
    tx: &mut Conn,
    id: PaperId,
    posting: &Posting<'_>,
) -> QueryResult<bool> {
    use notices_papers as p;
    let waiting = p::id.eq(id).and(p::state.eq(PaperState::Waiting));
    diesel::update(p::table.filter(waiting))
        .set((
            p::state.eq(PaperState::Posted),
            p::posted_at.eq(Some(posting.at)),
            p::posted_by.eq(Some(posting.by)),
            p::posted_how.eq(Some(posting.how)),
            p::posted_number.eq(posting.number),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// A return receipt.
pub(in super::super) struct Receipt<'a> {
    pub(in super::super) on: Day,
    pub(in super::super) how: ReceivedHow,
    pub(in super::super) receiver: &'a [u8],
    pub(in super::super) at: Timestamp,
    pub(in super::super) by: OfficerId,
}

/// Enters a return receipt; false if the letter neither waits nor is on its way.
pub(in super::super) fn receive(
    tx: &mut Conn,
    id: PaperId,
    receipt: &Receipt<'_>,
) -> QueryResult<bool> {
    use notices_papers as p;
    let open = p::state.eq(PaperState::Waiting).or(p::state.eq(PaperState::Posted));
    diesel::update(p::table.filter(open).filter(p::id.eq(id)))
        .set((
            p::state.eq(PaperState::Received),
            p::received_on.eq(Some(receipt.on)),
            p::received_how.eq(Some(receipt.how)),
            p::received_by.eq(Some(receipt.receiver)),
            p::received_at.eq(Some(receipt.at)),
            p::entered_by.eq(Some(receipt.by)),
        ))
        .execute(tx)
        .map(|changed| changed == 1)
}

/// Letters of documents to `holder` that await a confirmation in the portal: taken or not, newest
/// first, at most 50.
pub(in super::super) fn to_holder(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<Letter>> {
    notices_letters::table
        .filter(notices_letters::holder_id.eq(holder))
        .filter(notices_letters::case_id.is_not_null())
        .order((notices_letters::queued_at.desc(), notices_letters::id))
        .limit(PER_CASE)
        .select(Letter::as_select())
        .load(conn)
}
