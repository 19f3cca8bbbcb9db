//! Which findings a case is about: where they came from and went to, and the forms that move them.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::actions::{self, fit_together, is_movable};
use super::super::decision::Reason;
use super::super::error::CaseError;
use super::super::guard::{CaseViewer, Decider, bar_for};
use super::super::model::{Case, CaseResult, Event};
use super::super::store;
use super::super::words;
use super::deciding::{Desk, Fields, Mend, mendable};
use super::{Names, Tag, officer_names, see};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, FindingId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::identity::FieldCipher;
use crate::rules::Packs;

/// A finding that went from one case to another.
struct Moved {
    at: Timestamp,
    by: String,
    kind: Event,
    finding: FindingId,
    /// Whether it left this case.
    left: bool,
    other: CaseId,
    number: String,
    reason: String,
}

/// What the page shows besides the case.
struct Around {
    holder: String,
    findings: Vec<(FindingId, String)>,
    beside: Vec<Case>,
    moves: Vec<Moved>,
    /// The case that goes on with this one.
    into: Option<(CaseId, String)>,
}

#[derive(Template)]
#[template(path = "cases/pages/parts.html")]
struct PartsPage {
    f: Frame,
    case: Case,
    state: Tag,
    around: Around,
    bar: Option<&'static str>,
    desk: Desk,
    chosen: Vec<FindingId>,
    into: String,
    merging: bool,
}

impl PartsPage {
    fn movable(&self) -> bool {
        is_movable(self.case.state)
    }

    fn chosen(&self, id: &FindingId) -> bool {
        self.chosen.contains(id)
    }

    fn is_target(&self, id: &CaseId) -> bool {
        self.into == id.to_string()
    }
}

/// `GET /cases/{case}/parts`.
pub(super) async fn show(
    req: HttpRequest,
    viewer: CaseViewer,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    page(&parts_page(&req, viewer, &packs, Mend::default()).await?)
}

async fn parts_page(
    req: &HttpRequest,
    viewer: CaseViewer,
    packs: &std::sync::Arc<Packs>,
    mend: Mend,
) -> Result<PartsPage, Problem> {
    let f = Frame::of(req, "cases-parts");
    let house = House::of(req);
    let (id, packs, lang) = (viewer.case.id, packs.clone(), f.lang);
    let (case, around) = house
        .store
        .read("cases.parts", move |conn| -> Result<_, CaseError> {
            let case = store::case(conn, id)?.ok_or(CaseError::NotFound)?;
            let around = around(conn, lang, &packs, &case)?;
            Ok((case, around))
        })
        .await?;
    Ok(PartsPage {
        bar: bar_for(&viewer.officer, case.holder),
        state: case.state.into(),
        desk: Desk::laid(house, format!("/cases/{id}"), mend),
        chosen: Vec::new(),
        into: String::new(),
        merging: false,
        around,
        case,
        f,
    })
}

fn around(conn: &mut Conn, lang: Lang, packs: &Packs, case: &Case) -> Result<Around, CaseError> {
    let holder = Names::default().of(conn, case.holder)?;
    let mut findings = Vec::new();
    for finding in store::findings_of_case(conn, case.id)? {
        let scene = words::scene(conn, &finding, &holder)?;
        let rule = words::rule_of(packs, &finding);
        findings.push((finding.id, words::fact(lang, &finding, &scene, rule)));
    }
    let mut beside = store::cases_beside(conn, case)?;
    beside.retain(|other| fit_together(case, other));
    let officers = officer_names(conn, case.department)?;
    let mut moves = Vec::new();
    for moved in store::moves_of(conn, case.id)? {
        let left = moved.from == case.id;
        let other = if left { moved.to } else { moved.from };
        let number = store::case(conn, other)?.map(|other| other.number).unwrap_or_default();
        moves.push(Moved {
            at: moved.at,
            by: officers.get(&moved.officer).cloned().unwrap_or_default(),
            kind: moved.kind,
            finding: moved.finding,
            left,
            other,
            number,
            reason: moved.reason,
        });
    }
    let merged = moves.iter().rev().find(|one| one.left && one.kind == Event::Merge);
    let into = merged.filter(|_| case.result == Some(CaseResult::Merged));
    let into = into.map(|one| (one.other, one.number.clone()));
    Ok(Around { holder, findings, beside, moves, into })
}

/// The right of an officer to change what a case is about.
fn hand(viewer: &CaseViewer) -> Result<Decider, CaseError> {
    match bar_for(&viewer.officer, viewer.case.holder) {
        Some(bar) => Err(CaseError::NotYours(bar)),
        None => Ok(Decider::of(&viewer.officer)),
    }
}

/// The version of the case that the form has seen.
fn seen(fields: &Fields) -> Result<i64, CaseError> {
    fields.one("version").parse().ok().ok_or(CaseError::NotNow)
}

/// `POST /cases/{case}/split`.
pub(super) async fn split(
    req: HttpRequest,
    viewer: CaseViewer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    let by = hand(&viewer)?;
    let done = async {
        let findings = fields.ids("finding");
        if findings.is_empty() {
            return Err(CaseError::Words("split-some"));
        }
        let words = fields.words(house.clock.now().day())?;
        let case = (viewer.case.id, seen(&fields)?);
        actions::split(house, (&packs, &cipher), by, case, findings, words).await
    };
    match done.await {
        Ok(case) => Ok(see(&format!("/cases/{case}"))),
        Err(error) => refused(&req, viewer, &packs, &fields, (error, false)).await,
    }
}

/// `POST /cases/{case}/merge`.
pub(super) async fn merge(
    req: HttpRequest,
    viewer: CaseViewer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    let by = hand(&viewer)?;
    let done = async {
        let into: CaseId =
            fields.one("into").parse().ok().ok_or(CaseError::Words("merge-unfit"))?;
        let reason = Reason::parse(fields.one("reason"))?;
        actions::merge(house, by, (viewer.case.id, seen(&fields)?), into, reason).await?;
        Ok(into)
    };
    match done.await {
        Ok(into) => Ok(see(&format!("/cases/{into}"))),
        Err(error) => refused(&req, viewer, &packs, &fields, (error, true)).await,
    }
}

/// The page once more as things stand now, with what was typed and what is wrong with it.
async fn refused(
    req: &HttpRequest,
    viewer: CaseViewer,
    packs: &std::sync::Arc<Packs>,
    fields: &Fields,
    (error, merging): (CaseError, bool),
) -> Result<HttpResponse, Problem> {
    let (status, fault) = mendable(error)?;
    let mut mend = fields.mend_confirm();
    mend.fault = Some(fault);
    let mut shown = parts_page(req, viewer, packs, mend).await?;
    shown.chosen = fields.ids("finding");
    shown.into = fields.one("into").to_owned();
    shown.merging = merging;
    let mut answer = page(&shown)?;
    *answer.status_mut() = status;
    Ok(answer)
}
