//! The schema: brought up to this program, and refused where it is unknown.

use std::collections::BTreeSet;

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::conn::{Conn, DatabaseUrl};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Why a database is not one that this program may work on.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFault {
    /// The database was made by a newer program.
    #[error("the schema is newer than this program: it has {0}, which this program does not know")]
    Newer(String),
    /// The database lacks a migration.
    #[error("the schema is older than this program: run `chayan migrate`; it lacks {0}")]
    Older(String),
    /// The database was never set up.
    #[error("the database has no schema: run `chayan init`")]
    Absent,
    /// A setting breaks the durability promise.
    #[error("unsafe database setting: {0}")]
    Unsafe(String),
    /// A migration failed; it was rolled back.
    #[error("a migration failed: {0}")]
    Failed(String),
    /// The database failed.
    #[error("the store failed: {0}")]
    Store(#[from] super::StoreError),
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;

fn harness<C, DB>(conn: &mut C, known: EmbeddedMigrations, run: bool) -> Result<Difference, Boxed>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    use diesel::migration::MigrationSource as _;
    if run {
        conn.run_pending_migrations(known)?;
        return Ok(Difference::default());
    }
    let applied: BTreeSet<String> =
        conn.applied_migrations()?.iter().map(ToString::to_string).collect();
    let embedded: BTreeSet<String> =
        known.migrations()?.iter().map(|m| m.name().version().to_string()).collect();
    Ok(Difference {
        unknown: applied.difference(&embedded).next().cloned(),
        missing: embedded.difference(&applied).next().cloned(),
        empty: applied.is_empty(),
    })
}

#[derive(Default)]
struct Difference {
    unknown: Option<String>,
    missing: Option<String>,
    empty: bool,
}

fn on(conn: &mut Conn, run: bool) -> Result<Difference, SchemaFault> {
    let difference = match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(pg) => harness(pg, POSTGRES, run),
        Conn::Sqlite(lite) => harness(lite, SQLITE, run),
    };
    difference.map_err(|cause| SchemaFault::Failed(cause.to_string()))
}

/// Refuses a schema that is older or newer than this program, or a database without one.
pub(super) fn check(conn: &mut Conn) -> Result<(), SchemaFault> {
    let difference = on(conn, false)?;
    match difference {
        Difference { unknown: Some(version), .. } => Err(SchemaFault::Newer(version)),
        Difference { empty: true, .. } => Err(SchemaFault::Absent),
        Difference { missing: Some(version), .. } => Err(SchemaFault::Older(version)),
        _ => Ok(()),
    }
}

/// Runs the pending migrations under a lock of our own, so that two migrators keep apart.
pub(super) fn run(conn: &mut Conn, url: &DatabaseUrl) -> Result<(), SchemaFault> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let _held = lock_file(&path.with_extension("migrate-lock"))?;
            run_locked(conn)
        }
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(_) => {
            advisory(conn, "SELECT pg_advisory_lock(620416)")?;
            let done = run_locked(conn);
            advisory(conn, "SELECT pg_advisory_unlock(620416)")?;
            done
        }
    }
}

fn run_locked(conn: &mut Conn) -> Result<(), SchemaFault> {
    if let Some(version) = on(conn, false)?.unknown {
        return Err(SchemaFault::Newer(version));
    }
    on(conn, true).map(|_| ())
}

fn lock_file(path: &std::path::Path) -> Result<std::fs::File, SchemaFault> {
    let file = std::fs::File::create(path).map_err(|e| SchemaFault::Failed(e.to_string()))?;
    file.lock().map_err(|e| SchemaFault::Failed(e.to_string()))?;
    Ok(file)
}

#[cfg(feature = "postgres")]
fn advisory(conn: &mut Conn, statement: &str) -> Result<(), SchemaFault> {
    use diesel::RunQueryDsl as _;
    let done = diesel::sql_query(statement).execute(conn);
    done.map(|_| ()).map_err(|e| SchemaFault::Failed(e.to_string()))
}
