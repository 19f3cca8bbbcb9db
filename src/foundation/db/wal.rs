//! Tends the write-ahead log of SQLite beside the writers.
//!
//! SQLite would copy the log into the database inside some commit, and whoever waits for that
//! commit would wait for the copy and for the disk too. Here one thread with a connection of its
//! own does it, and no commit does.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};

use super::conn::{PAGE_BYTES, WAL_BYTES};
use super::store::StoreError;

/// How long the thread rests between two looks.
const REST: Duration = Duration::from_millis(500);
/// The log may hold this many pages before writers have to wait for it once.
const MANY_PAGES: i32 = WAL_BYTES / PAGE_BYTES;

/// Keeps the thread alive; it ends when this is dropped.
pub(super) struct WalKeeper {
    _alive: Sender<()>,
}

/// What SQLite says after a checkpoint.
#[derive(QueryableByName)]
struct Outcome {
    /// Pages in the log.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    log: i32,
}

impl WalKeeper {
    /// Starts the thread for the database at `path`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Pool`] if the database cannot be opened or no thread be had.
    pub(super) fn start(path: &Path) -> Result<WalKeeper, StoreError> {
        let pool = |cause: String| StoreError::Pool(cause);
        #[expect(clippy::disallowed_methods, reason = "a concrete connection is opened here")]
        let mut conn = SqliteConnection::establish(&path.to_string_lossy())
            .map_err(|cause| pool(cause.to_string()))?;
        sql_query("PRAGMA busy_timeout = 20000").execute(&mut conn)?;
        sql_query("PRAGMA synchronous = FULL").execute(&mut conn)?;
        let (alive, ended) = channel();
        std::thread::Builder::new()
            .name("wal".to_owned())
            .spawn(move || tend(&mut conn, &ended))
            .map_err(|cause| pool(cause.to_string()))?;
        Ok(WalKeeper { _alive: alive })
    }
}

fn tend(conn: &mut SqliteConnection, ended: &Receiver<()>) {
    while ended.recv_timeout(REST) == Err(RecvTimeoutError::Timeout) {
        // A failure is not the end: the log only grows until the next look.
        if let Err(cause) = checkpoint(conn) {
            tracing::warn!(cause = %cause, "the write-ahead log was not copied: {cause}");
        }
    }
}

/// Copies what can be copied without anyone waiting; and where the log has become long, lets the
/// writers wait for the rest, so that it begins anew.
fn checkpoint(conn: &mut SqliteConnection) -> diesel::QueryResult<()> {
    let outcome: Outcome = sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn)?;
    if outcome.log > MANY_PAGES {
        sql_query("PRAGMA wal_checkpoint(RESTART)").get_result::<Outcome>(conn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a concrete connection is opened here")]
    fn open(path: &Path) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
        conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;").unwrap();
        conn
    }

    #[test]
    fn a_long_log_begins_anew_and_a_short_one_is_only_copied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let mut writer = open(&path);
        writer.batch_execute("CREATE TABLE t (b BLOB); INSERT INTO t VALUES (x'00');").unwrap();
        let mut keeper = open(&path);
        let log = |keeper: &mut SqliteConnection| {
            sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result::<Outcome>(keeper).unwrap().log
        };
        checkpoint(&mut keeper).unwrap();
        assert!(log(&mut keeper) > 0, "a short log stays as it is");
        let many = format!("INSERT INTO t VALUES (zeroblob({}));", MANY_PAGES * 4096);
        writer.batch_execute(&many).unwrap();
        checkpoint(&mut keeper).unwrap();
        writer.batch_execute("INSERT INTO t VALUES (x'01');").unwrap();
        assert!(log(&mut keeper) < 10, "the next writer began at its start");
    }
}
