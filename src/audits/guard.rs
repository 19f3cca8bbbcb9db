//! The rights of this room: who may see an audit, and who may decide a signal.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::error::AuditError;
use super::model::AuditRow;
use super::signals::SignalKind;
use super::store;
use super::store::signals::SignalRow;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, StreamId};
use crate::foundation::problem::Problem;
use crate::identity::{Person, Role};
use crate::registry::Officer;

/// An officer who may see the audit named in the path: one of the own department, in a trade of the
/// certificate. Others are told that there is none.
pub(super) struct AuditViewer {
    pub(super) audit: AuditRow,
}

impl FromRequest for AuditViewer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let id: Option<AuditId> = req.match_info().get("audit").and_then(|id| id.parse().ok());
            let id = id.ok_or_else(Problem::not_found)?;
            let read = move |conn: &mut Conn| Ok::<_, AuditError>(store::audit(conn, id)?);
            let audit = House::of(&req).store.read("audits.find", read).await?;
            let audit = audit.ok_or(AuditError::NotFound)?;
            let own = audit.department_id == officer.department_id()
                && officer.sectors().contains(&audit.sector);
            if own { Ok(Self { audit }) } else { Err(Problem::not_found()) }
        })
    }
}

/// An officer who leads the department. Others are refused.
pub(super) struct Lead(Officer);

impl Lead {
    /// The lead as an officer.
    pub(super) const fn officer(&self) -> &Officer {
        &self.0
    }
}

impl FromRequest for Lead {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            if officer.leads() { Ok(Self(officer)) } else { Err(Problem::forbidden()) }
        })
    }
}

/// Who may read who did what: a lead, what officers of the own department did; the audit
/// administrator, what anybody did, without names.
pub(super) enum Reader {
    /// A lead.
    Lead(Box<Officer>),
    /// The audit administrator.
    Administrator,
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let lead = Lead::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let person = Person::signed_in(&req).await?;
            if person.role() == Role::AuditAdministrator {
                return Ok(Self::Administrator);
            }
            lead.await.map(|lead| Self::Lead(Box::new(lead.0)))
        })
    }
}

/// An officer who may decide the signal named in the path: it is one of the own department, in a
/// trade of the certificate, which is valid, and no conflict with the holder is on record. Others
/// are told that there is none, or why they may not.
pub(super) struct SignalDecider {
    pub(super) officer: Officer,
    pub(super) signal: SignalRow,
}

impl FromRequest for SignalDecider {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let place = web::Path::<(StreamId, String, SignalKind)>::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let (stream, period, kind) =
                place.await.ok().ok_or_else(Problem::not_found)?.into_inner();
            let read = move |conn: &mut Conn| {
                Ok::<_, AuditError>(store::signals::signal(conn, stream, &period, kind)?)
            };
            let signal = House::of(&req).store.read("audits.signal", read).await?;
            let own = |signal: &SignalRow| {
                signal.department_id == officer.department_id()
                    && officer.sectors().contains(&signal.sector)
            };
            let signal = signal.filter(own).ok_or_else(Problem::not_found)?;
            officer.must_be_certified()?;
            if officer.is_conflicted_with(signal.holder_id) {
                return Err(
                    Problem::forbidden().says(&"a conflict with this business is on record")
                );
            }
            Ok(Self { officer, signal })
        })
    }
}
