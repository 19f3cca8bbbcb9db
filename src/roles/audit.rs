//! `audit`: draws, opens records, reaches verdicts, tends audit keys. It has no listening port.

use std::time::Duration;

use crate::app::{self, AppFault};
use crate::audits::{Child, Desk};
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
    let desk = desk(config);
    if let Err(reason) = &desk {
        tracing::error!(reason = %reason, "audit cannot work: {reason}");
    }
    let jobs = schedule::of_audit(desk.map_err(|fault| fault.to_string()));
    let alarm = Scheduler::new(house, jobs).start(config.job_tick).await;
    let _alarm = alarm.map_err(AppFault::refused)?;
    tracing::info!("audit is ready");
    told_to_stop()?.await;
    Ok(())
}

/// How long an opening waits for the checkpoint that holds its intent.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the process holds; records are opened by children of this very program.
fn desk(config: &Config) -> Result<Desk, AppFault> {
    Ok(Desk {
        opener: app::opener(config)?,
        log: app::log_public(config)?,
        child: Child::Process(std::env::current_exe().map_err(AppFault::refused)?),
        rule_packs: config.rule_packs.clone(),
        daily_budget: config.opening_budget,
        patience: PATIENCE,
    })
}
