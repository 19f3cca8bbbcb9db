//! The page on which a business tends its people.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{INVITATION, InvitationPage, NoFields, PeoplePage, person_in, to};
use crate::foundation::House;
use crate::foundation::ids::PersonId;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::identity::business::{self, Invitation, administrators_short};
use crate::identity::error::IdentityError;
use crate::identity::guard::Representative;
use crate::identity::model::PersonRow;
use crate::identity::store;

#[derive(Template)]
#[template(path = "identity/pages/portal_people.html")]
struct PortalPeoplePage {
    f: Frame,
    people: Vec<PersonRow>,
    myself: PersonId,
    /// Whether the visitor may change anything.
    tends: bool,
    /// Whether fewer than two administrators can sign in.
    short: bool,
    typed: InviteForm,
    /// The Fluent key of what is wrong with the form; empty if nothing is.
    fault: &'static str,
}

impl PortalPeoplePage {
    fn in_english(&self) -> bool {
        self.typed.lang == Some(Lang::En)
    }

    fn role_key(person: &PersonRow) -> String {
        PeoplePage::role_key(person)
    }

    fn state_key(person: &PersonRow) -> String {
        PeoplePage::state_key(person)
    }

    fn can_be_disabled(person: &PersonRow) -> bool {
        PeoplePage::can_be_disabled(person)
    }

    fn tone(person: &PersonRow) -> &'static str {
        PeoplePage::tone(person)
    }
}

/// What an administrator types to invite somebody.
#[derive(Default, Deserialize)]
pub(in crate::identity) struct InviteForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    lang: Option<Lang>,
}

/// `GET /portal/people`: the people of the business.
pub(in crate::identity) async fn people(
    req: HttpRequest,
    visitor: Representative,
) -> Result<HttpResponse, Problem> {
    show(&req, &visitor, InviteForm::default(), "").await
}

async fn show(
    req: &HttpRequest,
    visitor: &Representative,
    typed: InviteForm,
    fault: &'static str,
) -> Result<HttpResponse, Problem> {
    let holder = visitor.holder();
    let read = House::of(req).store.read("identity.portal_people", move |conn| {
        store::people_of(conn, holder).map_err(IdentityError::from)
    });
    let people = read.await?;
    page(&PortalPeoplePage {
        f: Frame::of(req, "portal-people"),
        short: administrators_short(&people),
        people,
        myself: visitor.id(),
        tends: visitor.is_administrator(),
        typed,
        fault,
    })
}

/// `POST /portal/people`: makes a person of the business known and shows the link, once.
pub(in crate::identity) async fn make(
    req: HttpRequest,
    visitor: Representative,
    Form(form): Form<InviteForm>,
) -> Result<HttpResponse, Problem> {
    visitor.must_administer()?;
    let invitation = Invitation {
        login: form.login.trim().to_lowercase(),
        name: form.name.trim().to_owned(),
        administrator: form.role == "administrator",
        lang: form.lang.unwrap_or(visitor.lang()),
    };
    let (house, holder) = (House::of(&req), visitor.holder());
    let made = business::invite(house, visitor.actor(), holder, &invitation, INVITATION).await;
    let fault = match made {
        Ok(code) => return shown(&req, invitation.name, code),
        Err(IdentityError::Login) => "identity-login-form",
        Err(IdentityError::Name) => "identity-name-form",
        Err(IdentityError::Taken) => "problem-login-taken",
        Err(cause) => return Err(cause.into()),
    };
    let mut answer = show(&req, &visitor, form, fault).await?;
    *answer.status_mut() = actix_web::http::StatusCode::CONFLICT;
    Ok(answer)
}

fn shown(req: &HttpRequest, name: String, code: String) -> Result<HttpResponse, Problem> {
    let f = Frame::of(req, "identity-invitation");
    page(&InvitationPage { f, name, code, back: "/portal/people" })
}

/// `POST /portal/people/{person}/invite`: shows a new enrolment link, once.
pub(in crate::identity) async fn invite(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    visitor.must_administer()?;
    let (house, person) = (House::of(&req), person_in(&path)?);
    let (by, holder) = (visitor.actor(), visitor.holder());
    let (name, code) = business::invite_again(house, by, holder, person, INVITATION).await?;
    shown(&req, name, code)
}

/// `POST /portal/people/{person}/disable`
pub(in crate::identity) async fn disable(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    visitor.must_administer()?;
    let person = person_in(&path)?;
    business::disable(House::of(&req), visitor.actor(), visitor.holder(), person).await?;
    Ok(to("/portal/people").finish())
}
