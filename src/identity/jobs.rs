//! Forgetting what no longer matters.

use std::time::Duration;

use super::error::IdentityError;
use super::store;
use crate::foundation::House;
use crate::foundation::jobs::{Job, JobError, Missed, Slot, Tally};

/// How long an expired one-time code is kept, so that its use can still be explained.
const CODE_TRACE: Duration = Duration::from_secs(7 * 86_400);

/// Forgets used assertions, ended sessions, expired codes and old failures.
pub struct ForgetCredentials;

impl Job for ForgetCredentials {
    const NAME: &'static str = "forget-credentials";
    const CLOCK: &'static str = "0 */10 * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _: Slot) -> Result<Tally, JobError> {
        let now = house.clock.now();
        let forgotten = house.store.write("identity.forget", move |tx| {
            let codes = store::forget_codes(tx, now.minus(CODE_TRACE))?;
            let rest = [
                store::forget_assertions(tx, now)?,
                store::forget_sessions(tx, now)?,
                store::forget_failures(tx, now)?,
            ];
            Ok::<_, IdentityError>((codes, rest))
        });
        let (codes, [assertions, sessions, failures]) =
            forgotten.await.map_err(|error| match error {
                IdentityError::Store(cause) => JobError::Store(cause),
                other => JobError::Other(other.to_string()),
            })?;
        let mut tally = Tally::default();
        for (word, rows) in [
            ("codes", codes),
            ("assertions", assertions),
            ("sessions", sessions),
            ("failures", failures),
        ] {
            tally.add(word, u64::try_from(rows).unwrap_or(0));
        }
        Ok(tally)
    }
}
