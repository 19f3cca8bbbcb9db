//! The registry as its callers meet it: import, queries and pages on a fresh database.

mod import;
mod pages;

use diesel::prelude::*;
use serde_json::Value;

use super::testing::{EXAMPLE, cipher, imported};
use super::*;
use crate::foundation::db::schema::ledger_pending;
use crate::foundation::db::{Conn, StoreError, testing};
use crate::foundation::time::{Clock, Day};
use crate::foundation::{House, Random};

/// A house on 2 March 2026 with the example file imported.
async fn city() -> (House, testing::Guard) {
    let (house, guard) = empty().await;
    imported(&house, EXAMPLE).await.unwrap();
    (house, guard)
}

async fn empty() -> (House, testing::Guard) {
    let (store, guard) = testing::store().await;
    let clock = Clock::manual("2026-03-02T10:00:00+08:00".parse().unwrap());
    (House { store, clock, random: Random::system() }, guard)
}

/// What `f` reads.
async fn read<T: Send + 'static>(
    house: &House,
    f: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
) -> T {
    house.store.read("test.read", |conn| f(conn).map_err(StoreError::from)).await.unwrap()
}

/// The bodies of the leaves of one type that wait for their numbers.
async fn leaves(house: &House, kind: &'static str) -> Vec<Value> {
    let bodies: Vec<String> = read(house, move |conn| {
        ledger_pending::table
            .filter(ledger_pending::kind.eq(kind))
            .order(ledger_pending::id)
            .select(ledger_pending::body)
            .load(conn)
    })
    .await;
    bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn district(code: &str) -> District {
    code.parse().unwrap()
}
