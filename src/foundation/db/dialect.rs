//! Where the two databases differ.
//!
//! Row locks and queue claims need no words of their own here: every write transaction is
//! `SERIALIZABLE` on PostgreSQL and alone on SQLite, so a plain read followed by an update cannot
//! lose a race unseen; it is run again.

use diesel::QueryResult;
use diesel::connection::Connection as _;

use super::Conn;

/// Inserts `$values` into `$table` unless a row with the same key stands there; gives the number
/// of rows inserted, 0 or 1.
macro_rules! insert_if_absent {
    ($conn:expr, $table:expr, $values:expr) => {
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::foundation::db::Conn::Postgres(conn) => diesel::RunQueryDsl::execute(
                diesel::insert_into($table).values($values).on_conflict_do_nothing(),
                conn,
            ),
            $crate::foundation::db::Conn::Sqlite(conn) => diesel::RunQueryDsl::execute(
                diesel::insert_into($table).values($values).on_conflict_do_nothing(),
                conn,
            ),
        }
    };
}
pub(crate) use insert_if_absent;

/// Runs `f` in a savepoint: if it fails, its changes are undone and the transaction lives on.
///
/// # Errors
///
/// Those of `f`, and of the database.
pub(crate) fn savepoint<T, E: From<diesel::result::Error>>(
    conn: &mut Conn,
    f: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    #[expect(clippy::disallowed_methods, reason = "inside a transaction this is a savepoint")]
    conn.transaction(f)
}

/// Waits until a synchronous standby has flushed everything committed so far.
///
/// A cancelled commit wait reports success without the standby, so we ask after the commit
/// (`security.md` 6.2). `Ok(false)` means that no standby confirmed it within five seconds.
pub(super) fn standby_has_flushed(conn: &mut Conn) -> QueryResult<bool> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(pg) => postgres::standby_has_flushed(pg),
        Conn::Sqlite(_) => Ok(true),
    }
}

/// Names the settings that would break the durability promise, if any.
pub(super) fn unsafe_settings(conn: &mut Conn) -> QueryResult<Vec<String>> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(pg) => postgres::unsafe_settings(pg),
        Conn::Sqlite(lite) => sqlite::unsafe_settings(lite),
    }
}

mod sqlite {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Text};

    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Text)]
        version: String,
    }

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        synchronous: i64,
    }

    #[derive(QueryableByName)]
    struct Mode {
        #[diesel(sql_type = Text)]
        journal_mode: String,
    }

    /// SQLite before 3.51.3 has a WAL-reset race that can lose commits.
    const FLOOR: [u32; 3] = [3, 51, 3];

    pub(super) fn unsafe_settings(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
        let mut faults = Vec::new();
        let version: Version =
            diesel::sql_query("SELECT sqlite_version() AS version").get_result(conn)?;
        let parts: Vec<u32> = version.version.split('.').filter_map(|p| p.parse().ok()).collect();
        if parts.as_slice() < FLOOR.as_slice() {
            faults.push(format!("SQLite {} is older than 3.51.3", version.version));
        }
        let sync: Number = diesel::sql_query("PRAGMA synchronous").get_result(conn)?;
        if sync.synchronous < 2 {
            faults.push("synchronous is not FULL".to_owned());
        }
        let mode: Mode = diesel::sql_query("PRAGMA journal_mode").get_result(conn)?;
        if mode.journal_mode != "wal" {
            faults.push("journal_mode is not WAL".to_owned());
        }
        Ok(faults)
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::time::Duration;

    use diesel::prelude::*;
    use diesel::sql_types::{Bool, Text};

    use crate::foundation::time::Stopwatch;

    #[derive(QueryableByName)]
    struct Flushed {
        #[diesel(sql_type = Bool)]
        flushed: bool,
    }

    #[derive(QueryableByName)]
    struct Lsn {
        #[diesel(sql_type = Text)]
        lsn: String,
    }

    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        setting: String,
    }

    pub(super) fn standby_has_flushed(conn: &mut PgConnection) -> QueryResult<bool> {
        let lsn: Lsn =
            diesel::sql_query("SELECT pg_current_wal_flush_lsn()::text AS lsn").get_result(conn)?;
        let watch = Stopwatch::start();
        loop {
            let row: Flushed = diesel::sql_query(
                "SELECT EXISTS (SELECT 1 FROM pg_stat_replication \
                 WHERE sync_state IN ('sync', 'quorum') AND flush_lsn >= $1::pg_lsn) AS flushed",
            )
            .bind::<Text, _>(&lsn.lsn)
            .get_result(conn)?;
            if row.flushed || watch.elapsed() > Duration::from_secs(5) {
                return Ok(row.flushed);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(super) fn unsafe_settings(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
        let settings: Vec<Setting> = diesel::sql_query(
            "SELECT name, setting FROM pg_settings WHERE name IN \
             ('fsync', 'full_page_writes', 'synchronous_commit')",
        )
        .load(conn)?;
        Ok(settings
            .into_iter()
            .filter(|s| s.setting == "off" || s.setting == "local")
            .map(|s| format!("{} is {}", s.name, s.setting))
            .collect())
    }
}
