//! Who may act in a case: officers of the department, those who lead it, and the business itself.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::{CaseViewer, Decider, in_path};
use crate::cases::error::CaseError;
use crate::cases::model::Case;
use crate::cases::store;
use crate::foundation::House;
use crate::foundation::ids::{CaseId, PersonId};
use crate::foundation::problem::Problem;
use crate::identity::Representative;
use crate::registry::Officer;

/// An officer who may act in the case named in the path: he sees it, his certificate is valid, and
/// no conflict with the duty holder is on record.
pub struct CaseOfficer {
    pub(in super::super) by: Decider,
    pub(in super::super) case: Case,
}

/// One who leads the department besides.
pub struct CaseLead(pub(in super::super) CaseOfficer);

/// Why an officer who may see a case may not act in it, as a Fluent key; `None` if he may.
pub(in super::super) fn bar_of_case(officer: &Officer, case: &Case) -> Option<&'static str> {
    if !officer.is_certified() {
        return Some("cases-bar-certificate");
    }
    officer.is_conflicted_with(case.holder).then_some("cases-bar-conflict")
}

impl CaseOfficer {
    fn of(viewer: CaseViewer) -> Result<Self, Problem> {
        let CaseViewer { officer, case } = viewer;
        if let Some(bar) = bar_of_case(&officer, &case) {
            return Err(CaseError::NotYours(bar).into());
        }
        Ok(Self { by: Decider::of(&officer), case })
    }
}

impl FromRequest for CaseOfficer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let viewer = CaseViewer::from_request(req, payload);
        Box::pin(async move { Self::of(viewer.await?) })
    }
}

impl FromRequest for CaseLead {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let viewer = CaseViewer::from_request(req, payload);
        Box::pin(async move {
            let viewer = viewer.await?;
            let leads = viewer.officer.leads();
            let officer = CaseOfficer::of(viewer)?;
            if leads {
                Ok(Self(officer))
            } else {
                Err(CaseError::NotYours("cases-bar-lead").into())
            }
        })
    }
}

/// A person of the business that the case named in the path is about.
pub struct Respondent {
    pub(in super::super) person: PersonId,
    pub(in super::super) pseudonym: String,
    pub(in super::super) case: Case,
}

impl FromRequest for Respondent {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let one = Representative::signed_in(&req).await?;
            let id: CaseId = in_path(&req, "case")?;
            let found = House::of(&req)
                .store
                .read("cases.own_case", move |conn| store::case(conn, id).map_err(CaseError::from))
                .await?;
            let case = found.filter(|case| case.holder == one.holder());
            let case = case.ok_or(CaseError::NotFound)?;
            let pseudonym = one.pseudonym().to_string();
            Ok(Self { person: one.id(), pseudonym, case })
        })
    }
}

impl Respondent {
    /// The case.
    pub const fn case(&self) -> &Case {
        &self.case
    }
}
