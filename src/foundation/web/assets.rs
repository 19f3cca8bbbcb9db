//! The console's own style, script and mark: nothing comes from anywhere else.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

const CSS: &str = include_str!("static/chayan.css");
const PORTAL_CSS: &str = include_str!("static/portal.css");
const JS: &str = include_str!("static/chayan.js");
const SEAL_JS: &str = include_str!("static/seal.js");
const JUDGE_JS: &str = include_str!("static/judge.js");
const SHEET_JS: &str = include_str!("static/sheet.js");
const ICON: &str = include_str!("static/icon.svg");

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The URLs of the static files.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/static/chayan.css", web::get().to(|| file("text/css; charset=utf-8", CSS)))
        .route("/static/portal.css", web::get().to(|| file("text/css; charset=utf-8", PORTAL_CSS)))
        .route("/static/chayan.js", web::get().to(|| file(SCRIPT, JS)))
        .route("/static/seal.js", web::get().to(|| file(SCRIPT, SEAL_JS)))
        .route("/static/judge.js", web::get().to(|| file(SCRIPT, JUDGE_JS)))
        .route("/static/sheet.js", web::get().to(|| file(SCRIPT, SHEET_JS)))
        .route("/static/icon.svg", web::get().to(|| file("image/svg+xml", ICON)));
}

async fn file(kind: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .body(body)
}
