//! The log's public face.

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::problem::Problem;

use super::store;

/// Registers the log's endpoints, which ask nobody who calls.
pub fn api(cfg: &mut web::ServiceConfig) {
    cfg.route("/log/checkpoint", web::get().to(checkpoint));
}

/// The newest signed checkpoint.
async fn checkpoint(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let read = |conn: &mut Conn| store::latest_checkpoint(conn).map_err(StoreError::from);
    let latest = House::of(&req).store.read("ledger.checkpoint", read).await?;
    let latest = latest.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::plaintext())
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(latest.note))
}
