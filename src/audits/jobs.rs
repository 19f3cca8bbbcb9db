//! The jobs of audits: their clocks, and what each may hold.

use std::sync::Arc;

use super::check::check_population;
use super::commit::{commit_draws, mark_cutoffs};
use super::corrections::note_repairs;
use super::desk::Desk;
use super::drops::watch_drops;
use super::following::follow_log;
use super::publishing::propose_publications;
use super::reminding::remind;
use super::run::run_audits;
use super::scoring::score_holders;
use super::signalling::find_signals;
use super::tallying::tally_console;
use crate::foundation::House;
use crate::foundation::jobs::{Job, JobError, Missed, Slot, Tally};
use crate::keys::Opener;
use crate::registry::Calendar;
use crate::rules::Packs;

/// Commits to the secrets of draws, every hour; for `audit`.
#[derive(Clone, Debug)]
pub struct CommitDraws {
    /// Keeps the secrets; or why there is nothing to keep them with, which parks the job.
    pub opener: Result<Opener, String>,
}

impl Job for CommitDraws {
    const NAME: &'static str = "commit-draws";
    const CLOCK: &'static str = "0 5 * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        let opener = self.opener.as_ref().map_err(|reason| JobError::Park(reason.clone()))?;
        Ok(commit_draws(house, opener).await?)
    }
}

/// Logs cutoffs, every minute; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct MarkCutoffs;

impl Job for MarkCutoffs {
    const NAME: &'static str = "mark-cutoffs";
    const CLOCK: &'static str = "0 * * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(mark_cutoffs(house).await?)
    }
}

/// Checks the population, every night; for `serve`. One run looks at everything up to now, so
/// missed nights need no run of their own.
#[derive(Clone, Debug)]
pub struct CheckPopulation {
    /// They say which outside figures count records.
    pub packs: Arc<Packs>,
}

impl Job for CheckPopulation {
    const NAME: &'static str = "check-population";
    const CLOCK: &'static str = "0 15 2 * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        let mut tally = check_population(house, &self.packs).await?;
        tally.add("trends", tally_console(house).await?.count("trends"));
        Ok(tally)
    }
}

/// Notes corrections of failing records that came after the cutoff, every hour; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct NoteRepairs;

impl Job for NoteRepairs {
    const NAME: &'static str = "note-repairs";
    const CLOCK: &'static str = "0 20 * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(note_repairs(house).await?)
    }
}

/// Watches for sudden drops, every night; for `serve`. One run takes in every day that is due.
#[derive(Clone, Copy, Debug)]
pub struct WatchDrops;

impl Job for WatchDrops {
    const NAME: &'static str = "watch-drops";
    const CLOCK: &'static str = "0 30 2 * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(watch_drops(house).await?)
    }
}

/// Scores holders, every night after the check; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct ScoreHolders;

impl Job for ScoreHolders {
    const NAME: &'static str = "score-holders";
    const CLOCK: &'static str = "0 45 2 * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(score_holders(house).await?)
    }
}

/// Looks for signals, every night after the check; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct FindSignals;

impl Job for FindSignals {
    const NAME: &'static str = "find-signals";
    const CLOCK: &'static str = "0 50 2 * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(find_signals(house).await?)
    }
}

/// Reminds businesses of what they were asked to disclose, every ten minutes; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct RemindOfDisclosures;

impl Job for RemindOfDisclosures {
    const NAME: &'static str = "remind-of-disclosures";
    const CLOCK: &'static str = "0 */10 * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(remind(house).await?)
    }
}

/// Adds up what the console shows of many businesses, every hour; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct TallyConsole;

impl Job for TallyConsole {
    const NAME: &'static str = "tally-console";
    const CLOCK: &'static str = "0 25 * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(tally_console(house).await?)
    }
}

/// Proposes results of drawn audits for the public, every hour; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct ProposePublications;

impl Job for ProposePublications {
    const NAME: &'static str = "propose-publications";
    const CLOCK: &'static str = "0 35 * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(propose_publications(house, &Calendar::embedded()).await?)
    }
}

/// Reads in the log who did what, every minute; for `serve`.
#[derive(Clone, Copy, Debug)]
pub struct FollowLog;

impl Job for FollowLog {
    const NAME: &'static str = "follow-log";
    const CLOCK: &'static str = "15 * * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        Ok(follow_log(house).await?)
    }
}

/// Draws, opens and judges, every minute; for `audit`.
#[derive(Clone, Debug)]
pub struct RunAudits {
    /// What the audit process holds; or what it lacks, which parks the job.
    pub desk: Result<Desk, String>,
}

impl Job for RunAudits {
    const NAME: &'static str = "run-audits";
    const CLOCK: &'static str = "30 * * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _slot: Slot) -> Result<Tally, JobError> {
        let desk = self.desk.as_ref().map_err(|reason| JobError::Park(reason.clone()))?;
        Ok(run_audits(house, desk).await?)
    }
}
