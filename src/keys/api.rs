//! What everybody may fetch: the signed list, and the open keys as plain JSON.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::error::KeysError;
use super::list::ListedKey;
use super::{actions, store};
use crate::foundation::House;
use crate::foundation::problem::Problem;

/// The URLs of the keys.
pub fn api(config: &mut web::ServiceConfig) {
    config
        .route("/.well-known/chayan-keys", web::get().to(signed_list))
        .route("/v1/keys", web::get().to(open_keys));
}

/// The newest signed list, byte for byte.
async fn signed_list(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let read = |conn: &mut _| Ok::<_, KeysError>(store::newest_list(conn)?);
    let newest = House::of(&req).store.read("keys.list", read).await?;
    let (_, jws) = newest.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type("application/jose")
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .body(jws))
}

#[derive(Serialize)]
struct OpenKeys {
    keys: Vec<ListedKey>,
}

/// The audit keys that are open for sealing now.
async fn open_keys(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let now = house.clock.now();
    let read = move |conn: &mut _| Ok::<_, KeysError>(actions::published(conn, now)?);
    let keys = house.store.read("keys.published", read).await?;
    let keys = keys.iter().map(ListedKey::from).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "max-age=60"))
        .json(OpenKeys { keys }))
}
