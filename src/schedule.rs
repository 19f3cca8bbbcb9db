//! Every job, its clock and its role, one line a job.

use crate::foundation::jobs::Jobs;
use crate::identity;

/// The jobs that need no key; they run where no audit key is.
pub fn of_serve() -> Jobs {
    Jobs::default().with(identity::ForgetCredentials)
}

/// The jobs of the process that holds the root key.
pub fn of_audit() -> Jobs {
    Jobs::default()
}
