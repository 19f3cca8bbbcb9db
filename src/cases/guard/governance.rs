//! The governance office: totals of departments, and no case.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::foundation::ids::PersonId;
use crate::foundation::problem::Problem;
use crate::identity::{Person, Role};

/// A person of the governance office. It sees totals; no page of a case is its own.
pub(in super::super) struct GovernanceOffice {
    pub(in super::super) person: PersonId,
    pub(in super::super) pseudonym: String,
}

impl FromRequest for GovernanceOffice {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let person = Person::signed_in(&req).await?;
            if person.role() != Role::Governance {
                return Err(Problem::forbidden());
            }
            Ok(Self { person: person.id(), pseudonym: person.pseudonym().to_string() })
        })
    }
}
