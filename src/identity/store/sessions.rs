//! Sessions, and the failures to open one.

use diesel::prelude::*;

use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    identity_failures as failures, identity_people as people, identity_sessions as sessions,
};
use crate::foundation::ids::PersonId;
use crate::foundation::time::Timestamp;
use crate::identity::model::{IDLE, LIFETIME, PersonRow, SessionRow, WAIT};

/// The session with this hash and its person.
pub(in crate::identity) fn session(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> QueryResult<Option<(SessionRow, PersonRow)>> {
    sessions::table
        .inner_join(people::table)
        .filter(sessions::hash.eq(hash.as_slice()))
        .select((SessionRow::as_select(), PersonRow::as_select()))
        .first(conn)
        .optional()
}

/// Stores a new session.
pub(in crate::identity) fn insert_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    person: PersonId,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::hash.eq(hash.as_slice()),
            sessions::person_id.eq(person),
            sessions::made_at.eq(now),
            sessions::seen_at.eq(now),
            sessions::expires_at.eq(now.plus(LIFETIME)),
        ))
        .execute(conn)
}

/// Notes that a session was used.
pub(in crate::identity) fn touch_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(sessions::table.find(hash.as_slice()))
        .set(sessions::seen_at.eq(now))
        .execute(conn)
}

/// Ends one session.
pub(in crate::identity) fn end_session(conn: &mut Conn, hash: &[u8; 32]) -> QueryResult<usize> {
    diesel::delete(sessions::table.find(hash.as_slice())).execute(conn)
}

/// Ends all sessions of a person.
pub(in crate::identity) fn end_sessions_of(
    conn: &mut Conn,
    person: PersonId,
) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::person_id.eq(person))).execute(conn)
}

/// Forgets sessions that have ended by `now`.
pub(in crate::identity) fn forget_sessions(conn: &mut Conn, now: Timestamp) -> QueryResult<usize> {
    let ended = sessions::expires_at.le(now).or(sessions::seen_at.le(now.minus(IDLE)));
    diesel::delete(sessions::table.filter(ended)).execute(conn)
}

/// How often an account failed from a network, and when last.
pub(in crate::identity) fn failures(
    conn: &mut Conn,
    account: &[u8; 32],
    network: &str,
) -> QueryResult<Option<(i32, Timestamp)>> {
    failures::table
        .find((account.as_slice(), network))
        .select((failures::failures, failures::last_at))
        .first(conn)
        .optional()
}

/// Sets how often an account failed from a network.
pub(in crate::identity) fn set_failures(
    conn: &mut Conn,
    account: &[u8; 32],
    network: &str,
    count: i32,
    now: Timestamp,
) -> QueryResult<usize> {
    let changed = diesel::update(failures::table.find((account.as_slice(), network)))
        .set((failures::failures.eq(count), failures::last_at.eq(now)))
        .execute(conn)?;
    if changed > 0 {
        return Ok(changed);
    }
    diesel::insert_into(failures::table)
        .values((
            failures::account.eq(account.as_slice()),
            failures::network.eq(network),
            failures::failures.eq(count),
            failures::last_at.eq(now),
        ))
        .execute(conn)
}

/// Forgets the failures of an account from a network, after a success.
pub(in crate::identity) fn clear_failures(
    conn: &mut Conn,
    account: &[u8; 32],
    network: &str,
) -> QueryResult<usize> {
    diesel::delete(failures::table.find((account.as_slice(), network))).execute(conn)
}

/// Forgets failures that no longer make anybody wait.
pub(in crate::identity) fn forget_failures(conn: &mut Conn, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(failures::table.filter(failures::last_at.le(now.minus(WAIT)))).execute(conn)
}
