//! Who may have a document.

mod service;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

pub(super) use service::{CopyOfficer, CopyViewer, HolderOfficer, HolderViewer};

use super::error::NoticeError;
use super::model::{Document, LetterKind};
use super::store;
use crate::foundation::House;
use crate::foundation::ids::DocumentId;
use crate::foundation::problem::Problem;
use crate::identity::Representative;
use crate::registry::Officer;

/// The document named in the path, for an officer of the department that wrote it whose trades the
/// duty holder is in.
pub(super) struct DocumentReader(pub(super) Document);

impl FromRequest for DocumentReader {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let id = in_path(&req)?;
            let department = officer.department_id();
            let found = House::of(&req)
                .store
                .read("notices.document", move |conn| -> Result<_, NoticeError> {
                    let Some(document) = store::document(conn, id)? else { return Ok(None) };
                    let own = document.department_id == department
                        && officer.sees(conn, document.holder_id)?;
                    Ok(Some(document).filter(|_| own))
                })
                .await?;
            found.map(Self).ok_or_else(Problem::not_found)
        })
    }
}

/// The document named in the path, for a person of the business that it is addressed to. A cover of a
/// transfer or of a hand-over is addressed to another organ.
pub(super) struct OwnDocument(pub(super) Document);

impl FromRequest for OwnDocument {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let person = Representative::signed_in(&req).await?;
            let id = in_path(&req)?;
            let found = House::of(&req)
                .store
                .read("notices.document", move |conn| {
                    store::document(conn, id).map_err(NoticeError::from)
                })
                .await?;
            let own = found.filter(|document| {
                document.holder_id == person.holder()
                    && !matches!(document.kind, LetterKind::Transfer | LetterKind::Handover)
            });
            own.map(Self).ok_or_else(Problem::not_found)
        })
    }
}

fn in_path(req: &HttpRequest) -> Result<DocumentId, Problem> {
    let text = req.match_info().get("document");
    text.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}
