//! Consents to electronic service.

use diesel::prelude::*;

use super::super::consent::Consent;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::registry_consents;
use crate::foundation::ids::{ConsentId, DepartmentId, HolderId, PersonId};
use crate::foundation::time::{Day, Timestamp};

/// The most consents of one holder that are shown.
const PER_HOLDER: i64 = 50;

/// The consent of `holder` to `department` that counts now.
pub fn consent(
    conn: &mut Conn,
    holder: HolderId,
    department: DepartmentId,
) -> QueryResult<Option<Consent>> {
    use registry_consents as c;
    c::table
        .filter(c::holder_id.eq(holder).and(c::department_id.eq(department)))
        .filter(c::withdrawn_at.is_null())
        .select(Consent::as_select())
        .first(conn)
        .optional()
}

/// Every consent of `holder`, also those that ended, newest first, at most 50.
pub fn consents_of(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<Consent>> {
    use registry_consents as c;
    c::table
        .filter(c::holder_id.eq(holder))
        .order((c::given_at.desc(), c::id.desc()))
        .limit(PER_HOLDER)
        .select(Consent::as_select())
        .load(conn)
}

/// Whether the consent of `holder` to `department` on this paper was entered before, be it that it
/// has ended since.
pub(in super::super) fn consent_is_known(
    conn: &mut Conn,
    (holder, department): (HolderId, DepartmentId),
    reference: &str,
    given_on: Day,
) -> QueryResult<bool> {
    use registry_consents as c;
    let paper = c::reference.eq(reference).and(c::given_on.eq(given_on));
    let own = c::holder_id.eq(holder).and(c::department_id.eq(department));
    let known: i64 =
        c::table.filter(own).filter(paper.assume_not_null()).count().get_result(conn)?;
    Ok(known > 0)
}

/// Inserts a consent.
pub(in super::super) fn insert_consent(tx: &mut Conn, consent: &Consent) -> QueryResult<usize> {
    diesel::insert_into(registry_consents::table).values(consent).execute(tx)
}

/// Ends a consent; false if it has ended.
pub(in super::super) fn withdraw_consent(
    tx: &mut Conn,
    id: ConsentId,
    at: Timestamp,
    by: Option<PersonId>,
) -> QueryResult<bool> {
    use registry_consents as c;
    let open = c::id.eq(id).and(c::withdrawn_at.is_null());
    diesel::update(c::table.filter(open))
        .set((c::withdrawn_at.eq(Some(at)), c::withdrawn_by.eq(by)))
        .execute(tx)
        .map(|changed| changed == 1)
}
