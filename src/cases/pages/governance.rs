//! The page of the governance office: totals by department, and the steps that were taken.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::super::decision::Reason;
use super::super::error::CaseError;
use super::super::governance::{self, Figures, Measure, MeasureKind};
use super::super::guard::GovernanceOffice;
use super::super::store;
use super::acts::{parsed, reason};
use super::case::{Mend, Typed};
use super::see;
use crate::foundation::House;
use crate::foundation::ids::DepartmentId;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, page};
use crate::registry;

/// A department with its totals and the steps towards it.
struct Row {
    id: DepartmentId,
    zh: String,
    en: String,
    figures: Figures,
    measures: Vec<Measure>,
}

#[derive(Template)]
#[template(path = "cases/pages/governance.html")]
struct GovernancePage {
    f: Frame,
    rows: Vec<Row>,
    mend: Mend,
}

impl GovernancePage {
    fn kinds() -> &'static [MeasureKind] {
        MeasureKind::ALL
    }

    fn kind_key(kind: &MeasureKind) -> String {
        format!("governance-kind-{}", kind.as_str().replace('_', "-"))
    }

    fn typed<'a>(&'a self, field: &str) -> &'a str {
        self.mend.typed("take", field, "")
    }
}

/// `GET /governance`.
pub(super) async fn show(
    req: HttpRequest,
    _right: GovernanceOffice,
) -> Result<HttpResponse, Problem> {
    page(&governance_page(&req, Mend::default()).await?)
}

async fn governance_page(req: &HttpRequest, mend: Mend) -> Result<GovernancePage, Problem> {
    let f = Frame::of(req, "governance-title");
    let rows = House::of(req)
        .store
        .read("cases.governance", |conn| -> Result<_, CaseError> {
            let mut rows = Vec::new();
            for department in registry::departments(conn)? {
                rows.push(Row {
                    id: department.id,
                    figures: governance::figures(conn, department.id)?,
                    measures: store::governance::measures_of(conn, department.id)?,
                    zh: department.name_zh,
                    en: department.name_en,
                });
            }
            Ok(rows)
        })
        .await?;
    Ok(GovernancePage { f, rows, mend })
}

/// `POST /governance`: takes a step.
pub(super) async fn take(
    req: HttpRequest,
    right: GovernanceOffice,
    form: Form<Typed>,
) -> Result<HttpResponse, Problem> {
    let typed = form.0;
    let done = async {
        let department = parsed(&typed, "department", "decision")?;
        let kind = parsed(&typed, "kind", "decision")?;
        let words: Reason = reason(&typed)?;
        governance::take(House::of(&req), right, department, kind, words).await
    };
    let done = done.await;
    answer(&req, ("take", typed), done).await
}

/// `POST /governance/{measure}/end`.
pub(super) async fn end(
    req: HttpRequest,
    right: GovernanceOffice,
    form: Form<Typed>,
) -> Result<HttpResponse, Problem> {
    let id = req.match_info().get("measure").and_then(|text| text.parse().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let typed = form.0;
    let done = async {
        let words = reason(&typed)?;
        governance::end(House::of(&req), right, id, words).await
    };
    let done = done.await;
    answer(&req, ("end", typed), done).await
}

async fn answer(
    req: &HttpRequest,
    (form, typed): (&'static str, Typed),
    done: Result<(), CaseError>,
) -> Result<HttpResponse, Problem> {
    let (status, fault) = match done {
        Ok(()) => return Ok(see("/governance")),
        Err(CaseError::Words(fault)) => (StatusCode::UNPROCESSABLE_ENTITY, fault),
        Err(CaseError::NotNow) => (StatusCode::CONFLICT, "step"),
        Err(error) => return Err(error.into()),
    };
    let mend = Mend { form, fault: Some(format!("case-fault-{fault}")), typed };
    let mut answer = page(&governance_page(req, mend).await?)?;
    *answer.status_mut() = status;
    Ok(answer)
}
