//! The questions that were asked of diesel first, answered on whichever database the suite runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::prelude::*;

use super::schema::jobs_runs;
use super::testing::store;
use super::{Conn, Durability, Store, StoreError, Work, insert_if_absent, savepoint};
use crate::foundation::ids::{BatchId, Id as _};
use crate::foundation::jobs::SlotState;
use crate::foundation::time::Timestamp;

fn put(conn: &mut Conn, job: &str, slot: i64) -> QueryResult<usize> {
    insert_if_absent!(
        conn,
        jobs_runs::table,
        (
            jobs_runs::job.eq(job),
            jobs_runs::slot.eq(slot),
            jobs_runs::state.eq(SlotState::Due),
            jobs_runs::attempts.eq(0),
            jobs_runs::made_at.eq(Timestamp::from_seconds(1)),
        )
    )
}

async fn rows(store: &Store) -> i64 {
    store
        .read("test.rows", |conn| {
            jobs_runs::table.count().get_result(conn).map_err(StoreError::from)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn our_types_are_stored_and_found_again_with_options() {
    let (store, _guard) = store().await;
    let token = BatchId::from_uuid(uuid::Uuid::from_u128(42));
    let (state, lease): (SlotState, Option<Vec<u8>>) = store
        .write("test.types", move |tx| {
            put(tx, "types", 1)?;
            diesel::update(jobs_runs::table.find(("types", 1)))
                .set(jobs_runs::lease_token.eq(token.as_uuid().as_bytes().as_slice()))
                .execute(tx)?;
            jobs_runs::table
                .filter(jobs_runs::done_at.is_null())
                .select((jobs_runs::state, jobs_runs::lease_token))
                .first(tx)
                .map_err(StoreError::from)
        })
        .await
        .unwrap();
    assert_eq!(state, SlotState::Due);
    assert_eq!(lease.unwrap(), token.as_uuid().as_bytes());
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_and_a_failed_savepoint_only_the_rest() {
    let (store, _guard) = store().await;
    let failed = store
        .write("test.fails", |tx| {
            put(tx, "lost", 1)?;
            Err::<(), _>(StoreError::Thread)
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Thread)));
    store
        .write("test.savepoint", |tx| {
            put(tx, "kept", 1)?;
            let undone = savepoint(tx, |tx| {
                put(tx, "undone", 1)?;
                Err::<(), StoreError>(StoreError::Thread)
            });
            assert!(undone.is_err());
            put(tx, "kept", 2).map_err(StoreError::from)
        })
        .await
        .unwrap();
    assert_eq!(rows(&store).await, 2);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let (store, _guard) = store().await;
    let refused =
        store.read("test.read", |conn| put(conn, "sneaked", 1).map_err(StoreError::from)).await;
    assert!(matches!(refused, Err(StoreError::Database(_))));
    assert_eq!(rows(&store).await, 0);
}

#[tokio::test]
async fn eight_writers_on_two_rows_lose_no_update() {
    let (store, _guard) = store().await;
    store
        .write("test.rows", |tx| {
            put(tx, "row", 1)?;
            put(tx, "row", 2).map_err(StoreError::from)
        })
        .await
        .unwrap();
    let writers = (0..8).map(|writer: i64| {
        let store = store.clone();
        tokio::spawn(async move {
            for turn in 0..10 {
                let slot = (writer + turn) % 2 + 1;
                loop {
                    match store.write("test.count", move |tx| count_up(tx, slot)).await {
                        Ok(()) => break,
                        Err(StoreError::Contended) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        })
    });
    futures_util::future::join_all(writers).await.into_iter().for_each(Result::unwrap);
    let total: Option<i64> = store
        .read("test.sum", |conn| {
            jobs_runs::table
                .select(diesel::dsl::sum(jobs_runs::attempts))
                .first(conn)
                .map_err(StoreError::from)
        })
        .await
        .unwrap();
    assert_eq!(total, Some(80));
}

fn count_up(tx: &mut Conn, slot: i64) -> Result<(), StoreError> {
    let row = jobs_runs::table.find(("row", slot));
    let now: i32 = row.select(jobs_runs::attempts).first(tx)?;
    diesel::update(row).set(jobs_runs::attempts.eq(now + 1)).execute(tx)?;
    Ok(())
}

#[tokio::test]
async fn works_of_one_append_fail_alone() {
    let (store, _guard) = store().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let works: Vec<Work> = (0..10)
        .map(|number: i64| {
            let runs = runs.clone();
            let work: Work = Box::new(move |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                put(tx, "work", number)?;
                if number % 3 == 0 { Err(StoreError::Thread) } else { Ok(()) }
            });
            work
        })
        .collect();
    let (results, total) = store
        .append("test.append", works, |tx| {
            jobs_runs::table.count().get_result::<i64>(tx).map_err(StoreError::from)
        })
        .await
        .unwrap();
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 4);
    assert_eq!((total, rows(&store).await), (6, 6));
    assert!(runs.load(Ordering::Relaxed) >= 10);
}

#[tokio::test]
async fn an_unknown_or_missing_migration_is_refused_by_name() {
    use super::SchemaFault;
    let (store, guard) = store().await;
    let bare = Store::open(&guard.url, Durability::SingleNode, false).unwrap();
    bare.verify().await.unwrap();
    change_version(&store, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101')")
        .await;
    let newer = bare.verify().await.unwrap_err();
    assert!(matches!(&newer, SchemaFault::Newer(version) if version == "99990101"), "{newer}");
    assert!(matches!(bare.migrate().await, Err(SchemaFault::Newer(_))));
    change_version(
        &store,
        "DELETE FROM __diesel_schema_migrations WHERE version >= '20260101000001'",
    )
    .await;
    let older = bare.verify().await.unwrap_err();
    assert!(matches!(older, SchemaFault::Older(_)), "{older}");
    change_version(&store, "DELETE FROM __diesel_schema_migrations").await;
    assert!(matches!(bare.verify().await, Err(SchemaFault::Absent)));
}

async fn change_version(store: &Store, statement: &'static str) {
    store
        .write("test.version", move |tx| {
            diesel::sql_query(statement).execute(tx).map_err(StoreError::from)
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn columns_of_the_database_are_those_of_the_schema_page() {
    use std::collections::BTreeSet;
    let (store, _guard) = store().await;
    let page = include_str!("schema.rs");
    let mut expected = BTreeSet::new();
    let mut table = String::new();
    let tables = page.lines().map(str::trim).filter(|line| !line.starts_with("diesel::"));
    for line in tables {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name.to_owned();
        } else if let Some((column, _)) = line.split_once(" -> ") {
            expected.insert(format!("{table}.{column}"));
        }
    }
    let actual = store.read("test.columns", columns).await.unwrap();
    assert_eq!(expected.symmetric_difference(&actual).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn columns(conn: &mut Conn) -> Result<std::collections::BTreeSet<String>, StoreError> {
    let query = match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => {
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'"
        }
        Conn::Sqlite(_) => {
            "SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT IN ('__diesel_schema_migrations', 'sqlite_sequence')"
        }
    };
    let columns: Vec<Column> = diesel::sql_query(query).load(conn)?;
    Ok(columns.into_iter().map(|column| column.name).collect())
}
