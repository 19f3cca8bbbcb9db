//! `audit`: draws, opens records, reaches verdicts, tends audit keys. It has no listening port.

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::foundation::jobs::Scheduler;
use crate::roles::serve::told_to_stop;
use crate::schedule;

/// Runs the role until the process is told to stop.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong. A missing or wrong root key is no reason
/// not to start: the jobs that need it are parked with the reason.
pub async fn run(config: &Config) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    let jobs = schedule::of_audit();
    let alarm = Scheduler::new(house, jobs).start(config.job_tick).await;
    let _alarm = alarm.map_err(AppFault::refused)?;
    tracing::info!("audit is ready");
    told_to_stop()?.await;
    Ok(())
}
