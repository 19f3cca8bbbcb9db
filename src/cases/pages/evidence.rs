//! Files of replies: always a download, never shown.

use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::http::header::{Charset, ExtendedValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::actions::cell;
use super::super::error::CaseError;
use super::super::guard::{CaseViewer, Respondent};
use super::super::model::Case;
use super::super::store::flow;
use crate::foundation::House;
use crate::foundation::ids::EvidenceId;
use crate::foundation::problem::Problem;
use crate::identity::FieldCipher;

/// `GET /cases/{case}/evidence/{evidence}`, for officers.
pub(super) async fn for_officers(
    req: HttpRequest,
    viewer: CaseViewer,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    download(&req, viewer.case, &cipher).await
}

/// `GET /portal/cases/{case}/evidence/{evidence}`, for the business that sent it.
pub(super) async fn for_business(
    req: HttpRequest,
    right: Respondent,
    cipher: web::Data<FieldCipher>,
) -> Result<HttpResponse, Problem> {
    download(&req, right.case, &cipher).await
}

async fn download(
    req: &HttpRequest,
    case: Case,
    cipher: &FieldCipher,
) -> Result<HttpResponse, Problem> {
    let id = req.match_info().get("evidence").and_then(|text| text.parse::<EvidenceId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let found = House::of(req)
        .store
        .read("cases.file", move |conn| flow::file(conn, case.id, id).map_err(CaseError::from))
        .await?;
    let (file, sealed) = found.ok_or(CaseError::NotFound)?;
    let content = cipher.open(cell(&file.id, &case.holder), &sealed).map_err(CaseError::from)?;
    let ending = file.name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let plain = format!("evidence-{}.{}", file.place + 1, ending.to_ascii_lowercase());
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(plain),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: file.name.clone().into_bytes(),
            }),
        ],
    };
    Ok(HttpResponse::Ok()
        .content_type(file.media.mime())
        .insert_header((header::CONTENT_DISPOSITION, disposition.to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(content.to_vec()))
}
