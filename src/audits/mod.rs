//! Plans, population checks, draw, opening, verdict and score.
//!
//! Before a period ends the audit process commits to a secret in the log. At the cutoff the tree
//! fixes what was submitted; secret, root and frame decide which records are opened, and in which
//! order. [`run_audits`] takes this work from the database and believes none of it: it recomputes
//! the tree, the frame and the draw, logs each opening before it happens, waits for the signed
//! checkpoint, and opens in a child process that tells outcomes and nothing else. Meanwhile
//! [`check_population`] counts what came without opening anything.
//!
//! [`draw`], [`verdict`], [`population`] and their neighbours are pure: verifiers run the same code.

mod api;
mod asking;
mod block;
mod check;
mod choice;
mod commit;
mod corrections;
mod days;
mod deciding;
mod desk;
pub mod detector;
pub mod draw;
mod drops;
mod enlist;
mod error;
mod estimating;
mod explain;
mod exporting;
mod findings;
pub mod fixed;
mod following;
mod guard;
mod jobs;
mod leaves;
mod model;
mod opening;
mod pages;
mod pools;
pub mod population;
mod publishing;
mod recompute;
mod regional;
mod reminding;
mod roster;
mod run;
pub mod score;
mod scoring;
mod signalling;
pub mod signals;
mod store;
pub mod stratified;
mod tallying;
mod tree;
mod trust;
pub mod verdict;

#[cfg(test)]
mod api_tests;
#[cfg(test)]
mod asking_tests;
#[cfg(test)]
mod block_tests;
#[cfg(test)]
mod choice_tests;
#[cfg(test)]
mod console_tests;
#[cfg(test)]
mod deciding_tests;
#[cfg(test)]
mod pages_tests;
#[cfg(test)]
mod pools_tests;
#[cfg(test)]
mod portal_tests;
#[cfg(test)]
mod publishing_tests;
#[cfg(test)]
mod signalling_tests;
#[cfg(test)]
mod standing_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors_tests;

pub use api::api;
pub use block::{BlockFault, Judged, judge_line, open_block};
pub use check::check_population;
pub use commit::{commit_draws, mark_cutoffs};
pub use corrections::note_repairs;
pub use desk::{Child, Desk, OPEN_BLOCK};
pub use drops::watch_drops;
pub use error::{AuditError, Refusal};
pub use following::follow_log;
pub use jobs::{
    CheckPopulation, CommitDraws, FindSignals, FollowLog, MarkCutoffs, NoteRepairs,
    ProposePublications, RemindOfDisclosures, RunAudits, ScoreHolders, TallyConsole, WatchDrops,
};
pub use model::{AuditState, Cause, Conclusion, Outcome, PeriodState};
pub use pages::console;
pub use pools::pools_of;
pub use publishing::propose_publications;
pub use recompute::{recompute, recompute_holders};
pub use reminding::remind;
pub use run::run_audits;
pub use scoring::score_holders;
pub use signalling::find_signals;
pub use tallying::tally_console;
