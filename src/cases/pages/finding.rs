//! One finding, the decisions about it, and those that were made.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::actions;
use super::super::bundles::bundles;
use super::super::decision::{Code, Reason, Verdict};
use super::super::error::CaseError;
use super::super::guard::{Confirmer, FindingViewer, bar};
use super::super::integrity;
use super::super::model::{Finding, Integrity, Stage};
use super::super::store;
use super::super::words;
use super::deciding::{Desk, Fields, Mend, code_key, mendable};
use super::{Names, Tag, kind_text, officer_names, see};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::CaseId;
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::identity::FieldCipher;
use crate::ledger;
use crate::notices::FrozenBasis;
use crate::rules::{Packs, Rule};

/// What the log holds of a finding.
struct InLog {
    tag: Tag,
    differs: bool,
    leaf: String,
    index: Option<u64>,
    checkpoint: Option<u64>,
}

/// A decision about a finding, as the page tells of it.
struct Told {
    at: Timestamp,
    by: String,
    verdict: Verdict,
    code: Option<String>,
    reason: String,
    case: Option<CaseId>,
}

/// What a finding page shows besides the finding itself.
struct Around {
    holder: String,
    fact: String,
    demand: String,
    rule: Option<Rule>,
    basis: FrozenBasis,
    log: InLog,
    decisions: Vec<Told>,
    case: Option<CaseId>,
    /// How often the duty holder breached the same rule before, and how often it was taught.
    earlier: i64,
    lessons: i64,
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
    desk: Desk,
}

impl FindingPage {
    fn undecided(&self) -> bool {
        self.finding.stage == Stage::Proposed
    }

    fn may_be_reopened(&self) -> bool {
        self.finding.stage == Stage::Dismissed && self.bar.is_none() && !self.around.log.differs
    }

    /// Whether the business was taught by this finding.
    fn is_lesson(&self) -> bool {
        self.finding.code == Some(Code::Lenient)
    }

    /// Whether something was typed that no form of the page takes any more.
    fn left_over(&self) -> bool {
        let deciding = self.undecided() && !self.around.log.differs;
        let reopening = !self.desk.mend.reopen_reason.is_empty();
        let kept = if reopening { self.may_be_reopened() } else { deciding };
        !kept && !self.desk.mend.typed().is_empty()
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
    mend: Mend,
) -> Result<FindingPage, Problem> {
    let f = Frame::of(req, "cases-finding");
    let house = House::of(req);
    let today = house.clock.now().day();
    let (id, packs, lang) = (finding.id, packs.clone(), f.lang);
    let (finding, around) = house
        .store
        .read("cases.around", move |conn| -> Result<_, CaseError> {
            let finding = store::finding(conn, id)?.ok_or(CaseError::NotFound)?;
            let around = around(conn, lang, &packs, &finding, today)?;
            Ok((finding, around))
        })
        .await?;
    let mut desk = Desk::laid(house, format!("/findings/{id}"), mend);
    desk.orders = around.basis.order().is_some();
    desk.advises = !desk.orders;
    Ok(FindingPage {
        kind: kind_text(f.lang, finding.kind),
        severity: finding.severity.into(),
        stage: finding.stage.into(),
        around,
        bar,
        desk,
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
    let mut alone = bundles(packs, vec![finding.clone()], today);
    let basis = alone.pop().ok_or(CaseError::NotFound)?.basis;
    Ok(Around {
        fact: words::fact(lang, finding, &scene, rule),
        demand: words::demand(lang, finding, rule),
        basis,
        rule: rule.cloned(),
        log: in_log(conn, finding)?,
        decisions: told(conn, lang, finding)?,
        case: store::case_of(conn, finding.id)?,
        earlier: store::earlier_breaches(conn, finding)?,
        lessons: store::lessons(conn, finding)?,
        holder,
    })
}

fn told(conn: &mut Conn, lang: Lang, finding: &Finding) -> Result<Vec<Told>, CaseError> {
    let decisions = store::decisions_of(conn, finding.id)?;
    if decisions.is_empty() {
        return Ok(Vec::new());
    }
    let names = officer_names(conn, finding.department)?;
    let told = decisions.into_iter().map(|decision| Told {
        at: decision.at,
        by: names.get(&decision.officer).cloned().unwrap_or_default(),
        verdict: decision.verdict,
        code: decision.code.map(|code| lang.text(&code_key(code))),
        reason: decision.reason,
        case: decision.case,
    });
    Ok(told.collect())
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

/// `POST /findings/{finding}/confirm`.
pub(super) async fn confirm(
    req: HttpRequest,
    mut right: Confirmer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    right.act = fields.act();
    let again = right.clone();
    let decided = async {
        let words = fields.words(house.clock.now().day())?;
        actions::confirm(house, &packs, &cipher, right, words).await
    };
    match decided.await {
        Ok(done) => Ok(match done.cases.first() {
            Some(case) => see(&format!("/cases/{case}")),
            None => see("/findings"),
        }),
        Err(error) => refused(&req, again, &packs, (error, fields.mend_confirm())).await,
    }
}

/// `POST /findings/{finding}/dismiss`.
pub(super) async fn dismiss(
    req: HttpRequest,
    mut right: Confirmer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    right.act = fields.act();
    let again = right.clone();
    let decided = async { actions::dismiss(house, right, fields.dismissal()?).await };
    match decided.await {
        Ok(_) => Ok(back_to(&again)),
        Err(error) => refused(&req, again, &packs, (error, fields.mend_dismiss())).await,
    }
}

/// `POST /findings/{finding}/reopen`.
pub(super) async fn reopen(
    req: HttpRequest,
    mut right: Confirmer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    right.act = fields.act();
    let again = right.clone();
    let decided =
        async { actions::reopen(house, right, Reason::parse(fields.one("reason"))?).await };
    match decided.await {
        Ok(_) => Ok(back_to(&again)),
        Err(error) => {
            let mend = Mend { reopen_reason: fields.one("reason").to_owned(), ..Mend::default() };
            refused(&req, again, &packs, (error, mend)).await
        }
    }
}

/// On to the page of the one finding of `right`.
fn back_to(right: &Confirmer) -> HttpResponse {
    let finding = right.findings.first().map(|finding| finding.id.to_string());
    see(&format!("/findings/{}", finding.unwrap_or_default()))
}

/// The page once more as things stand now, with what was typed and what is wrong with it.
async fn refused(
    req: &HttpRequest,
    mut right: Confirmer,
    packs: &std::sync::Arc<Packs>,
    (error, mut mend): (CaseError, Mend),
) -> Result<HttpResponse, Problem> {
    let (status, fault) = mendable(error)?;
    mend.fault = Some(fault);
    let finding = right.findings.pop().ok_or_else(Problem::not_found)?;
    let mut answer = page(&finding_page(req, finding, None, packs, mend).await?)?;
    *answer.status_mut() = status;
    Ok(answer)
}
