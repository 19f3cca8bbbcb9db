//! The rights of this room: who may see a finding or case, and who may decide.

mod flow;
mod governance;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use diesel::QueryResult;
use futures_util::future::LocalBoxFuture;

use super::error::CaseError;
use super::model::{Case, Finding};
use super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{ActId, CaseId, FindingId, HolderId, OfficerId};
use crate::foundation::problem::Problem;
use crate::registry::{Officer, Place};

pub(super) use flow::bar_of_case;
pub use flow::{CaseLead, CaseOfficer, Respondent};
pub(super) use governance::GovernanceOffice;

/// An officer who may see the finding named in the path.
pub(super) struct FindingViewer {
    pub(super) officer: Officer,
    pub(super) finding: Finding,
}

impl FromRequest for FindingViewer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let id: FindingId = in_path(&req, "finding")?;
            let found = House::of(&req)
                .store
                .read("cases.finding", move |conn| {
                    store::finding(conn, id).map_err(CaseError::from)
                })
                .await?;
            let finding = found.ok_or(CaseError::NotFound)?;
            if finding.department != officer.department_id() {
                return Err(Problem::not_found());
            }
            officer.must_cover(&Place { sector: finding.sector, district: finding.district })?;
            Ok(Self { officer, finding })
        })
    }
}

/// An officer who may see the case named in the path.
pub(super) struct CaseViewer {
    pub(super) officer: Officer,
    pub(super) case: Case,
}

impl FromRequest for CaseViewer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let id: CaseId = in_path(&req, "case")?;
            let found = House::of(&req)
                .store
                .read("cases.case", move |conn| store::case(conn, id).map_err(CaseError::from))
                .await?;
            let case = found.ok_or(CaseError::NotFound)?;
            if case.department != officer.department_id() {
                return Err(Problem::not_found());
            }
            officer.must_cover(&Place { sector: case.sector, district: case.district })?;
            Ok(Self { officer, case })
        })
    }
}

fn in_path<T: std::str::FromStr>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    req.match_info().get(name).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// The officer who decides, as documents and the log name him.
#[derive(Clone, Debug)]
pub(super) struct Decider {
    pub(super) id: OfficerId,
    pub(super) pseudonym: String,
    pub(super) certificate: String,
}

impl Decider {
    pub(super) fn of(officer: &Officer) -> Self {
        Self {
            id: officer.row().id,
            pseudonym: officer.pseudonym().to_string(),
            certificate: officer.row().certificate_no.clone(),
        }
    }
}

/// An officer who may decide the findings that he names: he sees them, his certificate is valid, and
/// no conflict with a duty holder is on record.
#[derive(Clone, Debug)]
pub struct Confirmer {
    pub(super) by: Decider,
    pub(super) findings: Vec<Finding>,
    /// The form that decides.
    pub(super) act: Option<ActId>,
}

/// Why an officer who may see a finding may not decide it, as a Fluent key; `None` if he may.
pub(super) fn bar(officer: &Officer, finding: &Finding) -> Option<&'static str> {
    bar_for(officer, finding.holder)
}

/// Why an officer may not act in the affairs of `holder`, as a Fluent key; `None` if he may.
pub(super) fn bar_for(officer: &Officer, holder: HolderId) -> Option<&'static str> {
    if !officer.is_certified() {
        return Some("cases-bar-certificate");
    }
    officer.is_conflicted_with(holder).then_some("cases-bar-conflict")
}

/// The findings called `ids` that are the officer's to see.
pub(super) fn seen_by(
    conn: &mut Conn,
    officer: &Officer,
    ids: &[FindingId],
) -> QueryResult<Vec<Finding>> {
    let mut findings = store::findings(conn, ids)?;
    findings.retain(|finding| {
        finding.department == officer.department_id()
            && officer.covers(finding.sector, finding.district)
    });
    Ok(findings)
}

impl Confirmer {
    /// The right of `officer` to decide the findings called `ids` by the form called `act`.
    ///
    /// # Errors
    ///
    /// [`CaseError::NotFound`] if one is not his to see; [`CaseError::NotYours`] if one is not his to
    /// decide; those of the store.
    pub(super) async fn of(
        house: &House,
        officer: &Officer,
        ids: Vec<FindingId>,
        act: Option<ActId>,
    ) -> Result<Self, CaseError> {
        let (who, asked) = (officer.clone(), ids.len());
        let findings = house
            .store
            .read("cases.chosen", move |conn| seen_by(conn, &who, &ids).map_err(CaseError::from))
            .await?;
        if findings.is_empty() || findings.len() != asked {
            return Err(CaseError::NotFound);
        }
        if let Some(bar) = findings.iter().find_map(|finding| bar(officer, finding)) {
            return Err(CaseError::NotYours(bar));
        }
        Ok(Self { by: Decider::of(officer), findings, act })
    }
}

impl FromRequest for Confirmer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let viewer = FindingViewer::from_request(req, payload);
        Box::pin(async move {
            let FindingViewer { officer, finding } = viewer.await?;
            if let Some(bar) = bar(&officer, &finding) {
                return Err(CaseError::NotYours(bar).into());
            }
            Ok(Self { by: Decider::of(&officer), findings: vec![finding], act: None })
        })
    }
}
