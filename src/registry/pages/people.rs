//! Who speaks for a duty holder, and the invitation of its first two administrators.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::RegistryError;
use super::super::guard::Officer;
use super::super::model::Holder;
use super::super::store;
use crate::foundation::House;
use crate::foundation::ids::{HolderId, PersonId};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::identity::{self, IdentityError, Invitation, PersonRow, PersonState, Role};

/// How long an enrolment link is good.
const LIFE: Duration = Duration::from_secs(3 * 86_400);

/// So many administrators the authority invites.
const ADMINISTRATORS: usize = 2;

#[derive(Template)]
#[template(path = "registry/pages/holder_people.html")]
struct PeoplePage {
    f: Frame,
    holder: Holder,
    people: Vec<PersonRow>,
    /// Whether the officer may invite, as who leads the department.
    leads: bool,
    /// Whether an administrator is still to be invited.
    wanted: bool,
    typed: InviteForm,
    /// The Fluent key of what is wrong with the form; empty if nothing is.
    fault: &'static str,
}

impl PeoplePage {
    fn in_english(&self) -> bool {
        self.typed.lang == Some(Lang::En)
    }

    fn role_key(person: &PersonRow) -> String {
        format!("identity-role-{}", person.role.as_str().replace('_', "-"))
    }

    fn state_key(person: &PersonRow) -> String {
        format!("identity-state-{}", person.state)
    }

    fn administers(person: &PersonRow) -> bool {
        person.role == Role::BusinessAdministrator
    }
}

#[derive(Template)]
#[template(path = "identity/pages/invitation.html")]
struct InvitedPage {
    f: Frame,
    name: String,
    code: String,
    back: String,
}

/// What the lead types to invite an administrator.
#[derive(Default, Deserialize)]
pub(in crate::registry) struct InviteForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    name: String,
    lang: Option<Lang>,
}

fn holder_in(path: &str) -> Result<HolderId, Problem> {
    path.parse().ok().ok_or_else(Problem::not_found)
}

/// `GET /holders/{holder}/people`
pub(in crate::registry) async fn show(
    req: HttpRequest,
    officer: Officer,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = holder_in(&path)?;
    shown(&req, &officer, id, InviteForm::default(), "").await
}

async fn shown(
    req: &HttpRequest,
    officer: &Officer,
    id: HolderId,
    typed: InviteForm,
    fault: &'static str,
) -> Result<HttpResponse, Problem> {
    let right = officer.clone();
    let read = House::of(req).store.read("registry.holder_people", move |conn| {
        let holder = seen(conn, &right, id)?;
        Ok::<_, RegistryError>((holder, identity::people_of(conn, id)?))
    });
    let (holder, people) = read.await?;
    let counts = |person: &&PersonRow| {
        PeoplePage::administers(person) && person.state != PersonState::Disabled
    };
    page(&PeoplePage {
        f: Frame::of(req, "registry-people"),
        holder,
        wanted: people.iter().filter(counts).count() < ADMINISTRATORS,
        people,
        leads: officer.leads(),
        typed,
        fault,
    })
}

/// The holder, if it has a stream that is the officer's.
fn seen(
    conn: &mut crate::foundation::db::Conn,
    officer: &Officer,
    id: HolderId,
) -> Result<Holder, RegistryError> {
    if !officer.sees(conn, id)? {
        return Err(IdentityError::NotFound.into());
    }
    store::holder(conn, id)?.ok_or_else(|| IdentityError::NotFound.into())
}

/// Only who leads the department invites, and nobody in affairs that touch himself.
async fn must_invite(req: &HttpRequest, officer: &Officer, id: HolderId) -> Result<(), Problem> {
    let right = officer.clone();
    let read = House::of(req)
        .store
        .read("registry.holder_seen", move |conn| seen(conn, &right, id).map(|_| ()));
    read.await?;
    if officer.leads() && !officer.is_conflicted_with(id) {
        return Ok(());
    }
    Err(Problem::forbidden())
}

/// `POST /holders/{holder}/people`: invites one of the first two administrators.
pub(in crate::registry) async fn invite(
    req: HttpRequest,
    officer: Officer,
    path: web::Path<String>,
    Form(form): Form<InviteForm>,
) -> Result<HttpResponse, Problem> {
    let id = holder_in(&path)?;
    must_invite(&req, &officer, id).await?;
    let invitation = Invitation {
        login: form.login.trim().to_lowercase(),
        name: form.name.trim().to_owned(),
        administrator: true,
        lang: form.lang.unwrap_or(Lang::Zh),
    };
    let (house, by) = (House::of(&req), officer.person().actor());
    let fault = match identity::invite_administrator(house, by, id, &invitation, LIFE).await {
        Ok(code) => return invited(&req, id, invitation.name, code),
        Err(IdentityError::Login) => "identity-login-form",
        Err(IdentityError::Name) => "identity-name-form",
        Err(IdentityError::Taken) => "problem-login-taken",
        Err(cause) => return Err(cause.into()),
    };
    let mut answer = shown(&req, &officer, id, form, fault).await?;
    *answer.status_mut() = StatusCode::CONFLICT;
    Ok(answer)
}

fn invited(
    req: &HttpRequest,
    holder: HolderId,
    name: String,
    code: String,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(req, "identity-invitation");
    page(&InvitedPage { f, name, code, back: format!("/holders/{holder}/people") })
}

#[derive(Deserialize)]
pub(in crate::registry) struct NoFields {}

/// `POST /holders/{holder}/people/{person}/invite`: a new link for an administrator, shown once.
pub(in crate::registry) async fn again(
    req: HttpRequest,
    officer: Officer,
    path: web::Path<(String, String)>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    let id = holder_in(&path.0)?;
    must_invite(&req, &officer, id).await?;
    let person: PersonId = path.1.parse().ok().ok_or_else(Problem::not_found)?;
    let by = officer.person().actor();
    let again = identity::invite_first_again(House::of(&req), by, id, person, LIFE);
    let (name, code) = again.await?;
    invited(&req, id, name, code)
}
