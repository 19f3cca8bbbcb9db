//! The nightly population check of 10,000 streams over 31 days against that of 1,000 streams, on
//! SQLite: whether the work grows with the streams and not faster. Each side has a database of its
//! own, with one batch and one day close for every stream and day.
//!
//! The sides take turns, and the medians of three nights are compared. `--json` adds one JSON object as the last line.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::error::Error;
use std::time::Instant;

use chayan::audits::check_population;
use chayan::foundation::db::{Conn, DatabaseUrl, Durability, Store, StoreError};
use chayan::foundation::time::Clock;
use chayan::foundation::{House, Random};
use chayan::rules::Packs;
use diesel::connection::SimpleConnection as _;

type Failure = Box<dyn Error + Send + Sync>;

/// Nights of each side.
const NIGHTS: usize = 3;

/// One department, one plan of calendar months, `HOLDERS` holders with one stream each, which have
/// a batch and a close for every day of March 2026.
const SEED: &str = "
INSERT INTO registry_departments (id, code, name_zh, name_en, organ, email)
  VALUES (unhex(printf('%032x', 1)), 'psb', '局', 'Bureau', '公', x'00');
INSERT INTO registry_plans (id, department_id, sector, cutoff_hours, p0_per_mille, alpha_pass_ppm,
    alpha_fail_ppm, cap, first_block, block, close_due_hours, contributors, leaf_id)
  VALUES (unhex(printf('%032x', 2)), unhex(printf('%032x', 1)), 'lodging', 36, 50, 50000, 10000,
    300, 20, 5, 24, 1, unhex(printf('%032x', 3)));
CREATE TEMP TABLE n AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c
  WHERE n < HOLDERS) SELECT n FROM c;
CREATE TEMP TABLE d AS WITH RECURSIVE c(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM c
  WHERE d < 30) SELECT d FROM c;
INSERT INTO registry_holders (id, kind, name, district, state)
  SELECT unhex(printf('a%031x', n)), 'organisation', 'Inn ' || n, '410611', 'active' FROM n;
INSERT INTO registry_outlets (id, holder_id, name, district)
  SELECT unhex(printf('b%031x', n)), unhex(printf('a%031x', n)), 'Inn ' || n, '410611' FROM n;
INSERT INTO registry_streams (id, outlet_id, department_id, sector, modes, opened_on, closed_on,
    open_weekdays)
  SELECT unhex(printf('c%031x', n)), unhex(printf('b%031x', n)), unhex(printf('%032x', 1)),
    'lodging', 'sealed', '2026-03-01', '2026-03-31', 127 FROM n;
INSERT INTO intake_batches (id, holder_id, client_id, stream_id, day, mode, pack, first, last,
    count, size_bytes, manifest, body_digest, record_root, late, received_at, leaf_id)
  SELECT unhex(printf('e%015x%016x', n, d)), unhex(printf('a%031x', n)), unhex(printf('%032x', 4)),
    unhex(printf('c%031x', n)), date('2026-03-01', '+' || d || ' days'), 'sealed',
    'lodging/2026.1', d * 20 + 1, d * 20 + 20, 20, 1, 'e30.e30.e30', zeroblob(32), zeroblob(32), 0,
    1772380800000000 + d * 86400000000, unhex(printf('f%015x%016x', n, d)) FROM n, d;
INSERT INTO intake_closes (id, holder_id, client_id, stream_id, day, first, last, count, totals,
    statement, late, current, received_at, leaf_id)
  SELECT unhex(printf('d%015x%016x', n, d)), unhex(printf('a%031x', n)), unhex(printf('%032x', 4)),
    unhex(printf('c%031x', n)), date('2026-03-01', '+' || d || ' days'), d * 20 + 1, d * 20 + 20,
    20, '{\"room_nights_sold\":18}', 'a.b.c', 0, 1, 1772380800000000 + d * 86400000000,
    unhex(printf('9%015x%016x', n, d)) FROM n, d;
DROP TABLE n;
DROP TABLE d;
";

/// Milliseconds that one night takes with so many streams.
async fn night(streams: u32) -> Result<u128, Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let url = DatabaseUrl::Sqlite(folder.path().join("population.db"));
    let store = Store::open(&url, Durability::SingleNode, true)?;
    store.migrate().await?;
    let seed = SEED.replace("HOLDERS", &streams.to_string());
    let write = move |conn: &mut Conn| conn.batch_execute(&seed).map_err(StoreError::from);
    store.write("bench.seed", write).await?;
    let clock = Clock::manual("2026-04-02T13:00:00+08:00".parse()?);
    let house = House { store, clock, random: Random::system() };
    let start = Instant::now();
    let tally = check_population(&house, &Packs::embedded()).await?;
    let took = start.elapsed().as_millis();
    let all = u64::from(streams);
    if (tally.count("streams"), tally.count("settled"), tally.count("findings")) != (all, all, 0) {
        return Err(format!("the check saw something else than was planted: {tally:?}").into());
    }
    Ok(took)
}

fn median(mut milliseconds: Vec<u128>) -> u128 {
    milliseconds.sort_unstable();
    milliseconds[milliseconds.len() / 2]
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let (mut many, mut few) = (Vec::new(), Vec::new());
    for _ in 0..NIGHTS {
        many.push(runtime.block_on(night(10_000))?);
        few.push(runtime.block_on(night(1_000))?);
    }
    let (ours, against) = (median(many), median(few));
    let thousandths = (ours * 1_000).div_ceil(against.max(1));
    let ratio = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    println!("population check: 10,000 streams {ours} ms / 1,000 streams {against} ms = {ratio}");
    if std::env::args().any(|argument| argument == "--json") {
        println!(r#"{{"ours":{ours},"against":{against},"ratio":{ratio}}}"#);
    }
    Ok(())
}
