//! The store: three verbs over a pool of connections.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel::connection::TransactionManager as _;
use diesel::r2d2::{Pool, PooledConnection};
use diesel::{Connection, QueryResult, result::Error};

use super::conn::{Conn, DatabaseUrl, Manager, Use, begin_read, begin_write, is_contention};
use super::migrate::{self, SchemaFault};
use super::wal::WalKeeper;
use super::{dialect, savepoint};

/// What can go wrong in the store, under one name.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("{0}")]
    Database(#[from] Error),
    /// No connection to be had.
    #[error("no database connection: {0}")]
    Pool(String),
    /// Somebody else was faster, eight times.
    #[error("the database is contended")]
    Contended,
    /// Committed here, and not confirmed by a standby.
    #[error("the commit is not yet durable on a standby")]
    NotDurable,
    /// The blocking thread died.
    #[error("the database thread failed")]
    Thread,
}

impl From<StoreError> for crate::foundation::problem::Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Contended => Self::later("temporary-reduced-capacity", 30),
            StoreError::NotDurable => Self::later("durability-pending", 5),
            other => Self::ours(other),
        }
    }
}

/// How far a commit must have got before anyone is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On this node's disk, and on PostgreSQL also on a synchronous standby.
    Standby,
    /// On this node's disk.
    SingleNode,
}

/// One piece of work for [`Store::append`]; it may run more than once.
pub type Work = Box<dyn FnMut(&mut Conn) -> Result<(), StoreError> + Send>;

type Connections = PooledConnection<Manager>;

/// The database behind three verbs: `read`, `write`, `append`.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    durability: Durability,
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    /// In the one process that runs the sequencer, on SQLite.
    _wal: Option<WalKeeper>,
}

/// How often a write is tried before the caller is asked to come back.
const TRIES: u32 = 8;

impl Store {
    /// Opens the database without looking at its schema. `sequences` is true for the one process
    /// that runs the sequencer, and so tends the write-ahead log.
    ///
    /// # Errors
    ///
    /// [`StoreError::Pool`] if the database cannot be reached.
    pub fn open(
        url: &DatabaseUrl,
        durability: Durability,
        sequences: bool,
    ) -> Result<Self, StoreError> {
        let pool = |purpose, size| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(30))
                .build(Manager { url: url.clone(), purpose })
                .map_err(|cause| StoreError::Pool(cause.to_string()))
        };
        // SQLite has one writer at a time anyway; more would only poll and starve.
        let writers = match url {
            DatabaseUrl::Sqlite(_) => pool(Use::Write, 1)?,
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(_) => pool(Use::Write, 6)?,
        };
        let readers = pool(Use::Read, 4)?;
        let wal = match url {
            DatabaseUrl::Sqlite(path) if sequences => Some(WalKeeper::start(path)?),
            _ => None,
        };
        Ok(Self(Arc::new(Inner { url: url.clone(), durability, readers, writers, _wal: wal })))
    }

    /// Refuses a schema that this program does not know, and settings that lose commits.
    ///
    /// # Errors
    ///
    /// [`SchemaFault`], which names the fault.
    pub async fn verify(&self) -> Result<(), SchemaFault> {
        self.on_writer(|conn| {
            migrate::check(conn)?;
            let faults = dialect::unsafe_settings(conn).map_err(StoreError::from)?;
            if faults.is_empty() { Ok(()) } else { Err(SchemaFault::Unsafe(faults.join("; "))) }
        })
        .await
    }

    /// Brings the schema up to this program.
    ///
    /// # Errors
    ///
    /// [`SchemaFault`], which names the fault.
    pub async fn migrate(&self) -> Result<(), SchemaFault> {
        let url = self.0.url.clone();
        self.on_writer(move |conn| migrate::run(conn, &url)).await
    }

    async fn on_writer<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, SchemaFault> + Send + 'static,
    ) -> Result<T, SchemaFault> {
        let store = self.clone();
        blocking(move || f(&mut pooled(&store.0.writers)?.conn))
            .await
            .map_err(SchemaFault::Store)?
    }

    /// Whether this is PostgreSQL, and nobody waits for its standby before anyone is told.
    pub fn is_single_node(&self) -> bool {
        match self.0.url {
            DatabaseUrl::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(_) => self.0.durability == Durability::SingleNode,
        }
    }

    /// Runs `f` on a read-only connection with one view of the data; writing is an error.
    ///
    /// # Errors
    ///
    /// Those of `f`, and [`StoreError`] of the pool and the database.
    pub async fn read<T, E>(
        &self,
        name: &'static str,
        f: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        let done = blocking(move || {
            let mut pooled = pooled(&store.0.readers)?;
            begin_read(&mut pooled.conn).map_err(StoreError::from)?;
            let result = f(&mut pooled.conn);
            rollback(&mut pooled.conn);
            result
        });
        tracing::trace!(store.verb = "read", store.name = name);
        done.await?
    }

    /// Runs `f` in the strictest transaction, again if somebody else was faster. `f` may run
    /// twice, and nothing may leave the house from inside it.
    ///
    /// # Errors
    ///
    /// Those of `f`; [`StoreError::Contended`] after eight lost races; otherwise [`StoreError`] of
    /// the pool and the database.
    pub async fn write<T, E>(
        &self,
        name: &'static str,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || {
            let mut pooled = pooled(&store.0.writers)?;
            for attempt in 0..TRIES {
                pooled.contended.store(false, Ordering::Relaxed);
                match attempt_write(&mut pooled.conn, |conn| f(conn)) {
                    Ok(value) => return Ok(value),
                    Err(Failure::Contended) => {}
                    Err(Failure::Theirs(_)) if pooled.contended.load(Ordering::Relaxed) => {}
                    Err(Failure::Theirs(error)) => return Err(error),
                    Err(Failure::Ours(error)) => return Err(error.into()),
                }
                tracing::debug!(store.name = name, attempt, "write lost a race");
                std::thread::sleep(jitter(attempt));
            }
            Err(StoreError::Contended.into())
        })
        .await?
    }

    /// The sequencer's private door: runs each of `works` in its savepoint and `last` after them,
    /// commits once, and returns after the durability barrier. The results of the works are in
    /// their order; a failed one has left no trace.
    ///
    /// # Errors
    ///
    /// Those of `last` and of the commit: then nothing was kept, except with
    /// [`StoreError::NotDurable`], where everything is committed here and no standby has said so.
    pub async fn append<T: Send + 'static>(
        &self,
        name: &'static str,
        mut works: Vec<Work>,
        last: impl Fn(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<(Vec<Result<(), StoreError>>, T), StoreError> {
        let store = self.clone();
        blocking(move || {
            let mut pooled = pooled(&store.0.writers)?;
            for attempt in 0..TRIES {
                pooled.contended.store(false, Ordering::Relaxed);
                let run = attempt_write(&mut pooled.conn, |conn| {
                    let mut results = Vec::with_capacity(works.len());
                    for work in &mut works {
                        results.push(savepoint(conn, &mut **work));
                    }
                    Ok((results, last(conn)?))
                });
                match run {
                    Ok(done) => return store.barrier(&mut pooled.conn).map(|()| done),
                    Err(Failure::Contended) => {}
                    Err(Failure::Theirs(_)) if pooled.contended.load(Ordering::Relaxed) => {}
                    Err(Failure::Theirs(error) | Failure::Ours(error)) => return Err(error),
                }
                tracing::debug!(store.name = name, attempt, "append lost a race");
                std::thread::sleep(jitter(attempt));
            }
            Err(StoreError::Contended)
        })
        .await?
    }

    /// On SQLite the commit itself is durable; on PostgreSQL a standby must say so.
    fn barrier(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if self.0.durability == Durability::SingleNode {
            return Ok(());
        }
        if dialect::standby_has_flushed(conn)? { Ok(()) } else { Err(StoreError::NotDurable) }
    }
}

enum Failure<E> {
    Theirs(E),
    Ours(StoreError),
    Contended,
}

type Manager_ = <Conn as Connection>::TransactionManager;

fn attempt_write<T, E: From<StoreError>>(
    conn: &mut Conn,
    f: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, Failure<E>> {
    sort(begin_write(conn))?;
    match f(conn) {
        Ok(value) => match Manager_::commit_transaction(conn) {
            Ok(()) => Ok(value),
            Err(error) => {
                rollback(conn);
                Err(if is_contention(&error) {
                    Failure::Contended
                } else {
                    Failure::Ours(error.into())
                })
            }
        },
        Err(error) => {
            rollback(conn);
            Err(Failure::Theirs(error))
        }
    }
}

fn sort<T, E>(result: QueryResult<T>) -> Result<T, Failure<E>> {
    result.map_err(|error| {
        if is_contention(&error) { Failure::Contended } else { Failure::Ours(error.into()) }
    })
}

/// Ends the open transaction, if any; a connection that cannot even do that is dropped by the pool.
fn rollback(conn: &mut Conn) {
    if let Err(error) = Manager_::rollback_transaction(conn)
        && !matches!(error, Error::NotInTransaction)
    {
        tracing::warn!(cause = %error, "rollback failed: {error}");
    }
}

fn pooled(pool: &Pool<Manager>) -> Result<Connections, StoreError> {
    pool.get().map_err(|cause| StoreError::Pool(cause.to_string()))
}

fn jitter(attempt: u32) -> Duration {
    Duration::from_millis((5 << attempt.min(6)) + rand::random_range(0..10))
}

async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(f).await.map_err(|cause| {
        tracing::error!(cause = %cause, "database thread failed: {cause}");
        StoreError::Thread
    })
}
