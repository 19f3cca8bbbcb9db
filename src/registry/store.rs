//! Every SQL statement of the registry.

use diesel::prelude::*;

use super::error::RegistryError;
use super::model::{
    Contact, Department, Holder, HolderState, Outlet, PackInForce, RegisteredOfficer, Stream,
    StreamFacts, pack_on,
};
use super::place::{District, Place, Sector};
use super::plan::{Cut, Period, Plan, Pooling};
use super::sealed;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    registry_conflicts, registry_contacts, registry_departments, registry_holders,
    registry_officers, registry_outlets, registry_packs, registry_plans, registry_scopes,
    registry_streams,
};
use crate::foundation::ids::{
    DepartmentId, HolderId, LeafId, OfficerId, PersonId, PlanId, StreamId,
};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;

type Backend = <Conn as diesel::Connection>::Backend;

mod consents;
mod import;

pub use consents::{consent, consents_of};
pub(super) use consents::{consent_is_known, insert_consent, withdraw_consent};
pub(super) use import::*;

/// Every department, by code.
pub fn departments(conn: &mut Conn) -> QueryResult<Vec<Department>> {
    registry_departments::table
        .order(registry_departments::code)
        .select(Department::as_select())
        .load(conn)
}

/// The department with this id.
pub fn department(conn: &mut Conn, id: DepartmentId) -> QueryResult<Option<Department>> {
    registry_departments::table.find(id).select(Department::as_select()).first(conn).optional()
}

/// Every scope with its department, by trade and district.
pub(super) fn scopes(conn: &mut Conn) -> QueryResult<Vec<(Place, DepartmentId)>> {
    let rows: Vec<(Sector, District, DepartmentId)> = registry_scopes::table
        .order((registry_scopes::sector, registry_scopes::district))
        .load(conn)?;
    let scope = |(sector, district, department)| (Place { sector, district }, department);
    Ok(rows.into_iter().map(scope).collect())
}

/// Where `department` is competent, by trade and district.
pub fn scopes_of(conn: &mut Conn, department: DepartmentId) -> QueryResult<Vec<Place>> {
    let mut scopes = scopes(conn)?;
    scopes.retain(|(_, competent)| *competent == department);
    Ok(scopes.into_iter().map(|(place, _)| place).collect())
}

/// The department that is competent for a trade in a district.
pub fn department_for(
    conn: &mut Conn,
    sector: Sector,
    district: District,
) -> QueryResult<Option<Department>> {
    let place = Place { sector, district };
    match competent(&scopes(conn)?, &place) {
        Some(id) => department(conn, id),
        None => Ok(None),
    }
}

/// Who is competent for `place` by these scopes.
pub(super) fn competent(scopes: &[(Place, DepartmentId)], place: &Place) -> Option<DepartmentId> {
    scopes.iter().find(|(scope, _)| scope.covers(place)).map(|(_, department)| *department)
}

/// The duty holder with this id.
pub fn holder(conn: &mut Conn, id: HolderId) -> QueryResult<Option<Holder>> {
    registry_holders::table.find(id).select(Holder::as_select()).first(conn).optional()
}

/// Every duty holder with a stream for which `department` is competent, by id.
pub fn holders(conn: &mut Conn, department: DepartmentId) -> QueryResult<Vec<Holder>> {
    let supervised = registry_streams::table
        .inner_join(registry_outlets::table)
        .filter(registry_streams::department_id.eq(department))
        .select(registry_outlets::holder_id);
    registry_holders::table
        .filter(registry_holders::id.eq_any(supervised))
        .order(registry_holders::id)
        .select(Holder::as_select())
        .load(conn)
}

/// Duty holders with a stream of `sectors` in a part of `district` for which `department` is
/// competent, by name; at most `limit` after the holder `after`.
pub fn holders_after(
    conn: &mut Conn,
    department: DepartmentId,
    (sectors, district): (&[Sector], Option<District>),
    after: Option<HolderId>,
    limit: i64,
) -> QueryResult<Vec<Holder>> {
    let pattern = match district {
        None => "%".to_owned(),
        Some(whole) if whole.is_whole() => format!("{}%", &whole.as_str()[..4]),
        Some(district) => district.to_string(),
    };
    let from = match after {
        Some(after) => holder(conn, after)?.map(|holder| (holder.name, holder.id)),
        None => None,
    };
    // Asked of each holder in the order of names, so that a page ends when it is full.
    let supervised = registry_streams::table
        .filter(registry_streams::outlet_id.eq(registry_outlets::id))
        .filter(registry_streams::department_id.eq(department))
        .filter(registry_streams::sector.eq_any(sectors));
    let own = registry_outlets::table
        .filter(registry_outlets::holder_id.eq(registry_holders::id))
        .filter(registry_outlets::district.like(pattern))
        .filter(diesel::dsl::exists(supervised));
    let mut query = registry_holders::table
        .filter(diesel::dsl::exists(own))
        .order((registry_holders::name, registry_holders::id))
        .limit(limit)
        .select(Holder::as_select())
        .into_boxed::<Backend>();
    if let Some((name, id)) = from {
        let later = registry_holders::name.gt(name.clone());
        let same = registry_holders::name.eq(name.clone()).and(registry_holders::id.gt(id));
        query = query.filter(registry_holders::name.ge(name)).filter(later.or(same));
    }
    query.load(conn)
}

/// The duty holders that `plan` audits for `period`: in business, with a stream in the period; by
/// id.
pub fn subjects(conn: &mut Conn, plan: &Plan, period: &Period) -> QueryResult<Vec<Holder>> {
    let supervised = registry_streams::table
        .inner_join(registry_outlets::table)
        .filter(registry_streams::department_id.eq(plan.department))
        .filter(registry_streams::sector.eq(plan.sector))
        .filter(registry_streams::opened_on.le(period.last))
        .filter(
            registry_streams::closed_on.is_null().or(registry_streams::closed_on.ge(period.first)),
        )
        .select(registry_outlets::holder_id);
    registry_holders::table
        .filter(registry_holders::id.eq_any(supervised))
        .filter(registry_holders::state.eq(HolderState::Active))
        .order(registry_holders::id)
        .select(Holder::as_select())
        .load(conn)
}

/// The outlets of `holder`, by name.
pub fn outlets_of(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<Outlet>> {
    registry_outlets::table
        .filter(registry_outlets::holder_id.eq(holder))
        .order((registry_outlets::name, registry_outlets::id))
        .select(Outlet::as_select())
        .load(conn)
}

type Joined = (Stream, Outlet, HolderState);

/// Streams with their outlets and the state of their holders.
macro_rules! joined {
    () => {
        registry_streams::table
            .inner_join(registry_outlets::table.inner_join(registry_holders::table))
            .order(registry_streams::id)
            .select((Stream::as_select(), Outlet::as_select(), registry_holders::state))
    };
}

/// What a push asks of the registry; `None` if there is no such stream.
pub fn stream_for_push(conn: &mut Conn, id: StreamId) -> QueryResult<Option<StreamFacts>> {
    let found: Option<Joined> =
        joined!().filter(registry_streams::id.eq(id)).first(conn).optional()?;
    Ok(with_packs(conn, found.into_iter().collect())?.pop())
}

/// Every stream of `holder`, closed ones too, by id.
pub fn streams_of(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<StreamFacts>> {
    let rows = joined!().filter(registry_outlets::holder_id.eq(holder)).load(conn)?;
    with_packs(conn, rows)
}

/// The streams of `holder` that exist on any day from `first` to `last`, by id.
pub fn open_streams(
    conn: &mut Conn,
    holder: HolderId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<StreamFacts>> {
    let mut streams = streams_of(conn, holder)?;
    streams.retain(|facts| facts.stream.exists_between(first, last));
    Ok(streams)
}

/// Streams that exist on `day`, of holders in business, by id; at most `limit`, after `after`.
pub fn streams_on(
    conn: &mut Conn,
    day: Day,
    after: Option<StreamId>,
    limit: i64,
) -> QueryResult<Vec<StreamFacts>> {
    let after = after.unwrap_or_else(|| crate::foundation::ids::Id::from_uuid(uuid::Uuid::nil()));
    let rows = joined!()
        .filter(registry_streams::id.gt(after))
        .filter(registry_streams::opened_on.le(day))
        .filter(registry_streams::closed_on.is_null().or(registry_streams::closed_on.ge(day)))
        .filter(registry_holders::state.eq(HolderState::Active))
        .limit(limit)
        .load(conn)?;
    with_packs(conn, rows)
}

fn with_packs(conn: &mut Conn, rows: Vec<Joined>) -> QueryResult<Vec<StreamFacts>> {
    let mut sectors: Vec<Sector> = rows.iter().map(|(stream, ..)| stream.sector).collect();
    sectors.sort();
    sectors.dedup();
    let mut packs: Vec<PackInForce> = Vec::new();
    for sector in sectors {
        packs.extend(packs_of(conn, sector)?);
    }
    let facts = rows.into_iter().map(|(stream, outlet, state)| {
        let own = packs.iter().filter(|pack| pack.sector == stream.sector).cloned().collect();
        StreamFacts { stream, outlet, state, packs: own }
    });
    Ok(facts.collect())
}

/// The packs of a trade, oldest first.
pub fn packs_of(conn: &mut Conn, sector: Sector) -> QueryResult<Vec<PackInForce>> {
    registry_packs::table
        .filter(registry_packs::sector.eq(sector))
        .order(registry_packs::from_day)
        .select(PackInForce::as_select())
        .load(conn)
}

/// The pack in force for a trade on `day`.
pub fn pack_in_force(
    conn: &mut Conn,
    sector: Sector,
    day: Day,
) -> QueryResult<Option<PackInForce>> {
    Ok(pack_on(&packs_of(conn, sector)?, day).cloned())
}

/// The officers of `department`, by certificate number.
pub fn officers_of(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<Vec<RegisteredOfficer>> {
    registry_officers::table
        .filter(registry_officers::department_id.eq(department))
        .order(registry_officers::certificate_no)
        .select(RegisteredOfficer::as_select())
        .load(conn)
}

/// The officer who signs in as `person`.
pub fn officer_of(conn: &mut Conn, person: PersonId) -> QueryResult<Option<RegisteredOfficer>> {
    registry_officers::table
        .filter(registry_officers::person_id.eq(person))
        .select(RegisteredOfficer::as_select())
        .first(conn)
        .optional()
}

/// The duty holders in whose affairs `officer` does not act, by id.
pub fn conflicts_of(conn: &mut Conn, officer: OfficerId) -> QueryResult<Vec<HolderId>> {
    registry_conflicts::table
        .filter(registry_conflicts::officer_id.eq(officer))
        .order(registry_conflicts::holder_id)
        .select(registry_conflicts::holder_id)
        .load(conn)
}

/// The people of `holder` who get its letters, in the order of its list.
///
/// # Errors
///
/// [`RegistryError::Secret`] if the field key is another one; those of the store.
pub fn contacts_of(
    conn: &mut Conn,
    cipher: &FieldCipher,
    holder: HolderId,
) -> Result<Vec<Contact>, RegistryError> {
    let rows: Vec<(i32, Vec<u8>, Vec<u8>, Lang)> = registry_contacts::table
        .filter(registry_contacts::holder_id.eq(holder))
        .order(registry_contacts::position)
        .select((
            registry_contacts::position,
            registry_contacts::name,
            registry_contacts::email,
            registry_contacts::lang,
        ))
        .load(conn)?;
    let open = |(position, name, email, lang): (i32, Vec<u8>, Vec<u8>, Lang)| {
        let position = position.to_be_bytes();
        let cell = |column| sealed::contact(&holder, &position, column);
        Ok(Contact {
            name: sealed::open(cipher, cell("name"), &name)?,
            email: sealed::open(cipher, cell("email"), &email)?,
            lang,
        })
    };
    rows.into_iter().map(open).collect()
}

/// The languages of the people who get letters of `holder`, in the order of its list; no key is
/// needed, because their names and addresses stay sealed.
pub fn contact_langs(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<(i32, Lang)>> {
    registry_contacts::table
        .filter(registry_contacts::holder_id.eq(holder))
        .order(registry_contacts::position)
        .select((registry_contacts::position, registry_contacts::lang))
        .load(conn)
}

/// A plan as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registry_plans, treat_none_as_null = true)]
struct PlanRow {
    id: PlanId,
    department_id: DepartmentId,
    sector: Sector,
    span_days: Option<i32>,
    span_from: Option<Day>,
    cutoff_hours: i32,
    p0_per_mille: i32,
    alpha_pass_ppm: i32,
    alpha_fail_ppm: i32,
    cap: i32,
    first_block: i32,
    block: i32,
    holders_per_period: Option<i32>,
    close_due_hours: i32,
    contributors: i32,
    leaf_id: LeafId,
    disclosure_hours: i32,
    audit_chances: Option<String>,
    audits_per_year: Option<i32>,
    for_cause_beyond_cap: bool,
    pool_below: Option<i32>,
    pool_holders: Option<i32>,
}

/// A stored number of a plan; the import lets nothing negative in.
fn natural(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}

fn stored(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl From<PlanRow> for Plan {
    fn from(row: PlanRow) -> Self {
        Self {
            id: row.id,
            department: row.department_id,
            sector: row.sector,
            cut: match (row.span_days, row.span_from) {
                (Some(days), Some(from)) => Cut::Days { days: natural(days), from },
                _ => Cut::Month,
            },
            cutoff_hours: natural(row.cutoff_hours),
            p0_per_mille: u16::try_from(row.p0_per_mille).unwrap_or(0),
            alpha_pass_ppm: natural(row.alpha_pass_ppm),
            alpha_fail_ppm: natural(row.alpha_fail_ppm),
            cap: natural(row.cap),
            first_block: natural(row.first_block),
            block: natural(row.block),
            holders_per_period: row.holders_per_period.map(natural),
            audit_chances: row.audit_chances.and_then(|text| text.parse().ok()),
            audits_per_year: row.audits_per_year.map(natural),
            for_cause_beyond_cap: row.for_cause_beyond_cap,
            pooling: row.pool_below.zip(row.pool_holders).map(|(below, holders)| Pooling {
                below: natural(below),
                holders: natural(holders),
            }),
            close_due_hours: natural(row.close_due_hours),
            contributors: natural(row.contributors),
            disclosure_hours: natural(row.disclosure_hours),
            leaf: row.leaf_id,
        }
    }
}

impl From<&Plan> for PlanRow {
    fn from(plan: &Plan) -> Self {
        let (span_days, span_from) = match plan.cut {
            Cut::Month => (None, None),
            Cut::Days { days, from } => (Some(stored(days)), Some(from)),
        };
        Self {
            id: plan.id,
            department_id: plan.department,
            sector: plan.sector,
            span_days,
            span_from,
            cutoff_hours: stored(plan.cutoff_hours),
            p0_per_mille: i32::from(plan.p0_per_mille),
            alpha_pass_ppm: stored(plan.alpha_pass_ppm),
            alpha_fail_ppm: stored(plan.alpha_fail_ppm),
            cap: stored(plan.cap),
            first_block: stored(plan.first_block),
            block: stored(plan.block),
            holders_per_period: plan.holders_per_period.map(stored),
            close_due_hours: stored(plan.close_due_hours),
            contributors: stored(plan.contributors),
            leaf_id: plan.leaf,
            disclosure_hours: stored(plan.disclosure_hours),
            audit_chances: plan.audit_chances.map(|chances| chances.to_string()),
            audits_per_year: plan.audits_per_year.map(stored),
            for_cause_beyond_cap: plan.for_cause_beyond_cap,
            pool_below: plan.pooling.map(|pooling| stored(pooling.below)),
            pool_holders: plan.pooling.map(|pooling| stored(pooling.holders)),
        }
    }
}

/// Every plan, by id.
pub fn plans(conn: &mut Conn) -> QueryResult<Vec<Plan>> {
    let rows: Vec<PlanRow> =
        registry_plans::table.order(registry_plans::id).select(PlanRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Plan::from).collect())
}

/// The plan with this id.
pub fn plan(conn: &mut Conn, id: PlanId) -> QueryResult<Option<Plan>> {
    let row = registry_plans::table.find(id).select(PlanRow::as_select()).first(conn);
    Ok(row.optional()?.map(Plan::from))
}

/// The plan of `department` for a trade.
pub fn plan_for(
    conn: &mut Conn,
    department: DepartmentId,
    sector: Sector,
) -> QueryResult<Option<Plan>> {
    let row = registry_plans::table
        .filter(registry_plans::department_id.eq(department))
        .filter(registry_plans::sector.eq(sector))
        .select(PlanRow::as_select())
        .first(conn);
    Ok(row.optional()?.map(Plan::from))
}
