//! The pages of letters: documents for who may have them, the page where anybody can have one
//! confirmed, printed letters, and consents to electronic service, as officers and as businesses see them.

mod consents;
mod copies;
mod documents;
mod portal;
mod verify;

use actix_web::web;

/// The URLs for people.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/documents/{document}", web::get().to(documents::for_officers))
        .route("/portal/documents/{document}", web::get().to(documents::for_the_business))
        .route("/verify", web::get().to(verify::show))
        .route("/paper", web::get().to(copies::list))
        .route("/paper/{paper}", web::get().to(copies::show))
        .route("/paper/{paper}/posted", web::post().to(copies::posted))
        .route("/paper/{paper}/received", web::post().to(copies::received))
        .route("/holders/{holder}/service", web::get().to(consents::show))
        .route("/holders/{holder}/service", web::post().to(consents::give))
        .route("/holders/{holder}/service/withdraw", web::post().to(consents::withdraw))
        .route("/portal/service", web::get().to(portal::show))
        .route("/portal/service/consent", web::post().to(portal::consent))
        .route("/portal/service/withdraw", web::post().to(portal::withdraw))
        .route("/portal/service/confirm", web::post().to(portal::confirm));
}
