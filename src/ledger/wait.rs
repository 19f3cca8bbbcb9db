//! Waiting for a leaf's signed checkpoint, in any process.

use std::time::Duration;

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::LeafId;
use crate::foundation::time::Stopwatch;

use super::LedgerError;
use super::store::{self, Checkpoint};

/// How often the log is asked.
const LOOK: Duration = Duration::from_millis(20);

/// Where a leaf stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its number, from zero.
    pub index: u64,
    /// The first signed checkpoint that holds it.
    pub checkpoint: Checkpoint,
}

/// Waits until a signed checkpoint holds `leaf`, whoever sequences.
///
/// # Errors
///
/// [`LedgerError::TimedOut`] after `limit` of real time; those of the store.
pub async fn wait_for(
    house: &House,
    leaf: LeafId,
    limit: Duration,
) -> Result<Located, LedgerError> {
    let watch = Stopwatch::start();
    loop {
        let look = move |conn: &mut Conn| located(conn, leaf);
        if let Some(located) = house.store.read("ledger.wait", look).await? {
            return Ok(located);
        }
        if watch.elapsed() >= limit {
            return Err(LedgerError::TimedOut);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn located(conn: &mut Conn, leaf: LeafId) -> Result<Option<Located>, StoreError> {
    let Some(leaf) = store::leaf(conn, leaf)? else { return Ok(None) };
    let over = store::checkpoint_over(conn, leaf.index)?;
    Ok(over.map(|checkpoint| Located { index: leaf.index, checkpoint }))
}
