//! Consents to electronic service of one duty holder, as an officer sees and enters them.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::NoticeError;
use super::super::guard::{HolderOfficer, HolderViewer};
use crate::foundation::House;
use crate::foundation::ids::{ConsentId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Form, Frame, page};
use crate::identity::FieldCipher;
use crate::registry::{
    self, Consent, ConsentHow, ConsentMethod, Holder, NewConsent, RegistryError,
};

/// The longest reference to a signed paper, in characters.
const LONGEST: usize = 120;

#[derive(Template)]
#[template(path = "notices/pages/consents.html")]
struct ConsentsPage {
    f: Frame,
    holder: Holder,
    consents: Vec<Consent>,
    addresses: Vec<String>,
    bar: Option<&'static str>,
    fault: Option<String>,
    typed: ConsentForm,
    today: Day,
}

impl ConsentsPage {
    /// The consent that counts.
    fn given(&self) -> Option<&Consent> {
        self.consents.iter().find(|consent| consent.withdrawn_at.is_none())
    }
}

/// `GET /holders/{holder}/service`.
pub(super) async fn show(
    req: HttpRequest,
    viewer: HolderViewer,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let bar = viewer.bar();
    page(&consents_page(&req, viewer, bar, &cipher, (None, ConsentForm::default())).await?)
}

async fn consents_page(
    req: &HttpRequest,
    viewer: HolderViewer,
    bar: Option<&'static str>,
    cipher: &FieldCipher,
    (fault, typed): (Option<String>, ConsentForm),
) -> Result<ConsentsPage, Problem> {
    let f = Frame::of(req, "service-consents");
    let house = House::of(req);
    let (id, own, cipher) = (viewer.holder.id, viewer.officer.department_id(), cipher.clone());
    let found = house.store.read("notices.consents", move |conn| {
        let mut consents = registry::consents_of(conn, id)?;
        consents.retain(|consent| consent.department == own);
        let contacts = registry::contacts_of(conn, &cipher, id)?;
        Ok::<_, NoticeError>((consents, contacts))
    });
    let (consents, contacts) = found.await?;
    Ok(ConsentsPage {
        f,
        consents,
        addresses: contacts.into_iter().map(|contact| contact.email).collect(),
        holder: viewer.holder,
        bar,
        fault,
        typed,
        today: house.clock.now().day(),
    })
}

/// The form that enters a consent from signed paper.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ConsentForm {
    #[serde(default)]
    method: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    given_on: String,
}

impl ConsentForm {
    /// What it says, or what is wrong with it.
    fn read(&self, today: Day) -> Result<(ConsentMethod, String, Day), &'static str> {
        let method = self.method.parse().ok().ok_or("how")?;
        let reference = self.reference.trim();
        let fits = (1..=LONGEST).contains(&reference.chars().count())
            && !reference.chars().any(char::is_control);
        let day: Option<Day> = self.given_on.parse().ok();
        let day = day.filter(|day| *day <= today).ok_or("day")?;
        if fits { Ok((method, reference.to_owned(), day)) } else { Err("reference") }
    }
}

/// `POST /holders/{holder}/service`.
pub(super) async fn give(
    req: HttpRequest,
    right: HolderOfficer,
    form: Form<ConsentForm>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let (method, reference, given_on) = match form.0.read(house.clock.now().day()) {
        Ok(said) => said,
        Err(fault) => return again(&req, right, &cipher, fault, form.0).await,
    };
    let (id, department) = (right.0.holder.id, right.0.officer.department_id());
    let person = right.0.officer.person();
    let (by, inside, own) = ((person.actor(), Some(person.id())), house.clone(), cipher.clone());
    let written = house.store.write("notices.give_consent", move |tx| {
        let contacts = registry::contacts_of(tx, &own, id)?;
        if contacts.is_empty() && method == ConsentMethod::Mail {
            return Ok::<_, RegistryError>(false);
        }
        let new = NewConsent {
            holder: id,
            department,
            method,
            how: ConsentHow::Paper,
            reference: Some(reference.clone()),
            addresses: contacts.into_iter().map(|contact| contact.email).collect(),
            given_on,
        };
        registry::give_consent_in(tx, &inside, &own, &new, by)?;
        Ok(true)
    });
    match written.await? {
        true => Ok(see(id)),
        false => again(&req, right, &cipher, "no-address", form.0).await,
    }
}

/// The form that ends a consent, which it names.
#[derive(Debug, Deserialize)]
pub(super) struct WithdrawForm {
    #[serde(default)]
    consent: String,
}

/// `POST /holders/{holder}/service/withdraw`.
pub(super) async fn withdraw(
    req: HttpRequest,
    right: HolderOfficer,
    form: Form<WithdrawForm>,
) -> Result<HttpResponse, Problem> {
    let consent: ConsentId = form.0.consent.parse().ok().ok_or_else(Problem::not_found)?;
    let house = House::of(&req);
    let (id, department) = (right.0.holder.id, right.0.officer.department_id());
    let person = right.0.officer.person();
    let (by, inside) = ((person.actor(), Some(person.id())), house.clone());
    house
        .store
        .write("notices.withdraw_consent", move |tx| {
            let given = registry::consent(tx, id, department)?;
            if given.is_none_or(|given| given.id != consent) {
                return Err(NoticeError::NotNow);
            }
            registry::withdraw_consent_in(tx, &inside, (id, department), by)?;
            Ok(())
        })
        .await?;
    Ok(see(id))
}

fn see(id: HolderId) -> HttpResponse {
    let place = format!("/holders/{id}/service");
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}

/// The page once more, with what was typed and what is wrong with it.
async fn again(
    req: &HttpRequest,
    right: HolderOfficer,
    cipher: &FieldCipher,
    fault: &str,
    typed: ConsentForm,
) -> Result<HttpResponse, Problem> {
    let fault = Some(format!("service-fault-{fault}"));
    let shown = consents_page(req, right.0, None, cipher, (fault, typed)).await?;
    let mut answer = page(&shown)?;
    *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(answer)
}
