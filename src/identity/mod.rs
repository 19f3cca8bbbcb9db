//! Who calls: API clients, tokens, people, sessions.
//!
//! Business systems authenticate with signed assertions at `POST /oauth2/token` and call with the
//! access tokens they get there; a handler that asks for a [`Caller`] has one. People sign in with
//! a password and an authenticator; a handler that asks for a [`Person`] or an [`Administrator`]
//! has one; people of businesses are on the other side of the house, and a handler that asks for a
//! [`Representative`] has one of these. This room carries the id of a duty holder and never looks
//! behind it, and knows nothing of departments: `registry` turns a person into an officer.
//!
//! Every change to a client or a person writes its leaf in the same transaction. In the log a
//! person is a pseudonym: sixteen random bytes that mean nothing elsewhere.

mod api;
mod assertion;
mod business;
mod caller;
mod clients;
mod enrol;
mod error;
mod field;
mod guard;
mod heavy;
mod jobs;
mod model;
mod pages;
mod passwords;
mod people;
mod signin;
mod store;
mod tokens;

use actix_web::web;

pub use assertion::TYP as ASSERTION_TYP;
pub use business::{
    Invitation, administrators_short, invite_administrator, invite_first_again, people_of,
    represent,
};
pub use caller::Caller;
pub use clients::{
    add_key, clients_of, keys_of, manifest_key, portal_client, register_browser, register_client,
    retire_key, revoke_client,
};
pub use error::IdentityError;
pub use field::{Cell, FieldCipher};
pub(crate) use guard::network;
pub use guard::{Administrator, Person, Representative};
pub use jobs::ForgetCredentials;
pub use model::{
    Actor, Client, ClientKey, ClientKind, ClientState, CodePurpose, KeyState, ManifestKey,
    OfferedKey, PersonRow, PersonState, Pseudonym, Purpose, Role, Scope,
};
pub use pages::DemoEntry;
pub use people::{
    NewPerson, change_role, create_person, disable, enlist_in, mint_code, person, person_called,
    reinvite,
};
pub use tokens::Tokens;

/// The URLs for business systems.
pub fn api(config: &mut web::ServiceConfig) {
    config.route("/oauth2/token", web::post().to(api::token));
}

/// The URLs for people.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/sign-in")
                .route(web::get().to(pages::sign_in_page))
                .route(web::post().to(pages::sign_in)),
        )
        .route("/sign-out", web::post().to(pages::sign_out))
        .service(
            web::resource("/enrol")
                .route(web::get().to(pages::enrol_page))
                .route(web::post().to(pages::enrol)),
        )
        .route("/enrol/confirm", web::post().to(pages::confirm))
        .service(
            web::resource("/enter")
                .route(web::get().to(pages::enter_page))
                .route(web::post().to(pages::enter)),
        )
        .route("/language", web::post().to(pages::language))
        .route("/people", web::get().to(pages::people))
        .route("/people/{person}/disable", web::post().to(pages::disable))
        .route("/people/{person}/invite", web::post().to(pages::invite))
        .service(
            web::resource("/portal/people")
                .route(web::get().to(pages::portal::people))
                .route(web::post().to(pages::portal::make)),
        )
        .route("/portal/people/{person}/invite", web::post().to(pages::portal::invite))
        .route("/portal/people/{person}/disable", web::post().to(pages::portal::disable))
        .service(
            web::resource("/portal/keys")
                .route(web::get().to(pages::portal_keys::show))
                .route(web::post().to(pages::portal_keys::make)),
        )
        .route("/portal/keys/{client}/add", web::post().to(pages::portal_keys::add))
        .route("/portal/keys/{client}/retire", web::post().to(pages::portal_keys::retire))
        .route("/portal/keys/{client}/revoke", web::post().to(pages::portal_keys::revoke));
}

#[cfg(test)]
mod tests;
