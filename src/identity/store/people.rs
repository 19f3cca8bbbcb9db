//! People and their one-time codes.

use diesel::prelude::*;

use crate::foundation::db::Conn;
use crate::foundation::db::schema::{identity_codes as codes, identity_people as people};
use crate::foundation::ids::{HolderId, PersonId};
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;
use crate::identity::model::{CodePurpose, CodeRow, Credentials, PersonRow, PersonState, Role};

/// The person with this id.
pub(in crate::identity) fn person(conn: &mut Conn, id: PersonId) -> QueryResult<Option<PersonRow>> {
    people::table.find(id).select(PersonRow::as_select()).first(conn).optional()
}

/// The person who types `login`.
pub(in crate::identity) fn person_called(
    conn: &mut Conn,
    login: &str,
) -> QueryResult<Option<PersonRow>> {
    people::table
        .filter(people::login.eq(login))
        .select(PersonRow::as_select())
        .first(conn)
        .optional()
}

/// People of authorities by login, at most `limit`, after the login `after`.
pub(in crate::identity) fn people(
    conn: &mut Conn,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<PersonRow>> {
    people::table
        .filter(people::login.gt(after))
        .filter(people::holder_id.is_null())
        .order(people::login)
        .limit(limit)
        .select(PersonRow::as_select())
        .load(conn)
}

/// The people of the duty holder `holder`, by login; a business has few.
pub(in crate::identity) fn people_of(
    conn: &mut Conn,
    holder: HolderId,
) -> QueryResult<Vec<PersonRow>> {
    people::table
        .filter(people::holder_id.eq(holder))
        .order(people::login)
        .select(PersonRow::as_select())
        .load(conn)
}

/// What the sign-in of whoever types `login` is checked against.
pub(in crate::identity) fn credentials(
    conn: &mut Conn,
    login: &str,
) -> QueryResult<Option<Credentials>> {
    people::table
        .filter(people::login.eq(login))
        .select(Credentials::as_select())
        .first(conn)
        .optional()
}

/// Stores a new person, who has no password yet.
pub(in crate::identity) fn insert_person(conn: &mut Conn, row: &PersonRow) -> QueryResult<usize> {
    diesel::insert_into(people::table)
        .values((
            people::id.eq(row.id),
            people::login.eq(&row.login),
            people::name.eq(&row.name),
            people::role.eq(row.role),
            people::state.eq(row.state),
            people::lang.eq(row.lang),
            people::pseudonym.eq(&row.pseudonym),
            people::totp_last_step.eq(0),
            people::made_at.eq(row.made_at),
            people::holder_id.eq(row.holder_id),
        ))
        .execute(conn)
}

/// Sets what a person does here.
pub(in crate::identity) fn set_role(
    conn: &mut Conn,
    id: PersonId,
    role: Role,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id)).set(people::role.eq(role)).execute(conn)
}

/// Sets whether a person may sign in.
pub(in crate::identity) fn set_state(
    conn: &mut Conn,
    id: PersonId,
    state: PersonState,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id)).set(people::state.eq(state)).execute(conn)
}

/// Sets a person's language.
pub(in crate::identity) fn set_lang(
    conn: &mut Conn,
    id: PersonId,
    lang: Lang,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id)).set(people::lang.eq(lang)).execute(conn)
}

/// Notes the last authenticator step that was used.
pub(in crate::identity) fn set_step(
    conn: &mut Conn,
    id: PersonId,
    step: i64,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id)).set(people::totp_last_step.eq(step)).execute(conn)
}

/// Gives a person the credentials of a finished enrolment; the person may sign in from now on.
pub(in crate::identity) fn set_credentials(
    conn: &mut Conn,
    id: PersonId,
    password_phc: &str,
    totp_secret: &[u8],
    step: i64,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set((
            people::state.eq(PersonState::Active),
            people::password_phc.eq(Some(password_phc)),
            people::totp_secret.eq(Some(totp_secret)),
            people::totp_last_step.eq(step),
        ))
        .execute(conn)
}

/// The code with this hash.
pub(in crate::identity) fn code(conn: &mut Conn, hash: &[u8; 32]) -> QueryResult<Option<CodeRow>> {
    codes::table.find(hash.as_slice()).select(CodeRow::as_select()).first(conn).optional()
}

/// Stores a new code.
pub(in crate::identity) fn insert_code(
    conn: &mut Conn,
    hash: &[u8; 32],
    person: PersonId,
    purpose: CodePurpose,
    (made_at, expires_at): (Timestamp, Timestamp),
) -> QueryResult<usize> {
    diesel::insert_into(codes::table)
        .values((
            codes::hash.eq(hash.as_slice()),
            codes::person_id.eq(person),
            codes::purpose.eq(purpose),
            codes::made_at.eq(made_at),
            codes::expires_at.eq(expires_at),
        ))
        .execute(conn)
}

/// Lets a new password and authenticator secret wait for the authenticator's first code.
pub(in crate::identity) fn keep_pending(
    conn: &mut Conn,
    hash: &[u8; 32],
    password_phc: &str,
    totp_secret: &[u8],
) -> QueryResult<usize> {
    diesel::update(codes::table.find(hash.as_slice()))
        .filter(codes::used_at.is_null())
        .set((codes::password_phc.eq(Some(password_phc)), codes::totp_secret.eq(Some(totp_secret))))
        .execute(conn)
}

/// Uses a code up and forgets what waited in it; gives 1 unless it was used before.
pub(in crate::identity) fn use_code(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(codes::table.find(hash.as_slice()))
        .filter(codes::used_at.is_null())
        .set((
            codes::used_at.eq(Some(now)),
            codes::password_phc.eq(None::<String>),
            codes::totp_secret.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
}

/// Uses up all codes of a person.
pub(in crate::identity) fn use_codes_of(
    conn: &mut Conn,
    person: PersonId,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(codes::table)
        .filter(codes::person_id.eq(person))
        .filter(codes::used_at.is_null())
        .set((
            codes::used_at.eq(Some(now)),
            codes::password_phc.eq(None::<String>),
            codes::totp_secret.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
}

/// Forgets codes that expired before `now`.
pub(in crate::identity) fn forget_codes(conn: &mut Conn, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(codes::table.filter(codes::expires_at.lt(now))).execute(conn)
}
