//! The queue of printed letters: the list, one letter to print, and its two forms.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::copies::{self, Posting, ReturnReceipt};
use super::super::error::NoticeError;
use super::super::guard::{CopyOfficer, CopyViewer};
use super::super::model::{Document, Letter};
use super::super::proof::{Attempt, PaperCopy, PaperState, PostedHow, Proof, ReceivedHow};
use super::super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::PaperId;
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Form, Frame, page};
use crate::identity::FieldCipher;
use crate::registry::{self, Holder, Officer, Outlet};

/// What the list is narrowed to; words that mean nothing narrow nothing.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
}

/// One line of the list.
struct Row {
    copy: PaperCopy,
    number: String,
    holder: String,
}

#[derive(Template)]
#[template(path = "notices/pages/copies.html")]
struct ListPage {
    f: Frame,
    state: PaperState,
    page: Page<Row>,
}

/// `GET /paper`.
pub(super) async fn list(
    req: HttpRequest,
    officer: Officer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "service-paper");
    let state = asked.state.parse().unwrap_or(PaperState::Waiting);
    let after = asked.after.parse::<PaperId>().ok();
    let found = House::of(&req).store.read("notices.copies", move |conn| {
        let department = officer.department_id();
        let copies = store::papers(conn, department, &[state], after, PAGE + 1)?;
        let copies = Page::cut(copies, |copy| copy.id.to_string());
        let mut rows = Vec::new();
        for copy in copies.rows {
            if !officer.sees(conn, copy.holder)? {
                continue;
            }
            let holder = registry::holder(conn, copy.holder)?.map(|holder| holder.name);
            let letter = store::find(conn, copy.letter)?;
            let number = letter.map(|letter| letter.number.unwrap_or(letter.subject));
            rows.push(Row {
                copy,
                number: number.unwrap_or_default(),
                holder: holder.unwrap_or_default(),
            });
        }
        Ok::<_, NoticeError>(Page { rows, next: copies.next })
    });
    let found = found.await?;
    page(&ListPage { f, state, page: found })
}

/// What a letter's page shows besides its row.
struct Around {
    letter: Letter,
    holder: Holder,
    outlets: Vec<Outlet>,
    organ: (String, String),
    attempts: Vec<Attempt>,
    proofs: Vec<Proof>,
    receiver: String,
    documents: Vec<Document>,
}

/// What was typed, and what is wrong with it.
#[derive(Default)]
struct Mend {
    fault: Option<String>,
    posted: PostedForm,
    received: ReceivedForm,
}

#[derive(Template)]
#[template(path = "notices/pages/copy.html")]
struct CopyPage {
    f: Frame,
    copy: PaperCopy,
    around: Around,
    bar: Option<&'static str>,
    mend: Mend,
    today: Day,
}

impl CopyPage {
    fn waits(&self) -> bool {
        self.copy.state == PaperState::Waiting
    }

    fn is_open(&self) -> bool {
        matches!(self.copy.state, PaperState::Waiting | PaperState::Posted)
    }

    /// The state in the reader's language.
    fn state(&self) -> String {
        self.f.t(&format!("service-state-{}", self.copy.state))
    }

    fn reason(&self) -> String {
        self.f.t(&format!("service-reason-{}", self.copy.reason))
    }

    /// An attempt in words, with the server's status code.
    fn attempt(&self, attempt: &Attempt) -> String {
        let text = self.f.t(&format!("service-attempt-{}", attempt.outcome));
        let code = attempt.code.map(|code| format!(" · SMTP {code}")).unwrap_or_default();
        let reason = attempt.reason.as_deref().filter(|_| attempt.code.is_none());
        format!("{text}{code}{}", reason.map(|r| format!(" · {r}")).unwrap_or_default())
    }

    fn proof(&self, proof: &Proof) -> String {
        let text = self.f.t(&format!("service-proof-{}", proof.kind));
        format!("{text} {}", proof.status.as_deref().unwrap_or_default())
    }
}

/// `GET /paper/{paper}`.
pub(super) async fn show(
    req: HttpRequest,
    viewer: CopyViewer,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let bar = viewer.bar();
    page(&copy_page(&req, viewer.copy, bar, &cipher, Mend::default()).await?)
}

async fn copy_page(
    req: &HttpRequest,
    copy: PaperCopy,
    bar: Option<&'static str>,
    cipher: &FieldCipher,
    mend: Mend,
) -> Result<CopyPage, Problem> {
    let f = Frame::of(req, "service-copy");
    let house = House::of(req);
    let (asked, cipher) = (copy.id, cipher.clone());
    let found = house.store.read("notices.copy_page", move |conn| around(conn, asked, &cipher));
    // It is read anew: somebody else may have moved it.
    let (copy, around) = found.await?.ok_or_else(Problem::not_found)?;
    Ok(CopyPage { today: house.clock.now().day(), f, copy, around, bar, mend })
}

fn around(
    conn: &mut Conn,
    id: PaperId,
    cipher: &FieldCipher,
) -> Result<Option<(PaperCopy, Around)>, NoticeError> {
    let Some(copy) = store::paper(conn, id)? else { return Ok(None) };
    let Some(letter) = store::find(conn, copy.letter)? else { return Ok(None) };
    let Some(holder) = registry::holder(conn, copy.holder)? else { return Ok(None) };
    let Some(organ) = registry::department(conn, copy.department)? else { return Ok(None) };
    let ids: Vec<_> = store::of_code(conn, &copy.code)?.iter().map(|letter| letter.id).collect();
    let mut attempts = Vec::new();
    for id in &ids {
        attempts.extend(store::attempts(conn, *id)?);
    }
    attempts.sort_by_key(|attempt| attempt.at);
    let receiver = copy.receiver(cipher).map_err(registry::RegistryError::from)?;
    let around = Around {
        proofs: store::proofs(conn, &ids)?,
        documents: store::documents_coded(conn, &copy.code)?,
        outlets: registry::outlets_of(conn, copy.holder)?,
        organ: (organ.name_zh, organ.name_en),
        letter,
        holder,
        attempts,
        receiver,
    };
    Ok(Some((copy, around)))
}

/// The form that marks as posted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PostedForm {
    #[serde(default)]
    how: String,
    #[serde(default)]
    number: String,
}

/// `POST /paper/{paper}/posted`.
pub(super) async fn posted(
    req: HttpRequest,
    right: CopyOfficer,
    form: Form<PostedForm>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let id = right.copy.id;
    let done = match Posting::parse(&form.0.how, &form.0.number) {
        Ok(posting) => copies::post(House::of(&req), &right, posting).await,
        Err(fault) => Err(fault),
    };
    match done {
        Ok(()) => Ok(see(id)),
        Err(error) => {
            let mend = Mend { posted: form.0, ..Mend::default() };
            again(&req, right, &cipher, error, mend).await
        }
    }
}

/// The form that enters a return receipt.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ReceivedForm {
    #[serde(default)]
    on: String,
    #[serde(default)]
    how: String,
    #[serde(default)]
    by: String,
}

/// `POST /paper/{paper}/received`.
pub(super) async fn received(
    req: HttpRequest,
    right: CopyOfficer,
    form: Form<ReceivedForm>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let (id, house) = (right.copy.id, House::of(&req));
    let (first, today) = (right.written, house.clock.now().day());
    let said = (form.0.on.as_str(), form.0.how.as_str(), form.0.by.as_str());
    let done = match ReturnReceipt::parse(said, first, today) {
        Ok(receipt) => copies::receive(house, &cipher, &right, receipt).await,
        Err(fault) => Err(fault),
    };
    match done {
        Ok(()) => Ok(see(id)),
        Err(error) => {
            let mend = Mend { received: form.0, ..Mend::default() };
            again(&req, right, &cipher, error, mend).await
        }
    }
}

fn see(id: PaperId) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/paper/{id}"))).finish()
}

/// The page once more, with what was typed and what is wrong with it.
async fn again(
    req: &HttpRequest,
    right: CopyOfficer,
    cipher: &FieldCipher,
    error: NoticeError,
    mut mend: Mend,
) -> Result<HttpResponse, Problem> {
    let (status, fault) = match error {
        NoticeError::Words(fault) => (StatusCode::UNPROCESSABLE_ENTITY, fault),
        NoticeError::NotNow => (StatusCode::CONFLICT, "not-now"),
        other => return Err(other.into()),
    };
    mend.fault = Some(format!("service-fault-{fault}"));
    let mut answer = page(&copy_page(req, right.copy, None, cipher, mend).await?)?;
    *answer.status_mut() = status;
    Ok(answer)
}
