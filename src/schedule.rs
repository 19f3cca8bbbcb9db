//! Every job, its clock and its role, one line a job.

use std::sync::Arc;

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::foundation::jobs::Jobs;
use crate::identity;
use crate::rules::Packs;

/// The jobs that need no key; they run where no audit key is.
pub fn of_serve(config: &Config, packs: &Arc<Packs>) -> Jobs {
    Jobs::default().with(identity::ForgetCredentials)
}

/// The jobs of the process that holds the root key.
///
/// # Errors
///
/// [`AppFault`] if the packs or the log's public key cannot be read.
pub fn of_audit(config: &Config) -> Result<Jobs, AppFault> {
    let _ = (app::packs(config)?, app::log_public(config)?);
    Ok(Jobs::default())
}
