//! The right of an officer: who may act where.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::error::RegistryError;
use super::model::{Department, RegisteredOfficer};
use super::place::{District, Place, Sector};
use super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Lang, Side, Visitor};
use crate::identity::{Person, Pseudonym};

/// An officer who is signed in, with the department's jurisdiction. He may look; what needs a
/// valid certificate asks [`Officer::must_be_certified`].
#[derive(Clone, Debug)]
pub struct Officer {
    person: Person,
    row: RegisteredOfficer,
    department: Department,
    scopes: Vec<Place>,
    conflicts: Vec<HolderId>,
    today: Day,
}

impl Officer {
    /// The officer who is signed in. The page's frame gets to know the department.
    ///
    /// # Errors
    ///
    /// Those of [`Person::signed_in`]; 403 `forbidden` for a person who is no officer.
    pub async fn signed_in(req: &HttpRequest) -> Result<Self, Problem> {
        let person = Person::signed_in(req).await?;
        let house = House::of(req);
        let (id, today) = (person.id(), house.clock.now().day());
        let found = house.store.read("registry.officer", move |conn| {
            let Some(row) = store::officer_of(conn, id)? else { return Ok(None) };
            let Some(department) = store::department(conn, row.department)? else {
                return Ok(None);
            };
            let scopes = store::scopes_of(conn, row.department)?;
            let conflicts = store::conflicts_of(conn, row.id)?;
            Ok::<_, RegistryError>(Some((row, department, scopes, conflicts)))
        });
        let Some((row, department, scopes, conflicts)) = found.await? else {
            return Err(Problem::forbidden());
        };
        let place = match Lang::of(req) {
            Lang::Zh => department.name_zh.clone(),
            Lang::En => department.name_en.clone(),
        };
        let name = person.name().to_owned();
        req.extensions_mut().insert(Visitor { name, place, side: Side::Officers });
        Ok(Self { person, row, department, scopes, conflicts, today })
    }

    /// The officer as a person.
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// What the log calls the officer.
    pub fn pseudonym(&self) -> Pseudonym {
        self.person.pseudonym()
    }

    /// The officer as the registry knows him.
    pub const fn row(&self) -> &RegisteredOfficer {
        &self.row
    }

    /// The department.
    pub const fn department(&self) -> &Department {
        &self.department
    }

    /// The department's id.
    pub const fn department_id(&self) -> DepartmentId {
        self.department.id
    }

    /// Whether he leads the department.
    pub const fn leads(&self) -> bool {
        self.row.lead
    }

    /// The trades that the officer sees: those of the certificate in which the department is
    /// competent somewhere.
    pub fn sectors(&self) -> Vec<Sector> {
        let competent = |sector: &Sector| self.scopes.iter().any(|s| s.sector == *sector);
        self.row.sectors().filter(competent).collect()
    }

    /// Where the officer may act: the department's scopes in the trades of the certificate.
    pub fn places(&self) -> Vec<Place> {
        let own: Vec<Sector> = self.row.sectors().collect();
        self.scopes.iter().filter(|scope| own.contains(&scope.sector)).copied().collect()
    }

    /// Whether a trade in a district is the officer's.
    pub fn covers(&self, sector: Sector, district: District) -> bool {
        let place = Place { sector, district };
        self.row.sectors().any(|own| own == sector)
            && self.scopes.iter().any(|scope| scope.covers(&place))
    }

    /// Refuses what is not the officer's as if it did not exist.
    ///
    /// # Errors
    ///
    /// 404 `not-found`.
    pub fn must_cover(&self, place: &Place) -> Result<(), Problem> {
        if self.covers(place.sector, place.district) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// Whether the certificate is valid today.
    pub fn is_certified(&self) -> bool {
        self.row.certified_on(self.today)
    }

    /// Refuses an officer without a valid certificate.
    ///
    /// # Errors
    ///
    /// 403 `forbidden`, saying why.
    pub fn must_be_certified(&self) -> Result<(), Problem> {
        if self.is_certified() {
            return Ok(());
        }
        Err(Problem::forbidden().says(&"the enforcement certificate is not valid any more"))
    }

    /// Whether the officer must not act in the affairs of `holder`.
    pub fn is_conflicted_with(&self, holder: HolderId) -> bool {
        self.conflicts.contains(&holder)
    }

    /// Whether `holder` has a stream that is the officer's.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn sees(&self, conn: &mut Conn, holder: HolderId) -> diesel::QueryResult<bool> {
        let streams = store::streams_of(conn, holder)?;
        Ok(streams.iter().map(|facts| facts.place()).any(|p| self.covers(p.sector, p.district)))
    }
}

impl FromRequest for Officer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::signed_in(&req).await })
    }
}
