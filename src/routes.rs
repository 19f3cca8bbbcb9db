//! Every URL, one line a room; each room lists its own behind its door.

use actix_web::web::ServiceConfig;

use crate::foundation::web::{self, Listener, Navigation};
use crate::{audits, cases, identity, intake, keys, ledger, notices, registry};

/// The links of the console's frame.
pub const NAVIGATION: Navigation = Navigation {
    officers: &[
        ("nav-overview", "/"),
        ("nav-findings", "/findings"),
        ("nav-cases", "/cases"),
        ("nav-paper", "/paper"),
        ("nav-paper", "/paper"),
        ("nav-audits", "/audits"),
        ("nav-holders", "/holders"),
        ("nav-department", "/department"),
    ],
    people: &[("nav-people", "/people")],
    governance: &[("nav-governance", "/governance")],
    businesses: PORTAL,
};

/// The links of the portal's frame.
pub const PORTAL: &[(&str, &str)] = &[
    ("portal-nav-home", "/portal"),
    ("portal-nav-cases", "/portal/cases"),
    ("portal-nav-records", "/portal/records"),
    ("portal-nav-openings", "/portal/openings"),
    ("portal-nav-receipts", "/portal/receipts"),
    ("portal-nav-keys", "/portal/keys"),
    ("portal-nav-people", "/portal/people"),
    ("portal-nav-service", "/portal/service"),
];

/// Adds the URLs of one listener.
pub fn of(listener: Listener, config: &mut ServiceConfig) {
    match listener {
        Listener::Api => api(config),
        Listener::Console => console(config),
    }
}

fn api(config: &mut ServiceConfig) {
    identity::api(config);
    intake::api(config);
    audits::api(config);
    keys::api(config);
    ledger::api(config);
}

fn console(config: &mut ServiceConfig) {
    web::console(config);
    identity::console(config);
    registry::console(config);
    intake::console(config);
    notices::console(config);
    cases::console(config);
    audits::console(config);
}
