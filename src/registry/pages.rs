//! The pages of the registry: duty holders, and the department. The page of one duty holder is
//! where its audits are.

pub(super) mod people;

use std::borrow::Borrow;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::error::RegistryError;
use super::guard::Officer;
use super::model::{Holder, HolderState, RegisteredOfficer, StreamFacts};
use super::place::{District, DivisionKind, Place, Sector};
use super::plan::{Cut, Plan};
use super::store;
use crate::foundation::House;
use crate::foundation::ids::HolderId;
use crate::foundation::paging::{PAGE, Page};
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
    #[serde(default)]
    after: String,
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
    rows: Page<Listed>,
    paged: bool,
}

impl HoldersPage {
    /// The address of the same list from another place on.
    fn at(&self, after: &str) -> String {
        let sector = self.sector.map(Sector::as_str).unwrap_or_default();
        let district = self.district.as_ref().map(District::as_str).unwrap_or_default();
        format!("/holders?sector={sector}&district={district}&after={after}")
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
    let after: Option<HolderId> = chosen(&narrowing.after)?;
    let own = officer.sectors();
    let sectors: Vec<Sector> =
        own.iter().copied().filter(|own| sector.is_none_or(|sector| sector == *own)).collect();
    let right = officer.clone();
    let listing = House::of(&req).store.read("registry.list_holders", move |conn| {
        let (department, narrow) = (right.department_id(), (sectors.as_slice(), district));
        let found = store::holders_after(conn, department, narrow, after, PAGE + 1)?;
        let found = Page::cut(found, |holder| holder.id.to_string());
        let mut rows = Vec::with_capacity(found.rows.len());
        for holder in found.rows {
            let mut streams = store::streams_of(conn, holder.id)?;
            streams.retain(|facts| right.must_cover(&facts.place()).is_ok());
            rows.push(listed(holder, &streams));
        }
        Ok::<_, RegistryError>(Page { rows, next: found.next })
    });
    page(&HoldersPage {
        rows: listing.await?,
        f: Frame::of(&req, "registry-holders"),
        sectors: own,
        districts: District::known().into_iter().filter(|known| seen(&officer, known)).collect(),
        sector,
        district,
        paged: after.is_some(),
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
