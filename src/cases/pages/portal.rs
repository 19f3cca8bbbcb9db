//! The cases of a business, for its own people: what was found, by when, and what they can do.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::actions::{self, Answer};
use super::super::error::CaseError;
use super::super::evidence::{File, LARGEST_FILE, MOST_FILES};
use super::super::guard::Respondent;
use super::super::model::{Case, Event, latest_day};
use super::super::store::flow;
use super::acts::{parsed, reason, version};
use super::case::{Mend, Typed, calendar_of};
use super::scene::{ClockLine, Scene, moment_key};
use super::{Tag, see};
use crate::foundation::House;
use crate::foundation::ids::CaseId;
use crate::foundation::paging::Page;
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::{
    Form, Frame, Lang, Upload, UploadFault, UploadLimit, page, read_upload,
};
use crate::identity::{FieldCipher, Representative};
use crate::notices::{Document, FrozenBasis, Letter, LetterKind};
use crate::rules::Packs;

/// What a reply may bring.
const LIMIT: UploadLimit =
    UploadLimit { files: MOST_FILES, file: LARGEST_FILE, whole: 4 * LARGEST_FILE };

/// Documents that are not written to the business.
const OTHERS: &[LetterKind] = &[LetterKind::Handover, LetterKind::Transfer];

/// What the query of the list may say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    before: String,
}

/// One line of the list.
struct Row {
    case: Case,
    state: Tag,
    clock: ClockLine,
}

#[derive(Template)]
#[template(path = "cases/pages/portal_cases.html")]
struct ListPage {
    f: Frame,
    page: Page<Row>,
    paged: bool,
}

/// `GET /portal/cases`.
pub(super) async fn list(
    req: HttpRequest,
    one: Representative,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "case-own-cases");
    let (holder, before) = (one.holder(), asked.before.parse::<CaseId>().ok());
    let house = House::of(&req);
    let cases = house
        .store
        .read("cases.own", move |conn| {
            flow::cases_of_holder(conn, holder, before).map_err(CaseError::from)
        })
        .await?;
    let (today, calendar) = (house.clock.now().day(), calendar_of(&req));
    let cases = Page::cut(cases, |case| case.id.to_string());
    let row = |case: Case| Row {
        state: case.state.into(),
        clock: ClockLine::of(&case, today, &calendar),
        case,
    };
    let rows = cases.rows.into_iter().map(row).collect();
    page(&ListPage { f, page: Page { rows, next: cases.next }, paged: before.is_some() })
}

/// One point of the timeline.
struct Moment {
    at: Timestamp,
    text: String,
    by: String,
    leaf: Option<u64>,
}

#[derive(Template)]
#[template(path = "cases/pages/portal_case.html")]
struct CasePage {
    f: Frame,
    case: Case,
    state: Tag,
    clock: ClockLine,
    basis: Option<FrozenBasis>,
    scene: Scene,
    moments: Vec<Moment>,
    mend: Mend,
}

impl CasePage {
    /// The Fluent key of the notice's kind.
    fn notice(&self) -> String {
        format!("notices-kind-{}", self.case.notice)
    }

    fn can(&self, event: Event) -> bool {
        self.case.state.after(event).is_some()
    }

    fn can_acknowledge(&self) -> bool {
        self.case.acknowledged_at.is_none() && self.can(Event::Acknowledge)
    }

    fn can_reply(&self) -> bool {
        self.can(Event::Reply)
    }

    fn can_ask(&self) -> bool {
        self.case.notice == LetterKind::Order
            && self.can(Event::AskExtension)
            && self.scene.open_extension().is_none()
            && self.case.deadline < self.latest_day()
    }

    fn latest_day(&self) -> Day {
        latest_day(self.case.deadline, &self.scene.extensions)
    }

    /// What to do next, as a Fluent key.
    fn next_key(&self) -> String {
        format!("case-todo-{}", self.case.state.as_str().replace('_', "-"))
    }

    /// Each document once, in the reader's language where it was written in it.
    fn documents(&self) -> Vec<&Letter> {
        let own = |letter: &&Letter| !OTHERS.contains(&letter.kind);
        let mut found: Vec<&Letter> = Vec::new();
        for letter in self.scene.letters.iter().filter(own) {
            match found.iter_mut().find(|known| known.code == letter.code) {
                None => found.push(letter),
                Some(known) if letter.lang == self.f.lang && known.lang != self.f.lang => {
                    *known = letter;
                }
                Some(_) => {}
            }
        }
        found
    }

    /// The documents that are written to the business, as files.
    fn files(&self) -> Vec<&Document> {
        let own = |document: &&Document| !OTHERS.contains(&document.kind);
        self.scene.documents.iter().filter(own).collect()
    }

    fn typed<'a>(&'a self, form: &str, field: &str) -> &'a str {
        self.mend.typed(form, field, "")
    }

    fn opens(&self, form: &str) -> bool {
        self.mend.form == form
    }

    fn size(bytes: &i64) -> String {
        super::size_of(*bytes)
    }
}

/// `GET /portal/cases/{case}`.
pub(super) async fn show(
    req: HttpRequest,
    right: Respondent,
    packs: web::Data<Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    if right.case.acknowledged_at.is_none() {
        actions::note_read(House::of(&req), &right).await?;
    }
    page(&case_page(&req, right.case, &packs, Mend::default()).await?)
}

async fn case_page(
    req: &HttpRequest,
    case: Case,
    packs: &Arc<Packs>,
    mend: Mend,
) -> Result<CasePage, Problem> {
    let f = Frame::of(req, "case-own-case");
    let house = House::of(req);
    let today = house.clock.now().day();
    let (asked, packs, lang) = (case.clone(), packs.clone(), f.lang);
    let scene = house
        .store
        .read("cases.own_case_page", move |conn| Scene::of(conn, lang, &packs, &asked))
        .await?;
    let calendar = calendar_of(req);
    Ok(CasePage {
        state: case.state.into(),
        clock: ClockLine::of(&case, today, &calendar),
        basis: serde_json::from_str(&case.basis).ok(),
        moments: moments(lang, &scene),
        scene,
        mend,
        case,
        f,
    })
}

/// What the business may know of what happened: no proposal that is still inside the department, no
/// words that are not in its letters, and of officers that it was the department.
fn moments(lang: Lang, scene: &Scene) -> Vec<Moment> {
    let inside = [
        Event::ProposeClosing,
        Event::RefuseClosing,
        Event::ProposeEscalation,
        Event::RefuseEscalation,
        Event::Miscarry,
    ];
    let told = scene.happenings.iter().filter(|(it, _)| !inside.contains(&it.event));
    let moments = told.map(|(happening, leaf)| {
        let person = happening.person.and_then(|id| scene.people.get(&id).cloned());
        let by = match happening.officer {
            Some(_) => lang.text("case-by-department"),
            None => person.unwrap_or_default(),
        };
        Moment { at: happening.at, text: lang.text(&moment_key(happening)), by, leaf: *leaf }
    });
    moments.collect()
}

/// `POST /portal/cases/{case}/acknowledge`.
pub(super) async fn acknowledge(
    req: HttpRequest,
    right: Respondent,
    _form: Form<Typed>,
) -> Result<HttpResponse, Problem> {
    let path = format!("/portal/cases/{}", right.case.id);
    actions::acknowledge(House::of(&req), right).await?;
    Ok(see(&path))
}

/// `POST /portal/cases/{case}/extension`: asks for more time.
pub(super) async fn extension(
    req: HttpRequest,
    right: Respondent,
    form: Form<Typed>,
    packs: web::Data<Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let typed = form.0;
    let done = async {
        let until = parsed(&typed, "until", "extension-day")?;
        let (version, reason) = (version(&typed)?, reason(&typed)?);
        actions::ask_extension(House::of(&req), right, version, until, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("extension", typed), done).await
}

/// `POST /portal/cases/{case}/reply`: a text, with files.
pub(super) async fn reply(
    req: HttpRequest,
    right: Respondent,
    payload: web::Payload,
    packs: web::Data<Arc<Packs>>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let (fields, files) = match read_upload(&req, payload, LIMIT).await {
        Ok(Upload { fields, files }) => (fields, Ok(files)),
        Err(UploadFault::Excess(fields)) => (fields, Err(CaseError::Words("files-large"))),
        Err(UploadFault::Problem(problem)) => return Err(problem),
    };
    let typed: Typed = fields.into_iter().collect();
    let done = async {
        let version = version(&typed)?;
        let mut fit = Vec::new();
        for file in files? {
            let file = File::parse(&file.name, &file.media, file.bytes);
            fit.push(file.map_err(CaseError::Words)?);
        }
        let text = typed.get("text").map(String::as_str).unwrap_or_default();
        let answer = Answer::new(text, fit)?;
        actions::reply(House::of(&req), &cipher, right, version, answer).await
    };
    let done = done.await;
    answer(&req, &packs, ("reply", typed), done).await
}

/// The answer to a form of the page, as for officers.
async fn answer(
    req: &HttpRequest,
    packs: &Arc<Packs>,
    (form, typed): (&'static str, Typed),
    done: Result<(), CaseError>,
) -> Result<HttpResponse, Problem> {
    let (status, fault) = match done {
        Ok(()) => {
            let path = req.path().split('/').take(4).collect::<Vec<_>>().join("/");
            return Ok(see(&path));
        }
        Err(CaseError::Words("files-large")) => (StatusCode::PAYLOAD_TOO_LARGE, "files-large"),
        Err(CaseError::Words(fault)) => (StatusCode::UNPROCESSABLE_ENTITY, fault),
        Err(CaseError::NotNow) => (StatusCode::CONFLICT, "moved"),
        Err(error) => return Err(error.into()),
    };
    let right = Respondent::from_request(req, &mut actix_web::dev::Payload::None).await?;
    let mend = Mend { form, fault: Some(format!("case-fault-{fault}")), typed };
    let mut answer = page(&case_page(req, right.case, packs, mend).await?)?;
    *answer.status_mut() = status;
    Ok(answer)
}
