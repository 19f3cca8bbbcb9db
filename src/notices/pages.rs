//! The documents themselves, for who may have them, and the page where anybody can have one
//! confirmed.

mod documents;
mod verify;

use actix_web::web;

/// The URLs for people.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/documents/{document}", web::get().to(documents::for_officers))
        .route("/portal/documents/{document}", web::get().to(documents::for_the_business))
        .route("/verify", web::get().to(verify::show));
}
