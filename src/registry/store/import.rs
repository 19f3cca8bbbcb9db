//! What the import reads whole and writes row by row.

use diesel::prelude::*;

use super::super::error::RegistryError;
use super::super::model::{
    Contact, Department, Holder, Outlet, PackInForce, RegisteredOfficer, Stream,
};
use super::super::place::Place;
use super::super::plan::Plan;
use super::super::sealed;
use super::PlanRow;
use crate::foundation::Random;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    registry_conflicts, registry_contacts, registry_departments, registry_holders,
    registry_officers, registry_outlets, registry_packs, registry_plans, registry_scopes,
    registry_streams,
};
use crate::foundation::ids::{DepartmentId, HolderId, OfficerId, StreamId};
use crate::identity::FieldCipher;

/// Every duty holder, by id.
pub(in super::super) fn all_holders(conn: &mut Conn) -> QueryResult<Vec<Holder>> {
    registry_holders::table.order(registry_holders::id).select(Holder::as_select()).load(conn)
}

/// Every outlet, by id.
pub(in super::super) fn all_outlets(conn: &mut Conn) -> QueryResult<Vec<Outlet>> {
    registry_outlets::table.order(registry_outlets::id).select(Outlet::as_select()).load(conn)
}

/// Every stream, by id.
pub(in super::super) fn all_streams(conn: &mut Conn) -> QueryResult<Vec<Stream>> {
    registry_streams::table.order(registry_streams::id).select(Stream::as_select()).load(conn)
}

/// Every officer, by id.
pub(in super::super) fn all_officers(conn: &mut Conn) -> QueryResult<Vec<RegisteredOfficer>> {
    registry_officers::table
        .order(registry_officers::id)
        .select(RegisteredOfficer::as_select())
        .load(conn)
}

/// Every pack that is, was or will be in force, by trade and day.
pub(in super::super) fn all_packs(conn: &mut Conn) -> QueryResult<Vec<PackInForce>> {
    registry_packs::table
        .order((registry_packs::sector, registry_packs::from_day))
        .select(PackInForce::as_select())
        .load(conn)
}

/// Inserts a row, or replaces the one with the same key if `$known`.
macro_rules! put {
    ($(#[$doc:meta])* $name:ident, $table:ident, $row:ty) => {
        $(#[$doc])*
        pub(in super::super) fn $name(tx: &mut Conn, row: &$row, known: bool) -> QueryResult<usize> {
            if known {
                diesel::update($table::table.find(row.id)).set(row).execute(tx)
            } else {
                diesel::insert_into($table::table).values(row).execute(tx)
            }
        }
    };
}

put! {
    /// Stores a department.
    put_department, registry_departments, Department
}
put! {
    /// Stores a duty holder.
    put_holder, registry_holders, Holder
}
put! {
    /// Stores an outlet.
    put_outlet, registry_outlets, Outlet
}
put! {
    /// Stores a stream.
    put_stream, registry_streams, Stream
}
put! {
    /// Stores an officer.
    put_officer, registry_officers, RegisteredOfficer
}

/// Stores a plan.
pub(in super::super) fn put_plan(tx: &mut Conn, plan: &Plan, known: bool) -> QueryResult<usize> {
    let row = PlanRow::from(plan);
    if known {
        diesel::update(registry_plans::table.find(plan.id)).set(&row).execute(tx)
    } else {
        diesel::insert_into(registry_plans::table).values(&row).execute(tx)
    }
}

/// Stores which pack is in force from a day on.
pub(in super::super) fn put_pack(tx: &mut Conn, pack: &PackInForce) -> QueryResult<usize> {
    diesel::delete(registry_packs::table.find((pack.sector, pack.from_day))).execute(tx)?;
    diesel::insert_into(registry_packs::table).values(pack).execute(tx)
}

/// Sets who is competent for a stream.
pub(in super::super) fn set_department(
    tx: &mut Conn,
    stream: StreamId,
    department: Option<DepartmentId>,
) -> QueryResult<usize> {
    diesel::update(registry_streams::table.find(stream))
        .set(registry_streams::department_id.eq(department))
        .execute(tx)
}

/// Takes all scopes from a department, so that another one may get them.
pub(in super::super) fn clear_scopes(
    tx: &mut Conn,
    department: DepartmentId,
) -> QueryResult<usize> {
    let own = registry_scopes::table.filter(registry_scopes::department_id.eq(department));
    diesel::delete(own).execute(tx)
}

/// Gives a scope to a department.
pub(in super::super) fn insert_scope(
    tx: &mut Conn,
    department: DepartmentId,
    scope: &Place,
) -> QueryResult<usize> {
    diesel::insert_into(registry_scopes::table)
        .values((
            registry_scopes::sector.eq(scope.sector),
            registry_scopes::district.eq(scope.district),
            registry_scopes::department_id.eq(department),
        ))
        .execute(tx)
}

/// Replaces the duty holders in whose affairs an officer does not act.
pub(in super::super) fn replace_conflicts(
    tx: &mut Conn,
    officer: OfficerId,
    holders: &[HolderId],
) -> QueryResult<()> {
    let old = registry_conflicts::table.filter(registry_conflicts::officer_id.eq(officer));
    diesel::delete(old).execute(tx)?;
    for holder in holders {
        diesel::insert_into(registry_conflicts::table)
            .values((
                registry_conflicts::officer_id.eq(officer),
                registry_conflicts::holder_id.eq(holder),
            ))
            .execute(tx)?;
    }
    Ok(())
}

/// Replaces the people of a duty holder who get its letters.
///
/// # Errors
///
/// [`RegistryError::Secret`], and those of the store.
pub(in super::super) fn replace_contacts(
    tx: &mut Conn,
    cipher: &FieldCipher,
    holder: HolderId,
    contacts: &[Contact],
    random: &Random,
) -> Result<(), RegistryError> {
    let old = registry_contacts::table.filter(registry_contacts::holder_id.eq(holder));
    diesel::delete(old).execute(tx)?;
    for (position, contact) in (0_i32..).zip(contacts) {
        let place = position.to_be_bytes();
        let seal = |column, text: &str| {
            cipher.wrap(sealed::contact(&holder, &place, column), text.as_bytes(), random)
        };
        diesel::insert_into(registry_contacts::table)
            .values((
                registry_contacts::holder_id.eq(holder),
                registry_contacts::position.eq(position),
                registry_contacts::name.eq(seal("name", &contact.name)?),
                registry_contacts::email.eq(seal("email", &contact.email)?),
                registry_contacts::lang.eq(contact.lang),
            ))
            .execute(tx)?;
    }
    Ok(())
}
