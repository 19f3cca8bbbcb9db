//! A connection to one of our databases, and how each is opened.

#![expect(
    clippy::disallowed_methods,
    reason = "concrete connections are opened here; the derive names the guess that nobody calls"
)]

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::connection::{
    AnsiTransactionManager, Instrumentation, InstrumentationEvent, SimpleConnection,
};
use diesel::r2d2::{self, ManageConnection, R2D2Connection as _};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{Connection, QueryResult, SqliteConnection};

/// A connection to PostgreSQL or SQLite.
///
/// The derived `establish` is never called: it would try SQLite with any string, and create a file
/// named after a typing error.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// A PostgreSQL connection.
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection),
    /// An SQLite connection.
    Sqlite(SqliteConnection),
}

/// Which database, as `DATABASE_URL` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:<path>`.
    Sqlite(PathBuf),
    /// `postgres://…`; `true` if a single node without a standby was allowed.
    #[cfg(feature = "postgres")]
    Postgres(String),
}

/// The text names no database that this program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither `sqlite:` nor `postgres://`.
    #[error("DATABASE_URL must begin with sqlite: or postgres://")]
    Scheme,
    /// A PostgreSQL URL in a program built without it.
    #[error("this program was built without the feature `postgres`")]
    NotBuilt,
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(path.trim_start_matches("//").into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            #[cfg(feature = "postgres")]
            return Ok(Self::Postgres(text.to_owned()));
            #[cfg(not(feature = "postgres"))]
            return Err(UrlError::NotBuilt);
        }
        Err(UrlError::Scheme)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // A PostgreSQL URL may hold a password.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

/// What a connection of the pool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Read,
    Write,
}

/// The page of a new SQLite database: most bytes are parts of batches, which are many times as long,
/// and each page costs a system call.
pub(super) const PAGE_BYTES: i32 = 32 * 1024;

/// What the file of SQLite's write-ahead log may keep on the disk once it has grown: written over,
/// it is durable in half the time that new ground takes.
pub(super) const WAL_BYTES: i32 = 256 * 1024 * 1024;

/// Opens connections of one kind for a pool.
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) purpose: Use,
}

/// A pooled connection and the sign that its last query lost a race.
pub(super) struct Pooled {
    pub(super) conn: Conn,
    pub(super) contended: Arc<AtomicBool>,
}

/// Notes serialisation failures and busy databases: the transaction may be tried again.
struct Watch(Arc<AtomicBool>);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let error = match event {
            InstrumentationEvent::FinishQuery { error, .. } => error,
            _ => None,
        };
        if error.is_some_and(is_contention) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether `error` means that somebody else was faster, not that something is wrong.
pub(super) fn is_contention(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, info) => {
            let message = info.message();
            message.contains("database is locked") || message.contains("deadlock detected")
        }
        _ => false,
    }
}

impl Manager {
    fn open_sqlite(&self, path: &std::path::Path) -> Result<Conn, r2d2::Error> {
        let mut conn = SqliteConnection::establish(&path.to_string_lossy())
            .map_err(r2d2::Error::ConnectionError)?;
        let query_only = if self.purpose == Use::Read { "ON" } else { "OFF" };
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = 20000; PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; \
             PRAGMA journal_size_limit = {WAL_BYTES}; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA query_only = {query_only};"
        ))
        .map_err(r2d2::Error::QueryError)?;
        Ok(Conn::Sqlite(conn))
    }

    #[cfg(feature = "postgres")]
    fn open_postgres(url: &str) -> Result<Conn, r2d2::Error> {
        let mut conn =
            diesel::PgConnection::establish(url).map_err(r2d2::Error::ConnectionError)?;
        conn.batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning;")
            .map_err(r2d2::Error::QueryError)?;
        Ok(Conn::Postgres(conn))
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, r2d2::Error> {
        let mut conn = match &self.url {
            DatabaseUrl::Sqlite(path) => self.open_sqlite(path)?,
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => Self::open_postgres(url)?,
        };
        let contended = Arc::new(AtomicBool::new(false));
        conn.set_instrumentation(Watch(contended.clone()));
        Ok(Pooled { conn, contended })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), r2d2::Error> {
        pooled.conn.ping().map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.conn.is_broken()
    }
}

/// Opens the strictest write transaction that each database offers.
pub(super) fn begin_write(conn: &mut Conn) -> QueryResult<()> {
    use AnsiTransactionManager as Tx;
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(pg) => Tx::begin_transaction_sql(pg, "BEGIN ISOLATION LEVEL SERIALIZABLE"),
        Conn::Sqlite(lite) => Tx::begin_transaction_sql(lite, "BEGIN IMMEDIATE"),
    }
}

/// Opens a transaction with one view of the data, in which writing is an error.
pub(super) fn begin_read(conn: &mut Conn) -> QueryResult<()> {
    use AnsiTransactionManager as Tx;
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(pg) => {
            Tx::begin_transaction_sql(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        Conn::Sqlite(lite) => Tx::begin_transaction_sql(lite, "BEGIN DEFERRED"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_string_is_no_database() {
        assert_eq!("host=db dbname=chayan".parse::<DatabaseUrl>(), Err(UrlError::Scheme));
        assert_eq!(
            "sqlite:chayan.db".parse::<DatabaseUrl>(),
            Ok(DatabaseUrl::Sqlite("chayan.db".into()))
        );
    }
}
