//! `registry`: import of departments, duty holders, outlets, streams and officers.

#![expect(clippy::print_stdout, reason = "a command answers on its terminal")]

use std::path::Path;

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::registry;

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
