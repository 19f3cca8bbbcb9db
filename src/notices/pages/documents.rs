//! A document as it was made, to be kept as a file; never shown inside a page.

use actix_web::HttpResponse;
use actix_web::http::header;

use super::super::guard::{DocumentReader, OwnDocument};
use super::super::model::Document;

/// `GET /documents/{document}`.
pub(super) async fn for_officers(reader: DocumentReader) -> HttpResponse {
    file(reader.0)
}

/// `GET /portal/documents/{document}`.
pub(super) async fn for_the_business(own: OwnDocument) -> HttpResponse {
    file(own.0)
}

fn file(document: Document) -> HttpResponse {
    let name = format!("attachment; filename=\"{}\"", document.file_name());
    HttpResponse::Ok()
        .content_type(document.media_type.header())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(document.bytes)
}
