//! `registry`: import of departments, duty holders, outlets, streams and officers; invitation of
//! the first administrators of a business.

#![expect(clippy::print_stdout, reason = "a command answers on its terminal")]

use std::path::Path;
use std::time::Duration;

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::HolderId;
use crate::identity::{self, Actor, IdentityError, Invitation};
use crate::registry;

/// How long an enrolment link is good.
const LIFE: Duration = Duration::from_secs(3 * 86_400);

/// Stores what the file declares and says what changed.
///
/// # Errors
///
/// [`AppFault`]; with a mistaken file every mistake is named and nothing was stored.
pub async fn import(config: &Config, file: &Path) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    let toml =
        std::fs::read_to_string(file).map_err(|cause| AppFault::File(file.to_owned(), cause))?;
    let (packs, cipher) = (app::packs(config)?, app::field_cipher(config)?);
    let report =
        registry::import(&house, &packs, &cipher, &toml).await.map_err(AppFault::refused)?;
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    for client in &report.clients {
        println!("client {}  {}  {}", client.client_id, client.holder, client.name);
    }
    let (added, changed) = (report.added.len(), report.changed.len());
    println!("added {added}, changed {changed}, unchanged {}", report.unchanged);
    Ok(())
}

/// Invites one of the first two administrators of a business and prints the one-time link.
///
/// # Errors
///
/// [`AppFault`], among others where there is no such duty holder, where it has two administrators,
/// and where somebody has the login.
pub async fn invite(
    config: &Config,
    holder: HolderId,
    invitation: &Invitation,
) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    let known = move |conn: &mut Conn| registry::holder(conn, holder).map_err(StoreError::from);
    if house.store.read("registry.holder", known).await.map_err(AppFault::refused)?.is_none() {
        return Err(AppFault::refused(IdentityError::NotFound));
    }
    let code = identity::invite_administrator(&house, Actor::Command, holder, invitation, LIFE)
        .await
        .map_err(AppFault::refused)?;
    println!("{}/enrol?code={code}", config.console_origin);
    Ok(())
}
