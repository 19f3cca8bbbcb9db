//! The pages of signing in, enrolling and tending people.

pub(super) mod portal;
pub(super) mod portal_keys;

use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use askama::Template;
use fast_qr::convert::Builder as _;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::{QRBuilder, QRCodeError};
use serde::Deserialize;

use super::enrol::{self, Confirmed, Setup};
use super::error::IdentityError;
use super::field::FieldCipher;
use super::guard::{Person, SecurityAdministrator, network};
use super::model::{PersonRow, PersonState};
use super::passwords::{self, Weakness};
use super::signin::{self, Attempt, Opened};
use super::{people, store};
use crate::foundation::House;
use crate::foundation::ids::PersonId;
use crate::foundation::problem::Problem;
use crate::foundation::secret::Secret;
use crate::foundation::web::session::{self, Token};
use crate::foundation::web::{Form, Frame, LANGUAGE_COOKIE, Lang, page};

/// How long an enrolment code that an administrator hands out is good.
const INVITATION: Duration = Duration::from_secs(3 * 86_400);

/// How many people the list shows at a time.
const LISTED: i64 = 50;

/// Tells the server that it is a demonstration, where one-time codes may open sessions.
#[derive(Clone, Copy, Debug)]
pub struct DemoEntry(pub bool);

#[derive(Template)]
#[template(path = "identity/pages/sign_in.html")]
struct SignInPage {
    f: Frame,
    refused: bool,
    login: String,
}

#[derive(Template)]
#[template(path = "identity/pages/enrol.html")]
struct EnrolPage {
    f: Frame,
    code: String,
    name: String,
    login: String,
    /// The Fluent key of what is wrong with the password; empty if nothing is.
    fault: &'static str,
}

#[derive(Template)]
#[template(path = "identity/pages/authenticator.html")]
struct AuthenticatorPage {
    f: Frame,
    code: String,
    qr: String,
    groups: String,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "identity/pages/enter.html")]
struct EnterPage {
    f: Frame,
    code: String,
}

#[derive(Template)]
#[template(path = "identity/pages/bad_code.html")]
struct BadCodePage {
    f: Frame,
}

#[derive(Template)]
#[template(path = "identity/pages/people.html")]
struct PeoplePage {
    f: Frame,
    people: Vec<PersonRow>,
    myself: PersonId,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "identity/pages/invitation.html")]
struct InvitationPage {
    f: Frame,
    name: String,
    code: String,
    /// The page that made the link.
    back: &'static str,
}

fn to(path: &str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, path.to_owned()));
    answer
}

fn lang_cookie(lang: Lang) -> Cookie<'static> {
    Cookie::build(LANGUAGE_COOKIE, lang.as_str())
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .permanent()
        .finish()
}

/// To the console, with the new session, in the person's language.
fn into_console(opened: &Opened) -> HttpResponse {
    to(opened.role.home()).cookie(opened.token.cookie()).cookie(lang_cookie(opened.lang)).finish()
}

/// `GET /sign-in`
pub(super) async fn sign_in_page(req: HttpRequest) -> Result<HttpResponse, Problem> {
    if let Some(person) = Person::if_signed_in(&req).await? {
        return Ok(to(person.role().home()).finish());
    }
    let f = Frame::of(&req, "identity-sign-in");
    page(&SignInPage { f, refused: false, login: String::new() })
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    login: String,
    password: String,
    code: String,
}

/// `POST /sign-in`
pub(super) async fn sign_in(
    req: HttpRequest,
    cipher: web::Data<FieldCipher>,
    Form(form): Form<SignInForm>,
) -> Result<HttpResponse, Problem> {
    let typed = Attempt {
        login: form.login.clone(),
        password: Secret::new(form.password),
        code: form.code,
        network: network(&req),
        before: Token::of(&req),
    };
    match signin::sign_in(House::of(&req), &cipher, typed).await? {
        Some(opened) => Ok(into_console(&opened)),
        None => {
            let f = Frame::of(&req, "identity-sign-in");
            let mut answer = page(&SignInPage { f, refused: true, login: form.login })?;
            *answer.status_mut() = actix_web::http::StatusCode::UNAUTHORIZED;
            Ok(answer)
        }
    }
}

#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `POST /sign-out`
pub(super) async fn sign_out(
    req: HttpRequest,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    // A business's browser keeps the key with which it seals; the key alone opens nothing here.
    let person = Person::if_signed_in(&req).await?;
    let keeps = person.is_some_and(|person| person.role().is_of_business());
    if let Some(token) = Token::of(&req) {
        signin::sign_out(House::of(&req), &token).await?;
    }
    let mut answer = to("/sign-in");
    let cleared = if keeps { "\"cache\"" } else { "\"cache\", \"storage\"" };
    answer.insert_header(("clear-site-data", cleared));
    Ok(answer.cookie(session::removal()).finish())
}

#[derive(Deserialize)]
pub(super) struct CodeQuery {
    #[serde(default)]
    code: String,
}

/// `GET /enrol?code=…`
pub(super) async fn enrol_page(
    req: HttpRequest,
    query: web::Query<CodeQuery>,
) -> Result<HttpResponse, Problem> {
    match enrol::whose(House::of(&req), &query.code).await? {
        Some(person) => choose_password(&req, &query.code, person, ""),
        None => bad_code(&req),
    }
}

fn choose_password(
    req: &HttpRequest,
    code: &str,
    person: PersonRow,
    fault: &'static str,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(req, "identity-enrol");
    let code = code.to_owned();
    page(&EnrolPage { f, code, name: person.name, login: person.login, fault })
}

fn bad_code(req: &HttpRequest) -> Result<HttpResponse, Problem> {
    let mut answer = page(&BadCodePage { f: Frame::of(req, "identity-bad-code") })?;
    *answer.status_mut() = actix_web::http::StatusCode::NOT_FOUND;
    Ok(answer)
}

#[derive(Deserialize)]
pub(super) struct EnrolForm {
    code: String,
    password: String,
    again: String,
}

/// `POST /enrol`: the password is chosen; shows the authenticator's secret.
pub(super) async fn enrol(
    req: HttpRequest,
    cipher: web::Data<FieldCipher>,
    Form(form): Form<EnrolForm>,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let Some(person) = enrol::whose(house, &form.code).await? else { return bad_code(&req) };
    let fault = match passwords::weakness(&form.password, &person.login) {
        Some(Weakness::Short) => "identity-password-short",
        Some(Weakness::Long) => "identity-password-long",
        Some(Weakness::Common) => "identity-password-common",
        None if form.password != form.again => "identity-password-differs",
        None => "",
    };
    if !fault.is_empty() {
        return choose_password(&req, &form.code, person, fault);
    }
    match enrol::begin(house, &cipher, &form.code, Secret::new(form.password)).await? {
        Some(setup) => authenticator(&req, &form.code, &setup, false),
        None => bad_code(&req),
    }
}

fn authenticator(
    req: &HttpRequest,
    code: &str,
    setup: &Setup,
    wrong: bool,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(req, "identity-enrol");
    let qr = qr(&setup.uri).map_err(|_cause| Problem::ours("an address has no QR code"))?;
    page(&AuthenticatorPage {
        f,
        code: code.to_owned(),
        qr,
        groups: setup.groups().to_string(),
        wrong,
    })
}

/// A QR code as SVG, coloured by attributes and not by styles.
fn qr(text: &str) -> Result<String, QRCodeError> {
    let code = QRBuilder::new(text).build()?;
    Ok(SvgBuilder::default().margin(2).to_str(&code))
}

#[derive(Deserialize)]
pub(super) struct ConfirmForm {
    code: String,
    first: String,
}

/// `POST /enrol/confirm`: the authenticator's first code.
pub(super) async fn confirm(
    req: HttpRequest,
    cipher: web::Data<FieldCipher>,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse, Problem> {
    let before = Token::of(&req);
    match enrol::confirm(House::of(&req), &cipher, &form.code, &form.first, before).await? {
        Confirmed::Opened(opened) => Ok(into_console(&opened)),
        Confirmed::Wrong(setup) => authenticator(&req, &form.code, &setup, true),
        Confirmed::NotGood => bad_code(&req),
    }
}

fn is_demo(req: &HttpRequest) -> bool {
    req.app_data::<DemoEntry>().is_some_and(|entry| entry.0)
}

/// `GET /enter?code=…`
pub(super) async fn enter_page(
    req: HttpRequest,
    query: web::Query<CodeQuery>,
) -> Result<HttpResponse, Problem> {
    if !is_demo(&req) {
        return Err(Problem::not_found());
    }
    page(&EnterPage { f: Frame::of(&req, "identity-enter"), code: query.into_inner().code })
}

#[derive(Deserialize)]
pub(super) struct EnterForm {
    code: String,
}

/// `POST /enter`
pub(super) async fn enter(
    req: HttpRequest,
    Form(form): Form<EnterForm>,
) -> Result<HttpResponse, Problem> {
    if !is_demo(&req) {
        return Err(Problem::not_found());
    }
    match signin::enter(House::of(&req), &form.code, Token::of(&req)).await? {
        Some(opened) => Ok(into_console(&opened)),
        None => bad_code(&req),
    }
}

#[derive(Deserialize)]
pub(super) struct LanguageForm {
    lang: Lang,
    #[serde(default)]
    back: String,
}

/// `POST /language`
pub(super) async fn language(
    req: HttpRequest,
    Form(form): Form<LanguageForm>,
) -> Result<HttpResponse, Problem> {
    if let Some(person) = Person::if_signed_in(&req).await? {
        signin::choose_lang(House::of(&req), person.id(), form.lang).await?;
    }
    let back = if is_path(&form.back) { form.back.as_str() } else { "/" };
    Ok(to(back).cookie(lang_cookie(form.lang)).finish())
}

/// Whether `text` is the path of a page of ours, and nothing that leads elsewhere.
fn is_path(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'+');
    text.starts_with('/') && !text.starts_with("//") && text.bytes().all(plain)
}

#[derive(Deserialize)]
pub(super) struct PeopleQuery {
    #[serde(default)]
    after: String,
}

/// `GET /people`
pub(super) async fn people(
    req: HttpRequest,
    administrator: SecurityAdministrator,
    query: web::Query<PeopleQuery>,
) -> Result<HttpResponse, Problem> {
    let after = query.into_inner().after;
    let found = House::of(&req).store.read("identity.people", move |conn| {
        store::people(conn, &after, LISTED + 1).map_err(IdentityError::from)
    });
    let mut people = found.await?;
    let full = usize::try_from(LISTED).unwrap_or(usize::MAX);
    let more = people.len() > full;
    people.truncate(full);
    let next = people.last().filter(|_| more).map(|last| last.login.clone());
    let f = Frame::of(&req, "identity-people");
    page(&PeoplePage { f, people, myself: administrator.0.id(), next })
}

fn person_in(path: &web::Path<String>) -> Result<PersonId, Problem> {
    path.parse().ok().ok_or_else(Problem::not_found)
}

/// `POST /people/{person}/disable`
pub(super) async fn disable(
    req: HttpRequest,
    administrator: SecurityAdministrator,
    path: web::Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    let person = person_in(&path)?;
    people::disable(House::of(&req), administrator.0.actor(), person).await?;
    Ok(to("/people").finish())
}

/// `POST /people/{person}/invite`: shows a new enrolment code, once.
pub(super) async fn invite(
    req: HttpRequest,
    administrator: SecurityAdministrator,
    path: web::Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    let (house, id) = (House::of(&req), person_in(&path)?);
    let code = people::reinvite(house, administrator.0.actor(), id, INVITATION).await?;
    let found = house
        .store
        .read("identity.person", move |conn| store::person(conn, id).map_err(IdentityError::from));
    let name = found.await?.map(|person| person.name).unwrap_or_default();
    let f = Frame::of(&req, "identity-invitation");
    page(&InvitationPage { f, name, code, back: "/people" })
}

impl PeoplePage {
    fn role_key(person: &PersonRow) -> String {
        format!("identity-role-{}", person.role.as_str().replace('_', "-"))
    }

    fn state_key(person: &PersonRow) -> String {
        format!("identity-state-{}", person.state)
    }

    fn can_be_disabled(person: &PersonRow) -> bool {
        person.state != PersonState::Disabled
    }

    fn tone(person: &PersonRow) -> &'static str {
        match person.state {
            PersonState::Active => "good",
            PersonState::Invited => "warn",
            PersonState::Disabled => "",
        }
    }
}
