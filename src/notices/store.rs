//! The tables of letters. Hot row: `notices_counters`, one an organ, kind and year, because document
//! numbers have no gaps.

mod service;

use diesel::prelude::*;

pub(super) use service::*;

use super::model::{Document, Letter, LetterKind, LetterState};
use crate::foundation::db::schema::{notices_counters, notices_documents, notices_letters};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{CaseId, DocumentId, LetterId};
use crate::foundation::time::Timestamp;

/// The most letters of one case that are shown or judged.
const PER_CASE: i64 = 50;
/// The most documents of one case that are shown.
const DOCUMENTS: i64 = 200;

/// Inserts `letter` with everything that is not known yet left empty. With a `slot` it is inserted
/// once only; gives whether it was.
pub(super) fn insert(tx: &mut Conn, letter: &Letter, slot: Option<&str>) -> QueryResult<bool> {
    use notices_letters as l;
    let values = (
        (
            l::id.eq(letter.id),
            l::kind.eq(letter.kind),
            l::number.eq(letter.number.as_deref()),
            l::case_id.eq(letter.case_id),
            l::department_id.eq(letter.department_id),
            l::holder_id.eq(letter.holder_id),
            l::contact_place.eq(letter.contact_place),
            l::officer_id.eq(letter.officer_id),
            l::lang.eq(letter.lang),
            l::code.eq(&letter.code),
        ),
        (
            l::subject.eq(&letter.subject),
            l::text.eq(&letter.text),
            l::html.eq(&letter.html),
            l::slot.eq(slot),
            l::state.eq(letter.state),
            l::attempts.eq(letter.attempts),
            l::next_at.eq(letter.next_at),
            l::queued_at.eq(letter.queued_at),
        ),
    );
    insert_if_absent!(tx, l::table, values).map(|inserted| inserted == 1)
}

/// Takes the next document number of `organ` for letters of `kind` in `year`, from 1.
pub(super) fn next_number(
    tx: &mut Conn,
    organ: &str,
    kind: LetterKind,
    year: i32,
) -> QueryResult<i64> {
    use notices_counters as c;
    let counter = c::organ.eq(organ).and(c::kind.eq(kind)).and(c::year.eq(year));
    let moved =
        diesel::update(c::table.filter(counter)).set(c::last.eq(c::last + 1)).execute(tx)?;
    if moved == 0 {
        let first = (c::organ.eq(organ), c::kind.eq(kind), c::year.eq(year), c::last.eq(1_i64));
        diesel::insert_into(c::table).values(first).execute(tx)?;
    }
    c::table.filter(counter).select(c::last).first(tx)
}

/// The letter called `id`.
pub(super) fn find(conn: &mut Conn, id: LetterId) -> QueryResult<Option<Letter>> {
    notices_letters::table.find(id).select(Letter::as_select()).first(conn).optional()
}

/// The letters of `case`, oldest first and in the order of the contacts, at most 50.
pub(super) fn of_case(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Letter>> {
    notices_letters::table
        .filter(notices_letters::case_id.eq(case))
        .order((notices_letters::queued_at, notices_letters::contact_place, notices_letters::id))
        .limit(PER_CASE)
        .select(Letter::as_select())
        .load(conn)
}

/// The letters that have been due the longest at `now`, at most `limit`: those that wait, and those
/// whose lease ran out.
pub(super) fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<Letter>> {
    use notices_letters as l;
    let waits = l::state.eq(LetterState::Queued).and(l::next_at.le(now));
    let left = l::state.eq(LetterState::Leased).and(l::lease_until.le(now));
    l::table
        .filter(l::next_at.le(now))
        .filter(waits.or(left.assume_not_null()))
        .order((l::next_at, l::id))
        .limit(limit)
        .select(Letter::as_select())
        .load(conn)
}

/// Leases the letters `ids` until `until` and counts the attempt.
pub(super) fn lease(
    tx: &mut Conn,
    ids: &[LetterId],
    token: &[u8],
    until: Timestamp,
) -> QueryResult<()> {
    use notices_letters as l;
    diesel::update(l::table.filter(l::id.eq_any(ids)))
        .set((
            l::state.eq(LetterState::Leased),
            l::lease_token.eq(Some(token)),
            l::lease_until.eq(Some(until)),
            l::attempts.eq(l::attempts + 1),
        ))
        .execute(tx)
        .map(|_| ())
}

/// How an attempt ends.
pub(super) struct End<'a> {
    pub(super) state: LetterState,
    pub(super) next_at: Timestamp,
    pub(super) sent_at: Option<Timestamp>,
    pub(super) reason: Option<&'a str>,
    /// Whether the words are to be forgotten.
    pub(super) erase: bool,
}

/// Ends the lease `token` of letter `id`; false if somebody else holds the letter by now.
pub(super) fn end(tx: &mut Conn, id: LetterId, token: &[u8], end: &End<'_>) -> QueryResult<bool> {
    use notices_letters as l;
    let held = l::id.eq(id).and(l::state.eq(LetterState::Leased));
    let changed = diesel::update(l::table.filter(held).filter(l::lease_token.eq(token)))
        .set((
            l::state.eq(end.state),
            l::next_at.eq(end.next_at),
            l::sent_at.eq(end.sent_at),
            l::last_reason.eq(end.reason),
            l::lease_token.eq(None::<&[u8]>),
            l::lease_until.eq(None::<Timestamp>),
        ))
        .execute(tx)?;
    if changed == 1 && end.erase {
        diesel::update(l::table.find(id)).set((l::text.eq(""), l::html.eq(""))).execute(tx)?;
    }
    Ok(changed == 1)
}

/// Archives `document`.
pub(super) fn insert_document(tx: &mut Conn, document: &Document) -> QueryResult<()> {
    diesel::insert_into(notices_documents::table).values(document).execute(tx).map(|_| ())
}

/// The document called `id`.
pub(super) fn document(conn: &mut Conn, id: DocumentId) -> QueryResult<Option<Document>> {
    notices_documents::table.find(id).select(Document::as_select()).first(conn).optional()
}

/// The documents of `case`, oldest first and the Chinese text before its translation, at most 200.
pub(super) fn documents_of_case(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Document>> {
    notices_documents::table
        .filter(notices_documents::case_id.eq(case))
        .order((
            notices_documents::made_at,
            notices_documents::code,
            notices_documents::lang.desc(),
        ))
        .limit(DOCUMENTS)
        .select(Document::as_select())
        .load(conn)
}

/// The documents that share `code`: the Chinese text, then its translation.
pub(super) fn documents_coded(conn: &mut Conn, code: &str) -> QueryResult<Vec<Document>> {
    notices_documents::table
        .filter(notices_documents::code.eq(code))
        .order(notices_documents::lang.desc())
        .select(Document::as_select())
        .load(conn)
}
