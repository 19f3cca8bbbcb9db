//! Departments, duty holders, outlets, streams; officers and their jurisdiction; plans and packs
//! in force.
//!
//! A registry file (TOML, see `examples/registry.toml`) is the only way in: [`fn@import`] reports
//! every mistake at once and stores all or nothing. A stream exists only here; which department is
//! competent follows from the trade of the stream and the district of its outlet, and no two
//! departments are competent for the same place. A handler that asks for an [`Officer`] has one,
//! and with it the officer's certificate, trades and districts.

mod calendar;
mod chances;
mod consent;
mod error;
mod guard;
mod import;
mod model;
mod pages;
mod place;
mod plan;
mod sealed;
mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use actix_web::web;

pub use calendar::{Calendar, CalendarFault, Span, Year};
pub use chances::{Chance, Chances};
pub use consent::{
    Consent, ConsentHow, ConsentMethod, Hand, NewConsent, give_consent_in, withdraw_consent_in,
};
pub use error::{Mistake, Mistakes, RegistryError};
pub use guard::Officer;
pub use import::{ImportReport, ImportedClient, derived_id, import};
pub use model::{
    Contact, Department, Holder, HolderKind, HolderState, Mode, Modes, Outlet, PackInForce,
    RegisteredOfficer, Stream, StreamFacts,
};
pub use place::{District, DivisionKind, NotADistrict, Place, Sector};
pub use plan::{Cut, Period, Plan, Pooling};
pub use store::{
    conflicts_of, consent, consents_of, contact_langs, contacts_of, department, department_for,
    departments, holder, holders, holders_after, officer_of, officers_of, open_streams, outlets_of,
    pack_in_force, packs_of, plan, plan_for, plans, scopes_of, stream_for_push, streams_of,
    streams_on, subjects,
};

/// The URLs for officers.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/holders", web::get().to(pages::holders))
        .service(
            web::resource("/holders/{holder}/people")
                .route(web::get().to(pages::people::show))
                .route(web::post().to(pages::people::invite)),
        )
        .route("/holders/{holder}/people/{person}/invite", web::post().to(pages::people::again))
        .route("/department", web::get().to(pages::department));
}
