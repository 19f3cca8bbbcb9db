//! Electronic service as a business sees it: its consents, and the documents to confirm.

use std::collections::BTreeSet;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::NoticeError;
use super::super::model::Letter;
use super::super::proof::ProofKind;
use super::super::service::{self, Reader};
use super::super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, DepartmentId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, page};
use crate::identity::{FieldCipher, Representative};
use crate::registry::{
    self, Consent, ConsentHow, ConsentMethod, Department, NewConsent, RegistryError,
};

/// A department and the consent to it that counts.
struct Side {
    department: Department,
    consent: Option<Consent>,
}

/// A document to the business, and whether its receipt was confirmed.
struct Sent {
    letter: Letter,
    confirmed: bool,
}

#[derive(Template)]
#[template(path = "notices/pages/portal_service.html")]
struct ServicePage {
    f: Frame,
    sides: Vec<Side>,
    sent: Vec<Sent>,
    addresses: Vec<String>,
    may: bool,
}

/// `GET /portal/service`.
pub(super) async fn show(
    req: HttpRequest,
    person: Representative,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "service-portal");
    let (holder, may, cipher) = (person.holder(), person.is_administrator(), cipher.clone());
    let found = House::of(&req).store.read("notices.portal", move |conn| {
        let contacts = registry::contacts_of(conn, &cipher, holder)?;
        let addresses = contacts.into_iter().map(|contact| contact.email).collect();
        Ok::<_, NoticeError>((sides(conn, holder)?, sent(conn, holder)?, addresses))
    });
    let (sides, sent, addresses) = found.await?;
    page(&ServicePage { f, sides, sent, addresses, may })
}

/// The departments that are competent for `holder`, each with the consent to it.
fn sides(conn: &mut Conn, holder: HolderId) -> Result<Vec<Side>, NoticeError> {
    let streams = registry::streams_of(conn, holder)?;
    let ids: BTreeSet<DepartmentId> =
        streams.iter().filter_map(|facts| facts.stream.department).collect();
    let mut sides = Vec::new();
    for id in ids {
        if let Some(department) = registry::department(conn, id)? {
            sides.push(Side { department, consent: registry::consent(conn, holder, id)? });
        }
    }
    Ok(sides)
}

/// The documents to `holder`, one line each, newest first.
fn sent(conn: &mut Conn, holder: HolderId) -> Result<Vec<Sent>, NoticeError> {
    let letters = store::to_holder(conn, holder)?;
    let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
    let proofs = store::proofs(conn, &ids)?;
    let codes: Vec<String> = proofs
        .iter()
        .filter(|proof| proof.kind == ProofKind::Confirmed)
        .filter_map(|proof| letters.iter().find(|letter| letter.id == proof.letter))
        .map(|letter| letter.code.clone())
        .collect();
    let mut shown = BTreeSet::new();
    let first = letters.into_iter().filter(|letter| shown.insert(letter.code.clone()));
    Ok(first.map(|letter| Sent { confirmed: codes.contains(&letter.code), letter }).collect())
}

/// The form that consents.
#[derive(Debug, Deserialize)]
pub(super) struct ConsentForm {
    #[serde(default)]
    department: String,
    #[serde(default)]
    method: String,
}

/// The department of a form, if the business is one of its.
async fn department(
    house: &House,
    person: &Representative,
    text: &str,
) -> Result<DepartmentId, Problem> {
    person.must_administer()?;
    let id: DepartmentId = text.parse().ok().ok_or_else(Problem::not_found)?;
    let holder = person.holder();
    let sides = house.store.read("notices.sides", move |conn| sides(conn, holder)).await?;
    let own = sides.iter().any(|side| side.department.id == id);
    if own { Ok(id) } else { Err(Problem::not_found()) }
}

/// `POST /portal/service/consent`.
pub(super) async fn consent(
    req: HttpRequest,
    person: Representative,
    form: Form<ConsentForm>,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let department = department(house, &person, &form.0.department).await?;
    let method: ConsentMethod = form.0.method.parse().map_err(Problem::malformed)?;
    let (holder, given_on) = (person.holder(), house.clock.now().day());
    let (by, inside, own) = ((person.actor(), Some(person.id())), house.clone(), cipher.clone());
    let written = house.store.write("notices.portal_consent", move |tx| {
        if registry::consent(tx, holder, department)?.is_some_and(|given| given.method == method) {
            // The same form twice changes nothing.
            return Ok(());
        }
        let contacts = registry::contacts_of(tx, &own, holder)?;
        let new = NewConsent {
            holder,
            department,
            method,
            how: ConsentHow::Portal,
            reference: None,
            addresses: contacts.into_iter().map(|contact| contact.email).collect(),
            given_on,
        };
        registry::give_consent_in(tx, &inside, &own, &new, by)?;
        Ok::<_, RegistryError>(())
    });
    written.await?;
    Ok(see())
}

/// `POST /portal/service/withdraw`.
pub(super) async fn withdraw(
    req: HttpRequest,
    person: Representative,
    form: Form<ConsentForm>,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let department = department(house, &person, &form.0.department).await?;
    let holder = person.holder();
    let (by, inside) = ((person.actor(), Some(person.id())), house.clone());
    house
        .store
        .write("notices.portal_withdraw", move |tx| {
            registry::withdraw_consent_in(tx, &inside, (holder, department), by)
                .map_err(NoticeError::from)
        })
        .await?;
    Ok(see())
}

/// The form that confirms the receipt of the documents of a case.
#[derive(Debug, Deserialize)]
pub(super) struct ConfirmForm {
    #[serde(default)]
    case: String,
}

/// `POST /portal/service/confirm`.
pub(super) async fn confirm(
    req: HttpRequest,
    person: Representative,
    form: Form<ConfirmForm>,
) -> Result<HttpResponse, Problem> {
    let case: CaseId = form.0.case.parse().ok().ok_or_else(Problem::not_found)?;
    let (house, holder) = (House::of(&req), person.holder());
    let reader = Reader { person: person.id(), pseudonym: person.pseudonym().to_string() };
    let inside = house.clone();
    let found = house.store.write("notices.portal_confirm", move |tx| {
        let letters = store::of_case(tx, case)?;
        if !letters.iter().any(|letter| letter.holder_id == Some(holder)) {
            return Ok(false);
        }
        service::confirm_receipt_in(tx, &inside, case, &reader)?;
        Ok::<_, NoticeError>(true)
    });
    if found.await? { Ok(see()) } else { Err(Problem::not_found()) }
}

fn see() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/portal/service")).finish()
}
