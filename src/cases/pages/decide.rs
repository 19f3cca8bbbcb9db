//! Deciding about many findings at once: what exactly would be written, then the decision.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::actions::{self, Done};
use super::super::bundles::{Bundle, bundles};
use super::super::error::CaseError;
use super::super::guard::{Confirmer, bar, seen_by};
use super::super::integrity;
use super::super::model::{Finding, Integrity, Stage};
use super::super::store::{self, LARGEST_CASE};
use super::super::words;
use super::asked::Asked;
use super::deciding::{Desk, Fields, Mend, mendable};
use super::{Names, Tag, kind_text, see};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{FindingId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::identity::FieldCipher;
use crate::notices::Article;
use crate::registry::{self, District, Officer, Place, Sector};
use crate::rules::Packs;

/// A notice that would be written.
struct Planned {
    id: HolderId,
    holder: String,
    sector: Sector,
    district: District,
    order: Option<Article>,
    duties: Vec<Article>,
    facts: Vec<(FindingId, String)>,
    demands: Vec<String>,
    letters: usize,
}

/// A finding that cannot be decided, and why.
struct Barred {
    id: FindingId,
    title: String,
    holder: String,
    why: &'static str,
}

/// What follows from a choice of findings.
struct Preview {
    notices: Vec<Planned>,
    barred: Vec<Barred>,
    chosen: Vec<FindingId>,
}

#[derive(Template)]
#[template(path = "cases/pages/decide.html")]
struct DecidePage {
    f: Frame,
    preview: Preview,
    /// Findings beyond what one form decides.
    left: usize,
    desk: Desk,
}

/// `GET /findings/decide`: the groups and findings that were chosen.
pub(super) async fn show(
    req: HttpRequest,
    officer: Officer,
    asked: web::Query<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let fields = Fields(asked.into_inner());
    let (groups, mut ids) = (fields.ids("group"), fields.ids("finding"));
    let who = officer.clone();
    let in_groups = House::of(&req)
        .store
        .read("cases.chosen_groups", move |conn| -> Result<_, CaseError> {
            let mut found = Vec::new();
            for group in groups {
                if let Some(group) = store::group(conn, group)?
                    && group.department == who.department_id()
                    && who.covers(group.sector, group.district)
                {
                    let open = Some(Stage::Proposed);
                    let open = store::findings_of_group(conn, group.id, open, LARGEST_CASE + 1)?;
                    found.extend(open.into_iter().map(|finding| finding.id));
                }
            }
            Ok(found)
        })
        .await?;
    for id in in_groups {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let most = usize::try_from(LARGEST_CASE).unwrap_or(usize::MAX);
    let left = ids.len().saturating_sub(most);
    ids.truncate(most);
    let mut shown = decide_page(&req, &officer, &packs, ids, Mend::default()).await?;
    shown.left = left;
    shown.desk.back = Asked::parse(fields.one("back")).place();
    page(&shown)
}

async fn decide_page(
    req: &HttpRequest,
    officer: &Officer,
    packs: &std::sync::Arc<Packs>,
    ids: Vec<FindingId>,
    mend: Mend,
) -> Result<DecidePage, Problem> {
    let f = Frame::of(req, "cases-decide");
    let house = House::of(req);
    let (lang, today, who, packs) =
        (f.lang, house.clock.now().day(), officer.clone(), packs.clone());
    let preview = house
        .store
        .read("cases.preview", move |conn| -> Result<_, CaseError> {
            let mut names = Names::default();
            let (mut open, mut barred) = (Vec::new(), Vec::new());
            for finding in seen_by(conn, &who, &ids)? {
                match why_not(conn, &who, &finding)? {
                    None => open.push(finding),
                    Some(why) => barred.push(Barred {
                        id: finding.id,
                        title: kind_text(lang, finding.kind),
                        holder: names.of(conn, finding.holder)?,
                        why,
                    }),
                }
            }
            let chosen = open.iter().map(|finding| finding.id).collect();
            let mut notices = Vec::new();
            for bundle in bundles(&packs, open, today) {
                notices.push(planned(conn, (lang, &packs), &mut names, bundle)?);
            }
            Ok(Preview { notices, barred, chosen })
        })
        .await?;
    let mut desk = Desk::laid(house, "/findings/decide".to_owned(), mend);
    desk.chosen.clone_from(&preview.chosen);
    desk.orders = preview.notices.iter().any(|notice| notice.order.is_some());
    desk.advises = preview.notices.iter().any(|notice| notice.order.is_none());
    Ok(DecidePage { f, preview, left: 0, desk })
}

/// Why `officer` cannot decide `finding`, as a Fluent key; `None` if he can.
fn why_not(
    conn: &mut Conn,
    officer: &Officer,
    finding: &Finding,
) -> Result<Option<&'static str>, CaseError> {
    if finding.stage != Stage::Proposed {
        return Ok(Some("cases-bar-decided"));
    }
    if let Some(bar) = bar(officer, finding) {
        return Ok(Some(bar));
    }
    let differs = integrity::of_finding(conn, finding)? == Integrity::Differs;
    Ok(differs.then_some("cases-bar-altered"))
}

fn planned(
    conn: &mut Conn,
    (lang, packs): (Lang, &Packs),
    names: &mut Names,
    bundle: Bundle,
) -> Result<Planned, CaseError> {
    let holder = names.of(conn, bundle.holder)?;
    let wording = bundle.wording(conn, packs, lang, &holder)?;
    let ids = bundle.findings.iter().map(|finding| finding.id);
    let contacts = registry::contact_langs(conn, bundle.holder)?;
    Ok(Planned {
        id: bundle.holder,
        holder,
        sector: bundle.sector,
        district: bundle.district,
        order: bundle.basis.order().cloned(),
        duties: bundle.basis.duties().to_vec(),
        facts: ids.zip(wording.facts).collect(),
        demands: wording.demands,
        letters: contacts.len(),
    })
}

/// `POST /findings/decide/confirm`.
pub(super) async fn confirm(
    req: HttpRequest,
    officer: Officer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    let decided = async {
        let right = Confirmer::of(house, &officer, fields.chosen()?, fields.act()).await?;
        let words = fields.words(house.clock.now().day())?;
        actions::confirm(house, &packs, &cipher, right, words).await
    };
    match decided.await {
        Ok(done) => Ok(on_to_the_list(&fields, &done)),
        Err(error) => again(&req, &officer, &packs, &fields, (error, fields.mend_confirm())).await,
    }
}

/// `POST /findings/decide/dismiss`.
pub(super) async fn dismiss(
    req: HttpRequest,
    officer: Officer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    let decided = async {
        let right = Confirmer::of(house, &officer, fields.chosen()?, fields.act()).await?;
        actions::dismiss(house, right, fields.dismissal()?).await
    };
    match decided.await {
        Ok(done) => Ok(on_to_the_list(&fields, &done)),
        Err(error) => again(&req, &officer, &packs, &fields, (error, fields.mend_dismiss())).await,
    }
}

/// Back to the place in the list, which says what was done.
fn on_to_the_list(fields: &Fields, done: &Done) -> HttpResponse {
    let place = Asked::parse(fields.one("back")).place();
    let act = fields.act().filter(|_| !done.findings.is_empty());
    let done = act.map(|act| format!("done={act}")).unwrap_or_default();
    let between = if place.is_empty() || done.is_empty() { "" } else { "&" };
    see(&format!("/findings?{place}{between}{done}"))
}

/// The preview once more as things stand now, with what was typed and what is wrong with it.
async fn again(
    req: &HttpRequest,
    officer: &Officer,
    packs: &std::sync::Arc<Packs>,
    fields: &Fields,
    (error, mut mend): (CaseError, Mend),
) -> Result<HttpResponse, Problem> {
    let (status, fault) = mendable(error)?;
    mend.fault = Some(fault);
    let mut shown = decide_page(req, officer, packs, fields.ids("finding"), mend).await?;
    shown.desk.back = Asked::parse(fields.one("back")).place();
    let mut answer = page(&shown)?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// A finding of a group.
struct Row {
    finding: Finding,
    fact: String,
    severity: Tag,
    stage: Tag,
}

#[derive(Template)]
#[template(path = "cases/pages/group.html")]
struct GroupPage {
    f: Frame,
    title: String,
    holder: String,
    period: String,
    holder_id: HolderId,
    rows: Vec<Row>,
    more: i64,
}

impl GroupPage {
    fn open(&self) -> bool {
        self.rows.iter().any(|row| row.finding.stage == Stage::Proposed)
    }
}

/// `GET /findings/groups/{group}`: the single findings of a group.
pub(super) async fn group(
    req: HttpRequest,
    officer: Officer,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let id = req.match_info().get("group").and_then(|text| text.parse::<FindingId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let f = Frame::of(&req, "cases-group");
    let lang = f.lang;
    let (group, holder, rows) = House::of(&req)
        .store
        .read("cases.group", move |conn| -> Result<_, CaseError> {
            let group = store::group(conn, id)?.ok_or(CaseError::NotFound)?;
            let holder = Names::default().of(conn, group.holder)?;
            let mut rows = Vec::new();
            for finding in store::findings_of_group(conn, id, None, LARGEST_CASE)? {
                let scene = words::scene(conn, &finding, &holder)?;
                let rule = words::rule_of(&packs, &finding);
                rows.push(Row {
                    fact: words::fact(lang, &finding, &scene, rule),
                    severity: finding.severity.into(),
                    stage: finding.stage.into(),
                    finding,
                });
            }
            Ok((group, holder, rows))
        })
        .await?;
    if group.department != officer.department_id() {
        return Err(Problem::not_found());
    }
    officer.must_cover(&Place { sector: group.sector, district: group.district })?;
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    page(&GroupPage {
        title: kind_text(lang, group.kind),
        holder,
        holder_id: group.holder,
        more: group.size - shown,
        period: group.period,
        rows,
        f,
    })
}
