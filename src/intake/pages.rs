//! The portal's pages of intake: sending a day's records, closing a day, receipts.
//!
//! What is typed here is checked and sealed in the browser. The server hands out what the browser
//! needs for that, and takes what the API takes.

mod day;
mod receipts;
mod records;

use actix_web::web;

/// The URLs for people of businesses.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/portal/records", web::get().to(records::show))
        .route("/portal/records/key", web::post().to(records::register))
        .route("/portal/records/{stream}/{day}", web::get().to(day::show))
        .route("/portal/records/{stream}/{day}/sheet", web::get().to(day::sheet))
        .route("/portal/records/{stream}/{day}/batch", web::post().to(day::push))
        .route("/portal/records/{stream}/{day}/close", web::post().to(day::close))
        .route("/portal/receipts", web::get().to(receipts::show))
        .route("/portal/receipts/{batch}", web::get().to(receipts::of_batch))
        .route("/portal/receipts/{batch}/proof", web::get().to(receipts::proof_of_batch))
        .route("/portal/receipts/closes/{close}", web::get().to(receipts::of_close));
}
