//! Every job, its clock and its role, one line a job.

use crate::cases;
use crate::foundation::jobs::Jobs;
use crate::identity;

/// The jobs that need no key; they run where no audit key is. `console` is the public origin of
/// the console, for links in letters.
pub fn of_serve(console: &str) -> Jobs {
    Jobs::default()
        .with(identity::ForgetCredentials)
        .with(cases::FollowUp)
        .with(cases::QueueDigests { console: console.to_owned() })
}

/// The jobs of the process that holds the root key.
pub fn of_audit() -> Jobs {
    Jobs::default()
}
