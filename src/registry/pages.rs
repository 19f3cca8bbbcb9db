//! The pages of the registry: duty holders, one duty holder, the department.

pub(super) mod people;

use std::borrow::Borrow;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::error::RegistryError;
use super::guard::Officer;
use super::model::{Holder, HolderKind, HolderState, Outlet, RegisteredOfficer, StreamFacts};
use super::place::{District, DivisionKind, Place, Sector};
use super::plan::{Cut, Plan};
use super::store;
use crate::foundation::House;
use crate::foundation::ids::HolderId;
use crate::foundation::paging::PAGE;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Frame, page};

/// What the list of duty holders is narrowed to; an empty word narrows nothing.
#[derive(Deserialize)]
pub(super) struct Narrowing {
    #[serde(default)]
    sector: String,
    #[serde(default)]
    district: String,
    page: Option<u32>,
}

/// A duty holder in the list, with what of it is the officer's.
struct Listed {
    holder: Holder,
    sectors: Vec<Sector>,
    outlets: usize,
    streams: usize,
}

#[derive(Template)]
#[template(path = "registry/pages/holders.html")]
struct HoldersPage {
    f: Frame,
    sectors: Vec<Sector>,
    districts: Vec<District>,
    sector: Option<Sector>,
    district: Option<District>,
    rows: Vec<Listed>,
    page: u32,
    more: bool,
}

impl HoldersPage {
    /// The address of another page of the same list.
    fn at(&self, page: u32) -> String {
        let sector = self.sector.map(Sector::as_str).unwrap_or_default();
        let district = self.district.as_ref().map(District::as_str).unwrap_or_default();
        format!("/holders?sector={sector}&district={district}&page={page}")
    }
}

/// `GET /holders`: the duty holders with a stream that is the officer's, by name.
pub(super) async fn holders(
    req: HttpRequest,
    officer: Officer,
    narrowing: web::Query<Narrowing>,
) -> Result<HttpResponse, Problem> {
    let sector: Option<Sector> = chosen(&narrowing.sector)?;
    let district: Option<District> = chosen(&narrowing.district)?;
    let number = narrowing.page.unwrap_or(1).max(1);
    let own = officer.sectors();
    let sectors: Vec<Sector> =
        own.iter().copied().filter(|own| sector.is_none_or(|sector| sector == *own)).collect();
    let offset = i64::from(number - 1) * PAGE;
    let right = officer.clone();
    let listing = House::of(&req).store.read("registry.list_holders", move |conn| {
        let department = right.department_id();
        let window = (offset, PAGE + 1);
        let found = store::holders_listed(conn, department, &sectors, district, window)?;
        let mut rows = Vec::with_capacity(found.len());
        for holder in found {
            let mut streams = store::streams_of(conn, holder.id)?;
            streams.retain(|facts| right.must_cover(&facts.place()).is_ok());
            rows.push(listed(holder, &streams));
        }
        Ok::<_, RegistryError>(rows)
    });
    let mut rows = listing.await?;
    let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    page(&HoldersPage {
        f: Frame::of(&req, "registry-holders"),
        sectors: own,
        districts: District::known().into_iter().filter(|known| seen(&officer, known)).collect(),
        sector,
        district,
        rows,
        page: number,
        more,
    })
}

fn chosen<T: std::str::FromStr>(word: &str) -> Result<Option<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    if word.is_empty() {
        return Ok(None);
    }
    word.parse().map(Some).map_err(Problem::malformed)
}

/// Whether the officer has anything in a district, or in a part of it.
fn seen(officer: &Officer, district: &District) -> bool {
    officer.places().iter().any(|p| p.district.covers(district) || district.covers(&p.district))
}

fn listed(holder: Holder, streams: &[StreamFacts]) -> Listed {
    let mut sectors: Vec<Sector> = streams.iter().map(|facts| facts.stream.sector).collect();
    sectors.sort();
    sectors.dedup();
    let mut outlets: Vec<_> = streams.iter().map(|facts| facts.outlet.id).collect();
    outlets.sort();
    outlets.dedup();
    Listed { holder, sectors, outlets: outlets.len(), streams: streams.len() }
}

#[derive(Template)]
#[template(path = "registry/pages/holder.html")]
struct HolderPage {
    f: Frame,
    holder: Holder,
    contacts: i64,
    outlets: Vec<(Outlet, Vec<StreamFacts>)>,
    today: Day,
}

/// `GET /holders/{holder}`: one duty holder, with what of it is the officer's.
pub(super) async fn holder(
    req: HttpRequest,
    officer: Officer,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: HolderId = path.parse().ok().ok_or_else(Problem::not_found)?;
    let house = House::of(&req);
    let today = house.clock.now().day();
    let found = house.store.read("registry.show_holder", move |conn| {
        let Some(holder) = store::holder(conn, id)? else { return Ok(None) };
        let mut streams = store::streams_of(conn, id)?;
        streams.retain(|facts| officer.must_cover(&facts.place()).is_ok());
        let contacts = store::count_contacts(conn, id)?;
        let outlets = store::outlets_of(conn, id)?;
        Ok::<_, RegistryError>(Some((holder, contacts, outlets, streams)))
    });
    let (holder, contacts, outlets, streams) = found.await?.ok_or_else(Problem::not_found)?;
    let with_streams = outlets.into_iter().filter_map(|outlet| {
        let own: Vec<_> =
            streams.iter().filter(|facts| facts.outlet.id == outlet.id).cloned().collect();
        (!own.is_empty()).then_some((outlet, own))
    });
    let outlets: Vec<_> = with_streams.collect();
    if outlets.is_empty() {
        return Err(Problem::not_found());
    }
    let f = Frame::of(&req, "registry-holder");
    page(&HolderPage { f, holder, contacts, outlets, today })
}

#[derive(Template)]
#[template(path = "registry/pages/department.html")]
struct DepartmentPage {
    f: Frame,
    name: String,
    organ: String,
    code: String,
    scopes: Vec<Place>,
    officers: Vec<RegisteredOfficer>,
    plans: Vec<Plan>,
    packs: Vec<(Sector, String, Day)>,
    today: Day,
}

/// `GET /department`: the officer's own department.
pub(super) async fn department(
    req: HttpRequest,
    officer: Officer,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let today = house.clock.now().day();
    let own = officer.department_id();
    let found = house.store.read("registry.show_department", move |conn| {
        let scopes = store::scopes_of(conn, own)?;
        let officers = store::officers_of(conn, own)?;
        let mut plans = store::plans(conn)?;
        plans.retain(|plan| plan.department == own);
        let mut sectors: Vec<Sector> = scopes.iter().map(|scope| scope.sector).collect();
        sectors.dedup();
        let mut packs = Vec::new();
        for sector in sectors {
            if let Some(pack) = store::pack_in_force(conn, sector, today)? {
                packs.push((sector, pack.pack, pack.from_day));
            }
        }
        Ok::<_, RegistryError>((scopes, officers, plans, packs))
    });
    let (scopes, officers, plans, packs) = found.await?;
    let f = Frame::of(&req, "registry-department");
    let department = officer.department();
    page(&DepartmentPage {
        name: f.either(&department.name_zh, &department.name_en).to_owned(),
        organ: department.organ.clone(),
        code: department.code.clone(),
        f,
        scopes,
        officers,
        plans,
        packs,
        today,
    })
}

/// A share in millionths as a percentage: `50000` is `5`.
fn percent(ppm: impl Borrow<u32>) -> String {
    let ppm = *ppm.borrow();
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_share_is_shown_without_idle_digits() {
        let shown = [50_000, 10_000, 1, 125_000, 0_u32].map(super::percent);
        assert_eq!(shown, ["5", "1", "0.0001", "12.5", "0"]);
    }
}
