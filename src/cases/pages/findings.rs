//! The list of findings, one finding, and the two decisions about it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::actions::{self, Reason, Words};
use super::super::error::CaseError;
use super::super::guard::{Confirmer, FindingViewer, bar};
use super::super::model::{Finding, FindingKind, Integrity, Stage};
use super::super::store::{self, Narrow, Scope};
use super::super::words;
use super::super::{guard, integrity};
use super::{Names, Tag, officer_names, see};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, FindingId};
use crate::foundation::paging::Page;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::identity::FieldCipher;
use crate::ledger;
use crate::notices::FrozenBasis;
use crate::registry::Officer;
use crate::rules::{Packs, Rule};

/// The time that the form offers, in days.
const USUAL_TIME: u32 = 30;

/// What the query of the list may say; words that mean nothing narrow nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    stage: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    before: String,
}

impl Asked {
    fn narrow(&self) -> Narrow {
        let before = self.before.split_once('.').and_then(|(stage, id)| {
            Some((stage.parse::<Stage>().ok()?, id.parse::<FindingId>().ok()?))
        });
        Narrow { stage: self.stage.parse().ok(), kind: self.kind.parse().ok(), before }
    }
}

/// One line of the list.
struct Row {
    id: FindingId,
    title: String,
    holder: String,
    sector: String,
    district: String,
    fact: String,
    severity: Tag,
    stage: Tag,
    found: String,
}

#[derive(Template)]
#[template(path = "cases/pages/findings.html")]
struct ListPage {
    f: Frame,
    stages: Vec<(Option<Stage>, String, i64)>,
    stage: Option<Stage>,
    kinds: Vec<(&'static str, String)>,
    kind: &'static str,
    page: Page<Row>,
    paged: bool,
}

/// `GET /findings`.
pub(super) async fn list(
    req: HttpRequest,
    officer: Officer,
    asked: web::Query<Asked>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "cases-findings");
    let (lang, narrow) = (f.lang, asked.narrow());
    let scope = Scope::from(&officer);
    let (page_of_rows, counts) = House::of(&req)
        .store
        .read("cases.findings", move |conn| -> Result<_, CaseError> {
            let findings = store::findings_of(conn, &scope, narrow)?;
            let findings =
                Page::cut(findings, |finding| format!("{}.{}", finding.stage, finding.id));
            let rows = rows(conn, lang, &packs, findings.rows)?;
            Ok((Page { rows, next: findings.next }, counts(conn, &scope)?))
        })
        .await?;
    let mut stages = vec![(None, f.t("cases-all"), counts.iter().sum())];
    for (stage, count) in Stage::ALL.iter().zip(counts) {
        stages.push((Some(*stage), f.t(&Tag::from(*stage).key), count));
    }
    let kinds = FindingKind::ALL.iter();
    let kinds = kinds.map(|kind| (kind.as_str(), kind_text(lang, *kind))).collect();
    let list = ListPage {
        stages,
        stage: narrow.stage,
        kinds,
        kind: narrow.kind.map_or("", FindingKind::as_str),
        page: page_of_rows,
        paged: narrow.before.is_some(),
        f,
    };
    page(&list)
}

fn counts(conn: &mut Conn, scope: &Scope) -> Result<Vec<i64>, CaseError> {
    let count = |stage: &Stage| store::count_findings(conn, scope, *stage).map_err(CaseError::from);
    Stage::ALL.iter().map(count).collect()
}

fn rows(
    conn: &mut Conn,
    lang: Lang,
    packs: &Packs,
    findings: Vec<Finding>,
) -> Result<Vec<Row>, CaseError> {
    let (mut names, mut rows) = (Names::default(), Vec::with_capacity(findings.len()));
    for finding in findings {
        let holder = names.of(conn, finding.holder)?;
        let scene = words::scene(conn, &finding, &holder)?;
        let rule = words::rule_of(packs, &finding);
        rows.push(Row {
            id: finding.id,
            title: kind_text(lang, finding.kind),
            holder,
            sector: lang.text(&finding.sector.key()),
            district: lang.text(&finding.district.key()),
            fact: words::fact(lang, &finding, &scene, rule),
            severity: finding.severity.into(),
            stage: finding.stage.into(),
            found: finding.found_at.minute(),
        });
    }
    Ok(rows)
}

fn kind_text(lang: Lang, kind: FindingKind) -> String {
    lang.text(&format!("cases-kind-{}", words::name(kind)))
}

/// What the log holds of a finding.
struct InLog {
    tag: Tag,
    differs: bool,
    leaf: String,
    index: Option<u64>,
    checkpoint: Option<u64>,
}

/// What a finding page shows besides the finding itself.
struct Around {
    holder: String,
    fact: String,
    demand: String,
    rule: Option<Rule>,
    basis: FrozenBasis,
    log: InLog,
    decided_by: String,
    case: Option<CaseId>,
}

/// What a refused form gives back to be mended.
#[derive(Default)]
struct Mend {
    fault: Option<String>,
    confirm_reason: String,
    dismiss_reason: String,
    deadline: String,
}

#[derive(Template)]
#[template(path = "cases/pages/finding.html")]
struct FindingPage {
    f: Frame,
    finding: Finding,
    kind: String,
    severity: Tag,
    stage: Tag,
    around: Around,
    bar: Option<&'static str>,
    mend: Mend,
    first_day: Day,
    last_day: Day,
}

impl FindingPage {
    fn undecided(&self) -> bool {
        self.finding.stage == Stage::Proposed
    }

    /// The numbers of the records concerned, such as `17–19`.
    fn numbers(&self) -> Option<String> {
        let (first, last) = (self.finding.first_number?, self.finding.last_number?);
        Some(if first == last { first.to_string() } else { format!("{first}–{last}") })
    }
}

/// `GET /findings/{finding}`.
pub(super) async fn show(
    req: HttpRequest,
    viewer: FindingViewer,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let bar = bar(&viewer.officer, &viewer.finding);
    page(&finding_page(&req, viewer.finding, bar, &packs, Mend::default()).await?)
}

async fn finding_page(
    req: &HttpRequest,
    finding: Finding,
    bar: Option<&'static str>,
    packs: &std::sync::Arc<Packs>,
    mut mend: Mend,
) -> Result<FindingPage, Problem> {
    let f = Frame::of(req, "cases-finding");
    let house = House::of(req);
    let today = house.clock.now().day();
    let (asked, packs, lang) = (finding.clone(), packs.clone(), f.lang);
    let around = house
        .store
        .read("cases.around", move |conn| around(conn, lang, &packs, &asked, today))
        .await?;
    if mend.deadline.is_empty() {
        mend.deadline = today.plus(USUAL_TIME).to_string();
    }
    Ok(FindingPage {
        kind: kind_text(f.lang, finding.kind),
        severity: finding.severity.into(),
        stage: finding.stage.into(),
        around,
        bar,
        mend,
        first_day: today.next(),
        last_day: today.plus(365),
        finding,
        f,
    })
}

fn around(
    conn: &mut Conn,
    lang: Lang,
    packs: &Packs,
    finding: &Finding,
    today: Day,
) -> Result<Around, CaseError> {
    let holder = Names::default().of(conn, finding.holder)?;
    let scene = words::scene(conn, finding, &holder)?;
    let rule = words::rule_of(packs, finding);
    let duties = rule.map(|rule| rule.basis.clone()).unwrap_or_default();
    let sector = finding.sector.as_str();
    let decided_by = match finding.decided_by {
        Some(id) => officer_names(conn, finding.department)?.remove(&id),
        None => None,
    };
    Ok(Around {
        fact: words::fact(lang, finding, &scene, rule),
        demand: words::demand(lang, finding, rule),
        basis: FrozenBasis::freeze(packs.catalogue(), sector, &duties, &today),
        rule: rule.cloned(),
        log: in_log(conn, finding)?,
        decided_by: decided_by.unwrap_or_default(),
        case: store::case_of(conn, finding.id)?,
        holder,
    })
}

fn in_log(conn: &mut Conn, finding: &Finding) -> Result<InLog, CaseError> {
    let state = integrity::of_finding(conn, finding)?;
    let leaf = ledger::leaf(conn, finding.leaf)?;
    let checkpoint = match &leaf {
        Some(leaf) => ledger::checkpoint_over(conn, leaf.index)?,
        None => None,
    };
    Ok(InLog {
        tag: state.into(),
        differs: state == Integrity::Differs,
        leaf: finding.leaf.to_string(),
        index: leaf.map(|leaf| leaf.index),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.size),
    })
}

/// The form that confirms.
#[derive(Debug, Deserialize)]
pub(super) struct ConfirmForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    deadline: String,
}

/// `POST /findings/{finding}/confirm`.
pub(super) async fn confirm(
    req: HttpRequest,
    right: Confirmer,
    form: Form<ConfirmForm>,
    packs: web::Data<std::sync::Arc<Packs>>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let today = house.clock.now().day();
    let words = Reason::parse(&form.0.reason).and_then(|reason| {
        let deadline = form.0.deadline.parse().ok().ok_or(CaseError::Words("deadline"))?;
        Words::new(reason, deadline, today)
    });
    let words = match words {
        Ok(words) => words,
        Err(CaseError::Words(fault)) => {
            let ConfirmForm { reason, deadline } = form.0;
            let mend = Mend { confirm_reason: reason, deadline, ..Mend::default() };
            return again(&req, right, &packs, fault, mend).await;
        }
        Err(error) => return Err(error.into()),
    };
    let case = actions::confirm(house, &packs, &cipher, right, words).await?;
    Ok(see(&format!("/cases/{case}")))
}

/// The form that dismisses.
#[derive(Debug, Deserialize)]
pub(super) struct DismissForm {
    #[serde(default)]
    reason: String,
}

/// `POST /findings/{finding}/dismiss`.
pub(super) async fn dismiss(
    req: HttpRequest,
    right: Confirmer,
    form: Form<DismissForm>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let reason = match Reason::parse(&form.0.reason) {
        Ok(reason) => reason,
        Err(CaseError::Words(fault)) => {
            let mend = Mend { dismiss_reason: form.0.reason, ..Mend::default() };
            return again(&req, right, &packs, fault, mend).await;
        }
        Err(error) => return Err(error.into()),
    };
    let id = right.finding.id;
    actions::dismiss(House::of(&req), right, reason).await?;
    Ok(see(&format!("/findings/{id}")))
}

/// The page once more, with what was typed and what is wrong with it.
async fn again(
    req: &HttpRequest,
    right: guard::Confirmer,
    packs: &std::sync::Arc<Packs>,
    fault: &str,
    mut mend: Mend,
) -> Result<HttpResponse, Problem> {
    mend.fault = Some(format!("cases-fault-{fault}"));
    let mut answer = page(&finding_page(req, right.finding, None, packs, mend).await?)?;
    *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(answer)
}
