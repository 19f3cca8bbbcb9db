//! A narrow door for work that keeps a processor busy: password hashes and signature checks.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::error::IdentityError;

/// Two at a time in the whole process, so that strangers cannot take all processors.
static DOOR: Semaphore = Semaphore::const_new(2);

/// How long one waits at the door before being told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `work` off the event loop, at most two at a time.
///
/// # Errors
///
/// [`IdentityError::Busy`] after five seconds at the door, or if the thread died.
pub(super) async fn heavy<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, IdentityError> {
    let Ok(Ok(permit)) = timeout(PATIENCE, DOOR.acquire()).await else {
        return Err(IdentityError::Busy);
    };
    let done = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(permit);
        result
    });
    done.await.ok().ok_or(IdentityError::Busy)
}
