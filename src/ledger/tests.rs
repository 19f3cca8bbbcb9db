//! The room as a whole: groups, crashes, restarts, tampering.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use futures_util::future::join_all;

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError, savepoint};
use crate::foundation::problem::Problem;
use crate::ledger::testing::{
    append, deposit, doomed, holds_together, house, instant, leaf, resumed, settings, signer,
    started,
};
use crate::ledger::*;

async fn read<T: Send + 'static>(
    house: &House,
    f: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
) -> T {
    house.store.read("test.read", move |conn| Ok::<_, StoreError>(f(conn)?)).await.unwrap()
}

/// Changes the log's tables as a superuser can, past the triggers.
async fn tamper(house: &House, table: &'static str, sql: &'static str) {
    let write = move |tx: &mut Conn| {
        for drop in [
            format!("DROP TRIGGER {table}_no_update"),
            format!("DROP TRIGGER {table}_no_delete"),
            format!("DROP TRIGGER {table}_append_only ON {table}"),
        ] {
            savepoint(tx, |tx| tx.batch_execute(&drop)).ok();
        }
        tx.batch_execute(sql).map_err(StoreError::from)
    };
    house.store.write("test.tamper", write).await.unwrap();
}

#[tokio::test]
async fn fifty_deposits_at_once_get_fifty_receipts_that_hold() {
    let log = started().await;
    let leaves: Vec<NewLeaf> = (0..50).map(|_| leaf(&log.house, LeafKind::Batch)).collect();
    let receipts = join_all(leaves.iter().cloned().map(|l| log.sequencer.submit(deposit(l)))).await;
    let mut places = Vec::new();
    for (new, receipt) in leaves.iter().zip(receipts) {
        let receipt = receipt.unwrap();
        let proved = verify::receipt(&receipt.leaf_bytes, &receipt.proof_text, &log.key()).unwrap();
        assert_eq!((proved.index, proved.head.size), (receipt.index, receipt.size));
        places.push(receipt.index);
        let id = new.id;
        let again = read(&log.house, move |conn| super::receipt(conn, id)).await.unwrap();
        assert_eq!(again, receipt, "the receipt is the same bytes for ever");
        let newer = read(&log.house, move |conn| newest_proof(conn, id)).await.unwrap();
        verify::receipt(&newer.leaf_bytes, &newer.proof_text, &log.key()).unwrap();
    }
    places.sort_unstable();
    assert_eq!(places, (0..50).collect::<Vec<_>>());
    let signed = read(&log.house, |conn| checkpoints(conn, 0, 100)).await;
    assert!(signed.len() < 50, "deposits that wait together share a commit: {}", signed.len());
    for pair in signed.windows(2) {
        let (old, new) = (pair[0].clone(), pair[1].clone());
        let path = read(&log.house, move |conn| consistency(conn, old.size, new.size)).await;
        let (old, new) = (&pair[0], &pair[1]);
        verify::consistent((old.size, &old.root), (new.size, &new.root), &path).unwrap();
    }
    log.holds_together().await;
}

#[tokio::test]
async fn what_is_kept_with_a_receipt_is_stored_before_the_answer() {
    let log = started().await;
    let (sender, kept) = std::sync::mpsc::channel();
    let mut wanted = deposit(leaf(&log.house, LeafKind::Batch));
    wanted.keep = Box::new(move |_, inclusion| {
        sender.send(inclusion.clone()).unwrap();
        Ok(())
    });
    let receipt = log.sequencer.submit(wanted).await.unwrap();
    assert_eq!(kept.try_recv().unwrap(), receipt);

    let mut unkept = deposit(leaf(&log.house, LeafKind::Batch));
    unkept.keep = Box::new(|_, _| Err(diesel::result::Error::NotFound.into()));
    assert!(matches!(log.sequencer.submit(unkept).await, Err(LedgerError::Store(_))));
    log.holds_together().await;
}

#[tokio::test]
async fn a_failed_work_leaves_no_trace_and_harms_nobody() {
    let log = started().await;
    let (good, bad) = (leaf(&log.house, LeafKind::Batch), leaf(&log.house, LeafKind::Batch));
    let mut failing = deposit(bad.clone());
    failing.work = Box::new(move |tx| {
        append_in(tx, &bad)?;
        Err(diesel::result::Error::NotFound.into())
    });
    let mut idle = deposit(leaf(&log.house, LeafKind::Batch));
    idle.work = Box::new(|_| Ok(()));
    let (failed, nothing, done) = tokio::join!(
        log.sequencer.submit(failing),
        log.sequencer.submit(idle),
        log.sequencer.submit(deposit(good)),
    );
    assert!(matches!(failed, Err(LedgerError::Store(_))));
    assert!(matches!(nothing, Err(LedgerError::NoLeaf)));
    assert_eq!(done.unwrap().index, 0);
    log.drained().await;
    assert_eq!(read(&log.house, |conn| leaves(conn, 0, 10)).await.len(), 1);
}

#[tokio::test]
async fn the_leaf_of_another_process_gets_its_number_soon() {
    let log = started().await;
    let finding = leaf(&log.house, LeafKind::Finding);
    append(&log.house, &finding).await;
    let located = wait_for(&log.house, finding.id, Duration::from_secs(2)).await.unwrap();
    assert_eq!((located.index, located.checkpoint.size), (0, 1));
    let unknown = wait_for(&log.house, log.house.fresh(), Duration::ZERO).await;
    assert!(matches!(unknown, Err(LedgerError::TimedOut)));
    let found = read(&log.house, |conn| leaves_of(conn, LeafKind::Finding, 0, 10)).await;
    assert_eq!(found[0].id, finding.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_of_many_writers_and_deposits_all_get_numbers() {
    let log = started().await;
    let writer = |house: House| async move {
        for _ in 0..10 {
            append(&house, &leaf(&house, LeafKind::Finding)).await;
        }
    };
    let writers: Vec<_> = (0..6).map(|_| tokio::spawn(writer(log.house.clone()))).collect();
    let deposits =
        (0..40).map(|_| log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))));
    assert!(join_all(deposits).await.iter().all(Result::is_ok));
    assert!(join_all(writers).await.iter().all(Result::is_ok));
    log.drained().await;
    log.running.stop().await.unwrap();
    assert_eq!(read(&log.house, |conn| leaves(conn, 0, 200)).await.len(), 100);
    holds_together(&log.house).await;
}

#[tokio::test]
async fn a_checkpoint_is_signed_at_exactly_each_epoch() {
    let (house, guard) = house().await;
    let mut pending: Vec<NewLeaf> = (0..9)
        .map(|_| leaf(&house, LeafKind::Batch))
        .chain([leaf(&house, LeafKind::Epoch)])
        .collect();
    pending.sort_by_key(|leaf| leaf.id);
    pending[3].kind = LeafKind::Epoch;
    pending[4].kind = LeafKind::Epoch;
    for leaf in &pending {
        append(&house, leaf).await;
    }
    let log = resumed(house, guard).await.unwrap();
    log.drained().await;
    let late = log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    assert_eq!(late.index, 10);
    let numbered = read(&log.house, |conn| leaves(conn, 0, 20)).await;
    let ids: Vec<_> = numbered.iter().take(10).map(|leaf| leaf.id).collect();
    assert_eq!(ids, pending.iter().map(|leaf| leaf.id).collect::<Vec<_>>());
    for epoch in numbered.iter().filter(|leaf| leaf.kind == LeafKind::Epoch) {
        let size = epoch.index + 1;
        let signed = read(&log.house, move |conn| checkpoint_at(conn, size)).await;
        assert!(signed.is_some(), "no checkpoint of size {size}");
    }
    log.holds_together().await;
}

#[tokio::test]
async fn leaf_times_rise_by_a_millisecond_while_the_clock_stands() {
    let log = started().await;
    for _ in 0..3 {
        log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    }
    let numbered = read(&log.house, |conn| leaves(conn, 0, 10)).await;
    let times: Vec<String> = numbered.iter().map(|leaf| leaf.at.to_string()).collect();
    assert_eq!(times[0], "2026-03-02T10:00:00.000+08:00");
    assert_eq!(times[2], "2026-03-02T10:00:00.002+08:00");
    assert_eq!(numbered[1].body()["at"], times[1].as_str());
}

#[tokio::test]
async fn no_leaf_is_numbered_while_the_clock_stands_before_the_newest() {
    let log = started().await;
    log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    log.house.clock.set(instant("2026-03-02T09:59:54+08:00")).unwrap();
    let refused = log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await;
    assert!(matches!(refused, Err(LedgerError::ClockUnsafe)));
    log.house.clock.set(instant("2026-03-02T09:59:56+08:00")).unwrap();
    let healed = log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    assert_eq!(healed.at, instant("2026-03-02T10:00:00.001+08:00"));
}

#[tokio::test]
async fn a_crash_between_any_two_steps_heals_at_the_next_start() {
    let (mut house, mut guard) = house().await;
    let steps = [
        ("seq.before_tx1", 0),
        ("seq.after_tx1", 1),
        ("seq.before_sign", 1),
        ("seq.after_sign", 1),
        ("seq.anchor_rename", 1),
        ("seq.before_reply", 1),
    ];
    let mut size = 0;
    for (step, survives) in steps {
        let (sequencer, mut running) = doomed(&house, &guard, step).await;
        let new = leaf(&house, LeafKind::Batch);
        let answer = sequencer.submit(deposit(new.clone())).await;
        assert!(matches!(answer, Err(LedgerError::Ended)), "{step}: {answer:?}");
        assert!(matches!(running.ended().await, Err(Fatal::Stopped(at)) if at == step));

        let log = resumed(house, guard).await.unwrap();
        size += survives;
        let id = new.id;
        let receipt = read(&log.house, move |conn| super::receipt(conn, id)).await;
        assert_eq!(receipt.is_some(), survives == 1, "{step}");
        let latest = read(&log.house, latest_checkpoint).await;
        assert_eq!(latest.map_or(0, |latest| latest.size), size, "{step}");
        log.holds_together().await;
        log.running.stop().await.unwrap();
        (house, guard) = (log.house, log.guard);
    }
}

#[tokio::test]
async fn an_older_database_is_refused_and_both_sizes_named() {
    let log = started().await;
    for _ in 0..3 {
        log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    }
    log.running.stop().await.unwrap();
    let (older, other) = house().await;
    std::fs::copy(log.guard.folder.path().join("anchor"), other.folder.path().join("anchor"))
        .unwrap();
    let refused = Sequencer::start(&older, settings(&other)).await.err().unwrap();
    assert!(matches!(refused, StartError::AnchorAhead { anchor: 3, database: 0 }), "{refused}");
    let behind = resumed(older, other).await;
    assert!(behind.is_err(), "and it stays refused");
}

#[tokio::test]
async fn an_anchor_of_another_tree_is_refused_and_a_missing_one_written_again() {
    let log = started().await;
    log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    log.running.stop().await.unwrap();
    let anchor = log.guard.folder.path().join("anchor");
    let genuine = std::fs::read_to_string(&anchor).unwrap();

    let forged = TreeHead { origin: signer().origin().into(), size: 1, root: Hash([9; 32]) };
    std::fs::write(&anchor, signer().sign(&forged)).unwrap();
    let refused = Sequencer::start(&log.house, settings(&log.guard)).await.err().unwrap();
    assert!(matches!(refused, StartError::AnchorDiffers(1)), "{refused}");

    std::fs::write(&anchor, genuine.replacen("\n1\n", "\n2\n", 1)).unwrap();
    let refused = Sequencer::start(&log.house, settings(&log.guard)).await.err().unwrap();
    assert!(matches!(refused, StartError::AnchorForged(_)), "{refused}");

    std::fs::remove_file(&anchor).unwrap();
    let _log = resumed(log.house, log.guard).await.unwrap();
    assert_eq!(std::fs::read_to_string(&anchor).unwrap(), genuine);
}

#[tokio::test]
async fn one_flipped_bit_in_a_leaf_is_found_and_named() {
    let log = started().await;
    for _ in 0..5 {
        log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    }
    log.running.stop().await.unwrap();
    tamper(&log.house, "ledger_leaves", "SELECT 1").await;
    let flip = |tx: &mut Conn| -> Result<(), StoreError> {
        use crate::foundation::db::schema::ledger_leaves::dsl;
        let mut bytes = leaves(tx, 3, 1)?[0].bytes.clone();
        bytes[20] ^= 1;
        diesel::update(dsl::ledger_leaves.find(3)).set(dsl::bytes.eq(bytes)).execute(tx)?;
        Ok(())
    };
    log.house.store.write("test.flip", flip).await.unwrap();
    let refused = Sequencer::start(&log.house, settings(&log.guard)).await.err().unwrap();
    assert!(matches!(refused, StartError::Altered { size: 5, index: 3 }), "{refused}");
    let faults = read(&log.house, |conn| fsck(conn, signer().verifier())).await;
    assert_eq!(faults, [Fault::Leaf(3)]);
}

#[tokio::test]
async fn altered_nodes_heads_and_checkpoints_are_found_and_named() {
    let log = started().await;
    for _ in 0..5 {
        log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    }
    log.running.stop().await.unwrap();
    let faults =
        |house: House| async move { read(&house, |conn| fsck(conn, signer().verifier())).await };
    tamper(
        &log.house,
        "ledger_nodes",
        "UPDATE ledger_nodes SET hash = (SELECT hash FROM ledger_leaves WHERE idx = 0) \
         WHERE level = 1 AND idx = 1",
    )
    .await;
    assert_eq!(faults(log.house.clone()).await, [Fault::Node { level: 1, index: 1 }]);
    tamper(
        &log.house,
        "ledger_checkpoints",
        "UPDATE ledger_checkpoints SET note = \
         (SELECT note FROM ledger_checkpoints WHERE size = 3) WHERE size = 4",
    )
    .await;
    assert!(faults(log.house.clone()).await.contains(&Fault::Signature(4)));
    tamper(&log.house, "ledger_leaves", "DELETE FROM ledger_leaves WHERE idx = 4").await;
    let found = faults(log.house.clone()).await;
    assert!(found.contains(&Fault::Head(5)) && found.contains(&Fault::Checkpoint(5)), "{found:?}");
    let refused = Sequencer::start(&log.house, settings(&log.guard)).await.err().unwrap();
    assert!(matches!(refused, StartError::Altered { size: 5, index: 4 }), "{refused}");
}

#[tokio::test]
async fn the_log_refuses_updates_and_deletes() {
    let log = started().await;
    for _ in 0..2 {
        log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    }
    for sql in [
        "UPDATE ledger_leaves SET at = 0",
        "DELETE FROM ledger_leaves",
        "UPDATE ledger_nodes SET idx = 7",
        "DELETE FROM ledger_nodes",
        "UPDATE ledger_checkpoints SET note = ''",
        "DELETE FROM ledger_checkpoints",
    ] {
        let write = move |tx: &mut Conn| tx.batch_execute(sql).map_err(StoreError::from);
        let refused = log.house.store.write("test.alter", write).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
    }
    log.holds_together().await;
}

#[tokio::test]
async fn a_second_sequencer_loses_and_ends() {
    let log = started().await;
    let other = tempfile::tempdir().unwrap();
    let rival = Settings { signer: signer(), anchor: other.path().join("anchor") };
    let (second, mut running) = Sequencer::start(&log.house, rival).await.unwrap();
    log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    let lost = second.submit(deposit(leaf(&log.house, LeafKind::Batch))).await;
    assert!(matches!(lost, Err(LedgerError::Ended)), "{lost:?}");
    assert!(matches!(running.ended().await, Err(Fatal::SecondSequencer(0))));
    log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    log.holds_together().await;
}

#[tokio::test]
async fn what_is_queued_at_the_stop_is_still_answered() {
    let log = started().await;
    let (sequencer, house) = (log.sequencer.clone(), log.house.clone());
    let queued: Vec<_> =
        (0..20).map(|_| sequencer.submit(deposit(leaf(&house, LeafKind::Batch)))).collect();
    let (answers, stopped) = tokio::join!(join_all(queued), log.running.stop());
    stopped.unwrap();
    assert!(answers.iter().all(Result::is_ok));
    let late = sequencer.submit(deposit(leaf(&house, LeafKind::Batch))).await;
    assert!(matches!(late, Err(LedgerError::Ended)));
    holds_together(&house).await;
}

#[tokio::test]
async fn a_leaf_that_cannot_be_logged_is_refused_where_it_is_made() {
    let (house, _guard) = house().await;
    let text = "x".repeat(LEAF_LIMIT);
    let long = NewLeaf::new(&house, LeafKind::Batch, serde_json::json!({ "text": text }));
    let write = move |tx: &mut Conn| append_in(tx, &long).map_err(StoreError::from);
    let refused = house.store.write("test.append", write).await.unwrap_err();
    assert!(refused.to_string().contains("32 KiB"), "{refused}");
}

#[actix_web::test]
async fn the_newest_checkpoint_is_public() {
    use actix_web::{App, test, web};
    let log = started().await;
    let app = App::new().app_data(web::Data::new(log.house.clone())).configure(api);
    let app = test::init_service(app).await;
    let get = || test::TestRequest::get().uri("/log/checkpoint").to_request();
    assert_eq!(test::call_service(&app, get()).await.status(), 404);

    let receipt = log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    let note = test::call_and_read_body(&app, get()).await;
    let head = TreeHead::open(std::str::from_utf8(&note).unwrap(), &log.key()).unwrap();
    assert_eq!(head.size, receipt.size);
}

#[test]
fn a_caller_is_told_to_come_back_where_the_same_bytes_may_help() {
    for (error, name) in [
        (LedgerError::NotDurable, "durability-pending"),
        (LedgerError::ClockUnsafe, "clock-unsafe"),
        (LedgerError::Ended, "temporary-reduced-capacity"),
        (LedgerError::NoLeaf, "internal"),
    ] {
        assert_eq!(Problem::from(error).name(), name);
    }
}

/// Whether the server that the suite was given has a synchronous standby.
#[cfg(feature = "postgres")]
async fn has_standby(house: &House) -> bool {
    use diesel::RunQueryDsl as _;

    #[derive(diesel::QueryableByName)]
    struct Standbys {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let count = "SELECT count(*) AS number FROM pg_stat_replication \
                 WHERE sync_state IN ('sync', 'quorum')";
    let standbys = house.store.read("test.standbys", move |conn| {
        diesel::sql_query(count).get_result::<Standbys>(conn).map_err(StoreError::from)
    });
    standbys.await.unwrap().number > 0
}

/// Only PostgreSQL can be without its standby; `tests/it/barrier.rs` takes one away.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn something_is_called_durable_only_where_a_standby_has_it() {
    use crate::foundation::db::{DatabaseUrl, Durability, Store};
    let (house, guard) = house().await;
    if matches!(guard.url, DatabaseUrl::Sqlite(_)) {
        return;
    }
    let (sequencer, running) = Sequencer::start(&house, settings(&guard)).await.unwrap();
    sequencer.submit(deposit(leaf(&house, LeafKind::Batch))).await.unwrap();
    running.stop().await.unwrap();

    let careful = Store::open(&guard.url, Durability::Standby, true).unwrap();
    let alone = House { store: careful, ..house.clone() };
    let (sequencer, running) = Sequencer::start(&alone, settings(&guard)).await.unwrap();
    let new = leaf(&alone, LeafKind::Batch);
    let answer = sequencer.submit(deposit(new)).await;
    if has_standby(&house).await {
        assert!(answer.is_ok(), "{answer:?}");
    } else {
        assert!(matches!(answer, Err(LedgerError::NotDurable)), "{answer:?}");
    }
    drop(running);

    let log = resumed(house, guard).await.unwrap();
    log.sequencer.submit(deposit(leaf(&log.house, LeafKind::Batch))).await.unwrap();
    log.holds_together().await;
}
