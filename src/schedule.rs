//! Every job, its clock and its role, one line a job.

use std::sync::Arc;

use crate::audits::{self, Desk};
use crate::cases;
use crate::foundation::jobs::Jobs;
use crate::identity;
use crate::registry::Calendar;
use crate::rules::Packs;

/// The jobs that need no key; they run where no audit key is. `console` is the public origin of
/// the console, for links in letters; `packs` are those that records are judged by; `calendar` knows
/// the working days.
pub fn of_serve(console: &str, packs: &Arc<Packs>, calendar: &Calendar) -> Jobs {
    Jobs::default()
        .with(identity::ForgetCredentials)
        .with(audits::MarkCutoffs)
        .with(audits::CheckPopulation { packs: packs.clone() })
        .with(audits::NoteRepairs)
        .with(audits::WatchDrops)
        .with(audits::ScoreHolders)
        .with(audits::FindSignals)
        .with(audits::RemindOfDisclosures)
        .with(audits::TallyConsole)
        .with(audits::ProposePublications)
        .with(audits::FollowLog)
        .with(cases::FollowUp { calendar: calendar.clone() })
        .with(cases::QueueDigests { console: console.to_owned() })
        .with(cases::RemindOfDeadlines)
        .with(cases::QueueWeekly { console: console.to_owned() })
}

/// The jobs of the process that holds the root key; where it lacks something, they are parked
/// with the reason.
pub fn of_audit(desk: Result<Desk, String>) -> Jobs {
    let opener = desk.as_ref().map(|desk| desk.opener.clone()).map_err(Clone::clone);
    Jobs::default().with(audits::CommitDraws { opener }).with(audits::RunAudits { desk })
}
